"""Streams: the pull-style face of transports (``read_until`` and its kin)."""

from .errors import StreamClosedError

__all__ = ["StreamClosedError"]
