from collections.abc import Callable
from typing import Any

class HandlerState: ...

def install(
    html: str,
    server: str,
    headers: type[Any],
    http_date_now: Callable[[], str],
    make_sending: Callable[[Any], Any],
) -> None: ...
