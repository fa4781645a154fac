def scan(
    data: bytes,
    max_header_size: int = 65536,
    max_target_size: int = 16384,
    known: bytes | None = None,
) -> str | tuple[int, int, bytes, bytes, bytes, int]: ...
