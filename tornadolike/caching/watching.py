"""Which headers of its request a handler has looked at: what it says may depend on those, and on no others."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..httputil import HTTPHeaders
from ..httputil.headers import canonical_names

ALL: Final = "*"
"""In the place of a name: it has looked at all of them."""


class WatchedHeaders(HTTPHeaders):
    """The same headers, which note the names that they are asked for."""

    __slots__ = ("looked_at",)

    looked_at: set[str]

    @classmethod
    def over(cls, headers: HTTPHeaders) -> "WatchedHeaders":
        """A face of these headers: what is changed in one is changed in both."""
        watched = cls.__new__(cls)
        watched._fields = headers._fields
        watched.looked_at = set()
        return watched

    def get_list(self, name: str) -> list[str]:
        self.looked_at.add(canonical_names[name])
        return super().get_list(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.looked_at.add(canonical_names[name])
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.looked_at.add(canonical_names[name])
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self.looked_at.add(canonical_names[name])
        return super().__contains__(name)

    def get_all(self) -> Iterable[tuple[str, str]]:
        self.looked_at.add(ALL)
        return super().get_all()

    def __iter__(self) -> Iterator[str]:
        self.looked_at.add(ALL)
        return super().__iter__()

    def __len__(self) -> int:
        self.looked_at.add(ALL)
        return super().__len__()

    def _copy_fields(self) -> dict[str, str | list[str]]:
        self.looked_at.add(ALL)
        return super()._copy_fields()

    def copy(self) -> HTTPHeaders:
        return HTTPHeaders.from_fields(self._copy_fields())

    __copy__ = copy

    def __reduce__(self) -> Any:
        return HTTPHeaders, (self.copy(),)
