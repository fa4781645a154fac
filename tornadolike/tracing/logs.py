""":class:`TraceFilter`: by which trace a line of the log was written."""

import logging

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from ..log import add_log_field

NONE = "-"


def trace_id() -> str | None:
    """The trace of the current span, in hexadecimal; None outside of one."""
    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else None


def span_id() -> str | None:
    """The current span, in hexadecimal; None if there is none."""
    context = get_current_span().get_span_context()
    return format_span_id(context.span_id) if context.is_valid else None


# For lines in JSON, whoever writes them.
add_log_field("trace_id", trace_id)
add_log_field("span_id", span_id)


class TraceFilter(logging.Filter):
    """Gives each record of a log the attributes ``trace_id`` and ``span_id``, in hexadecimal; ``-`` outside of a span.

    It is for handlers of logs, whose formats may have ``%(trace_id)s`` then. Where :class:`.ContextFilter` is, there is
    no need for it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.trace_id = trace_id() or NONE
        record.span_id = span_id() or NONE
        return True
