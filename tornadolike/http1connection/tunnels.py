"""Responses behind whose head the connection is another protocol's (RFC 9110 sections 7.8 and 9.3.6)."""

from ..http1 import ResponseWriter, State
from ..httputil import HTTPHeaders, HTTPOutputError, HTTPServerRequest


def check_switch(request: HTTPServerRequest, headers: HTTPHeaders) -> None:
    """See that a ``101`` with these headers may answer ``request``. Raises :exc:`HTTPOutputError`."""
    if "Upgrade" not in request.headers:
        raise HTTPOutputError(
            "101 answers a request with an Upgrade header, which this one has not"
        )
    if "Upgrade" not in headers:
        raise HTTPOutputError("A 101 says in its Upgrade header which protocol comes")


def opens_tunnel(writer: ResponseWriter | None) -> bool:
    """Whether what ``writer`` has written is the head of such a response."""
    return writer is not None and writer.state is State.OTHER_PROTOCOL
