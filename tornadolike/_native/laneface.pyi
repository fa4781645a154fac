from collections.abc import Callable
from typing import Any

from .lane import Lane, Site

class LaneFace(Lane):
    _on_lane: bool
    _resting: bool
    _last: bool
    _was_last: bool
    _working: bool

    def _enter(self, site: Site, sock: Any, address: Any) -> None: ...
    def _end(self) -> Any: ...

def install(make_context: Callable[..., Any]) -> None: ...
