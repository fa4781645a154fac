from collections.abc import Callable
from typing import Any

class Site:
    def __init__(self, serving: Any) -> None: ...

class Lane: ...

class LaneFace(Lane):
    _on_lane: bool
    _resting: bool
    _last: bool
    _was_last: bool
    _working: bool

    def _enter(self, site: Site, sock: Any, address: Any) -> None: ...
    def _vacate(self) -> tuple[Any, Any, bytes, bytes]: ...
    def _end(self) -> Any: ...

def install(
    make_context: Callable[..., Any],
    phases: tuple[str, str, str, str],
    cancelled: type[BaseException],
) -> None: ...
