from collections.abc import Callable
from typing import Any

def install(format: Callable[..., str], user: Callable[..., str | None]) -> None: ...

class HotBatch:
    def write_line(self, line: str) -> None: ...

class HotCombined:
    def __call__(self, handler: Any) -> None: ...
