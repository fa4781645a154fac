"""The express lane of the native core, as far as Python has to do with it: nothing takes it here.

With the native core a fetch that is like most (``_native/flights.pyx`` says which) goes from
:meth:`.AsyncHTTPClient.fetch` to the transport and back without a task and a conversation. If its response is of
another kind it is handed over to these, with all that has come.
"""

from asyncio import _get_running_loop
from types import SimpleNamespace
from typing import Any, Final, Protocol

from .._native import twin
from ..http1 import RequestWriter
from ..http1.body import END, ChunkedBody
from ..http1.framing_rules import NO_CODING, NO_LENGTH, Coding, Length
from ..httpclient.engine import USUAL_WAY
from ..httpclient.limiting import timed_out
from ..httpclient.requests import HTTPRequest
from ..httpclient.responses import HTTPResponse
from ..httputil import HTTPHeaders, HTTPInputError, HTTPOutputError
from ..httputil.headers import copy_fields


class Flight(Protocol):
    """A request that was sent by the express lane over a connection, which tells it what comes."""

    started: float
    """When it was asked for, by the loop's clock; ``start_time`` by that on the wall."""
    start_time: float
    sent: float
    connection: Any
    received: bytes
    """All that has come of the response."""
    ended: bool
    """Whether the server will send no more."""
    lost: bool
    reason: Exception | None
    time_left: float

    def data_received(self, data: bytes) -> None:
        """As a protocol's; so are the next two."""

    def eof_received(self) -> None: ...

    def connection_lost(self, reason: Exception | None) -> None: ...

    def fail(self, failure: Exception) -> None:
        """There will be no response."""


@twin("flights")
class Flights:
    """Takes fetches that need nothing special. Here it takes none."""

    def __init__(self, turns: Any, pool: Any, heads: Any, limits: Any, tools: Any) -> None:
        pass

    def fetch(self, engine: Any, client: Any, request: HTTPRequest, raise_error: bool) -> Any:
        """The future of the response; None if the request has to go the whole way."""
        return None

    def close(self) -> None:
        """The engine is closed."""


TOOLS: Final = SimpleNamespace(
    CHUNKED=Coding.CHUNKED,
    ChunkedBody=ChunkedBody,
    Headers=HTTPHeaders,
    InputError=HTTPInputError,
    NO_CODING=NO_CODING,
    NO_LENGTH=NO_LENGTH,
    NO_TRAILERS=END.trailers,
    OutputError=HTTPOutputError,
    REPEATED=Length.REPEATED,
    Request=HTTPRequest,
    Response=HTTPResponse,
    USUAL_WAY=USUAL_WAY,
    Writer=RequestWriter,
    copy_fields=copy_fields,
    running_loop=_get_running_loop,
    headers_of=HTTPHeaders.from_fields,
    timed_out=timed_out,
)
"""What the native lane needs of the package; its engine adds what is its own."""
