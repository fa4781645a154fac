from collections.abc import Callable

def install(
    handle_class: type,
    timer_class: type,
    report_error: Callable[..., None],
    iscoroutine: Callable[[object], bool],
) -> None: ...
