"""Signatures, keys, and the JSON inside (RFC 7515, RFC 7517)."""
