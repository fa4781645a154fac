""":class:`Trace`: is told what happens to a request. And how long it took: ``response.time_info``."""

from typing import Final

from .checks import check_kind
from .engine import Answer, Hop, Times
from .responses import HTTPClientError, HTTPResponse


class Trace:
    """Is told what happens to a request. To be subclassed: each method does nothing here.

    .. code-block:: python

        from tornadolike.httpclient import Trace

        class Spans(Trace):
            def on_request(self, hop):
                hop.headers["traceparent"] = new_span()

            def on_end(self, response):
                print(response.code, response.time_info)

    They are called by the loop and must not block. What one of them raises is the result of the fetch. One object may
    serve many requests, even at the same time; what a ``hop`` is, from :meth:`on_request` on, is the same object for
    the same request.

    :data:`everywhere` has those that are told of all clients: ``everywhere.add(Spans())``.
    """

    def on_request(self, hop: Hop) -> None:
        """A request is sent: the first, behind a redirect, or again. Its headers may be changed still."""

    def on_response(self, hop: Hop, answer: Answer) -> None:
        """The head of its response is there. (The body is not for you.)"""

    def on_redirect(self, hop: Hop, answer: Answer, following: Hop) -> None:
        """The response leads elsewhere, to where ``following`` goes."""

    def on_retry(self, hop: Hop, reason: Answer | HTTPClientError, delay: float) -> None:
        """It is to be sent again, in ``delay`` seconds, because of this response or failure."""

    def on_end(self, response: HTTPResponse) -> None:
        """The response is whole, and is given to who has asked."""

    def on_failure(self, hop: Hop, error: BaseException) -> None:
        """There is no response; ``hop`` was sent last. (That nobody waits any longer is a failure, too.)"""


class Traces(Trace):
    """Tells several, one after the other."""

    def __init__(self, *traces: Trace) -> None:
        self._traces = traces

    def on_request(self, hop: Hop) -> None:
        for one in self._traces:
            one.on_request(hop)

    def on_response(self, hop: Hop, answer: Answer) -> None:
        for one in self._traces:
            one.on_response(hop, answer)

    def on_redirect(self, hop: Hop, answer: Answer, following: Hop) -> None:
        for one in self._traces:
            one.on_redirect(hop, answer, following)

    def on_retry(self, hop: Hop, reason: Answer | HTTPClientError, delay: float) -> None:
        for one in self._traces:
            one.on_retry(hop, reason, delay)

    def on_end(self, response: HTTPResponse) -> None:
        for one in self._traces:
            one.on_end(response)

    def on_failure(self, hop: Hop, error: BaseException) -> None:
        for one in self._traces:
            one.on_failure(hop, error)


class Everywhere:
    """Those that are told of the requests of every client in this process, whatever a request's own ``trace`` is."""

    __slots__ = ("traces",)

    def __init__(self) -> None:
        self.traces: tuple[Trace, ...] = ()

    def add(self, trace: Trace) -> None:
        """Tell ``trace`` of each fetch that begins from now on. (Not of clients with a ``fetch_impl`` of their own.)

        Raises :exc:`TypeError` for what is no :class:`Trace`.
        """
        check_kind(Trace, trace=trace)
        if trace not in self.traces:
            self.traces += (trace,)

    def remove(self, trace: Trace) -> None:
        """Tell ``trace`` of no more; nothing happens if it was not told."""
        self.traces = tuple(one for one in self.traces if one is not trace)

    def beside(self, own: Trace | None) -> Trace | None:
        """Who is to be told of a request with this trace of its own; None if nobody."""
        return Traces(*self.traces, *([own] if own else [])) if self.traces else own


everywhere: Final = Everywhere()


def time_info(first: Times, last: Times, ended: float) -> dict[str, float]:
    """How long it took, by the names that curl and Tornado have for it.

    :arg first: of the first request.
    :arg last: of the last one, which was not redirected; often the same.
    :arg ended: when the response was whole, by the loop's clock.

    ``queue`` is how long the last request waited for its turn. The others are seconds from then on, until: its name
    was resolved (``namelookup``), it was connected (``connect``), TLS was there (``appconnect``), it was sent
    (``pretransfer``), its response began (``starttransfer``); 0.0 is what did not happen, as on a connection that was
    there before. ``total`` is all of it without ``queue``, with ``redirect``: what the requests before the last
    have taken.
    """
    begin = last.dequeued or last.started
    redirect = last.started - first.started
    return {
        "queue": begin - last.started,
        "namelookup": last.resolved - begin if last.resolved > begin else 0.0,
        "connect": last.connected - begin if last.connected > begin else 0.0,
        "appconnect": last.secured - begin if last.secured > begin else 0.0,
        "pretransfer": last.sent - begin if last.sent > begin else 0.0,
        "starttransfer": last.first_byte - begin if last.first_byte > begin else 0.0,
        "total": max(ended - begin, 0.0) + redirect,
        "redirect": redirect,
    }
