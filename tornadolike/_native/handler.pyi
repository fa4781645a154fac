from typing import Any

class HotHandler: ...

def install(
    reference_class: type[Any], whole_request: type[Any], names: dict[str, Any]
) -> None: ...
