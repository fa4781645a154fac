from collections.abc import Callable
from typing import Any

class HotRequest:
    method: str | None
    uri: str | None
    path: str
    query: str
    version: str
    body: bytes
    connection: Any
    arguments: dict[str, list[bytes]]
    query_arguments: dict[str, list[bytes]]

def install(
    cls: type[Any],
    parse_body_config: Callable[[], Any],
    arguments: Callable[[Any], dict[str, list[bytes]]],
    query_arguments: Callable[[Any], dict[str, list[bytes]]],
) -> None: ...
