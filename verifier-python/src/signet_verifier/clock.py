"""Where the time comes from: tests move it."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds: of the wall clock since the epoch, of a monotonic clock since any moment."""
