"""API keys: their form, their exchange for access tokens, and what is remembered of them."""
