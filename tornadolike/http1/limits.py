"""What a peer may ask of us at the most, each limit with its name and default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one message, in bytes unless a name says otherwise."""

    max_target_size: int = 16 * 1024
    """The request target. Over it: 414."""
    max_header_size: int = 64 * 1024
    """Start line and fields together; trailers too. Over it: 431."""
    max_header_count: int = 128
    """The number of fields. Over it: 431."""
    max_body_size: int = 100 * 1024 * 1024
    """The body. Over it: 413."""
    max_chunk_header_size: int = 1024
    """The line before a chunk, with its extensions. Over it: 400."""
    max_chunk_extensions_size: int = 16 * 1024
    """All chunk extensions of a body together. Over it: 400."""
