from typing import Any

class Site:
    requests: int
    def __init__(self, serving: Any) -> None: ...

class Lane:
    def _vacate(self) -> tuple[Any, Any, bytes, bytes]: ...

def install(phases: tuple[str, str, str, str], cancelled: type[BaseException]) -> None: ...
