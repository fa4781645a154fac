"""Requests about a resource as it was (RFC 9110 sections 13.1.1, 13.1.4 and 13.1.5)."""

import datetime

from ...httputil import HTTPHeaders, parse_date
from ...httputil.etags import etags_in


def precondition_holds(
    headers: HTTPHeaders, etag: str | None, modified: datetime.datetime | None
) -> bool:
    """Whether the resource is in the state that If-Match or, without it, If-Unmodified-Since want."""
    condition = headers.get("If-Match")
    if condition is not None:
        if condition.strip() == "*":
            return True
        # The strong comparison: those with W/ are never the same.
        return etag in [wanted for wanted in etags_in(condition) if not wanted.startswith("W/")]
    since = headers.get("If-Unmodified-Since")
    date = None if since is None else parse_date(since)
    return date is None or modified is None or modified <= date


def range_condition_holds(
    headers: HTTPHeaders, etag: str | None, modified: datetime.datetime | None
) -> bool:
    """If-Range: whether a part is of use to the client, because the rest of it has not changed."""
    condition = headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == etag
    # A weak Etag is no date, and says too little for a range.
    date = parse_date(condition)
    return date is not None and date == modified
