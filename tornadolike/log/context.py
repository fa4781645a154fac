"""What is known of the request that is being answered, for each line that is logged meanwhile: its name, its trace."""

import logging
from collections.abc import Callable
from typing import Final

REQUEST_ID: Final = "tornadolike.request_id"
"""The attribute of a handler that has the request's name, if it got one: for those who look at it from elsewhere."""

_known: Final[dict[str, Callable[[], object]]] = {}


def add_log_field(name: str, function: Callable[[], object]) -> None:
    """Have :class:`ContextFilter`, and the access logs that write JSON, say more.

    :arg name: of what is said. What had this name before is replaced.
    :arg function: gives it, for whatever runs just now, as a context variable's ``get`` does; None: there is nothing
        to say. It is called for each line, and has to be quick.
    """
    _known[name] = function


def log_fields() -> dict[str, object]:
    """What is known just now."""
    fields = {}
    for name, function in _known.items():
        value = function()
        if value is not None:
            fields[name] = value
    return fields


class ContextFilter(logging.Filter):
    """Gives each record attributes with what is known of the request: ``request_id``, ``trace_id`` and the like.

    It is for handlers of logs (``handler.addFilter(ContextFilter())``), and there already where
    :func:`.enable_pretty_logging` made them. :class:`.JSONFormatter` writes all attributes; for other formats
    ``defaults={"request_id": "-"}`` of :class:`logging.Formatter` says what stands where there are none. What a record
    has itself stays as it is.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        own = vars(record)
        for name, value in log_fields().items():
            own.setdefault(name, value)
        return True
