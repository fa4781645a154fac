"""A kept response as a handler's."""

import time
from typing import Any

from ..httputil import parse_date
from ..httputil.headers import copy_fields
from .entries import Entry


def answer(handler: Any, entry: Entry) -> None:
    """Finish the request of ``handler`` with a kept response, or a 304 if the client has it (RFC 9110 section 13)."""
    fill(handler, entry)
    if has_client_it(handler):
        handler.set_status(304)
        handler.finish()
    else:
        handler.finish(entry.body)


def fill(handler: Any, entry: Entry) -> None:
    """Put the head of a kept response in the place of what there is of another."""
    handler.set_status(entry.status, entry.reason)
    headers = handler._headers
    headers._fields.update(copy_fields(entry.fields))
    for name in [name for name, value in entry.fields.items() if not value]:
        del headers[name]
    headers["Age"] = str(max(0, int(time.time() - entry.made)))


def has_client_it(handler: Any) -> bool:
    """Whether a whole response is what the client says that it has, by its Etag or else by its date."""
    if handler.get_status() != 200:
        return False
    headers = handler._headers
    if "If-None-Match" in handler.request._fields and "Etag" not in headers:
        handler.set_etag_header()
    found: bool = handler._client_has_it(parse_date(headers.get("Last-Modified", "")))
    return found
