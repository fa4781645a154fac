""":class:`TraceFilter`: by which trace a line of the log was written."""

import logging

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

NONE = "-"


class TraceFilter(logging.Filter):
    """Gives each record of a log the attributes ``trace_id`` and ``span_id``, in hexadecimal; ``-`` outside of a span.

    It is for handlers of logs, whose formats may have ``%(trace_id)s`` then.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        context = get_current_span().get_span_context()
        is_there = context.is_valid
        record.trace_id = format_trace_id(context.trace_id) if is_there else NONE
        record.span_id = format_span_id(context.span_id) if is_there else NONE
        return True
