from collections.abc import Iterator

class Section:
    fields: dict[str, str | list[str]]

class Sections:
    MAX_ENTRIES: int
    MAX_BYTES: int
    max_count: int
    def __init__(self, max_count: int) -> None: ...
    def __getitem__(self, raw: bytes) -> Section: ...
    def __contains__(self, raw: bytes) -> bool: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __len__(self) -> int: ...
    def clear(self) -> None: ...

FieldSection = Section
FieldSectionCache = Sections

def install(
    section: object,
    names: object,
    authority: object,
    error: object,
    readers: object,
    coding: object,
    lengths: object,
) -> None: ...
