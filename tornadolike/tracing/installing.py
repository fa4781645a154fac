""":func:`install`: an application whose requests are traced."""

from collections.abc import Iterable

from opentelemetry import trace

from tornadolike import __version__

from ..httpclient.tracing import everywhere
from ..routing.changes import changes
from ..web import Application
from .client import ClientSpans
from .server import ServerSpans

NAME = "tornadolike"


class Tracing:
    """What :func:`install` has begun."""

    def __init__(self, application: Application, server: ServerSpans, client: ClientSpans | None):
        self._application = application
        self._server = server
        self._client = client

    def uninstall(self) -> None:
        """Trace no more. What has begun is traced to its end."""
        application = self._application
        application.middleware = tuple(
            one for one in application.middleware if one is not self._server
        )
        changes.count += 1
        if self._client is not None:
            everywhere.remove(self._client)


def install(
    application: Application,
    *,
    clients: bool = True,
    leave_out: Iterable[str] = (),
    tracer_provider: trace.TracerProvider | None = None,
) -> Tracing:
    """Make a span for each request that ``application`` answers, and for each that our HTTP client sends.

    To be called when OpenTelemetry is set up: before that there are no spans to be made, and other propagators.

    :arg clients: whether every :class:`~tornadolike.httpclient.AsyncHTTPClient` of this process is traced, too.
    :arg leave_out: the routes of which there are no spans, such as ``/metrics``.
    :arg tracer_provider: makes the tracer; by default OpenTelemetry's global one.

    Raises :exc:`TypeError` for a text in the place of routes.
    """
    if isinstance(leave_out, str):
        raise TypeError(f"leave_out is a list of routes, not {leave_out!r}")
    tracer = trace.get_tracer(NAME, __version__, tracer_provider)
    server = ServerSpans(tracer, frozenset(leave_out))
    # The outermost: whatever another middleware does belongs to the request.
    application.middleware = (server, *application.middleware)
    changes.count += 1
    client = ClientSpans(tracer) if clients else None
    if client is not None:
        everywhere.add(client)
    return Tracing(application, server, client)
