"""How a handler gets its body: whole, pushed to it, pulled by it, or with its files on the disk."""

from collections.abc import Awaitable

from ...httputil import HTTPInputError, HTTPServerRequest, ParseMultipartConfig
from ...util import lazy
from ..errors import HTTPError
from .forms import FormParts
from .incoming import RequestBody
from .spool import Spool


class Bodies:
    """The body of the request, for handlers that do not have it whole."""

    max_body_size: int | None = None
    """How many bytes the body of a request to this handler may have; over it: 413. None: as the server says."""

    request: HTTPServerRequest
    _finished: bool
    _streams_body = False
    """The handler runs while its body is coming."""
    _spool: Spool | None = None
    """The files of its form."""

    # To be overridden

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """With :func:`stream_request_body`: a piece of the body is here.

        If it is a coroutine, the next piece waits until it is done, and so does the client.
        """
        raise NotImplementedError(f"{type(self).__name__} needs data_received(chunk)")

    # To be called

    @lazy
    def request_body(self) -> RequestBody:
        """With :func:`reads_request_body`: the body, which this handler reads itself."""
        if not self._streams_body:
            raise RuntimeError(
                "This handler gets its body whole, as self.request.body; "
                "to read it piece by piece, decorate the class with @reads_request_body"
            )
        request = self.request
        body: RequestBody | None = request._incoming
        if body is None:  # it came with the head
            body = RequestBody()
            if request.body:
                body.bring(request.body)
                request.body = b""
            body.end()
        body.answered = self._is_answered
        return body

    def form_parts(self, config: ParseMultipartConfig | None = None) -> FormParts:
        """With :func:`reads_request_body`: the parts of the form in the body, one after another.

        :arg config: the limits of the form; by default those of
            :func:`~tornadolike.httputil.set_parse_body_config`.

        Raises :exc:`HTTPInputError` (which answers 415) for what is no ``multipart/form-data``.
        """
        return FormParts(self.request_body, self.request.headers, config)

    # Running

    def _is_answered(self) -> bool:
        return self._finished

    def _check_body_size(self) -> None:
        """For a body that came with its head: the connection had nobody to ask how large it may be."""
        if self.max_body_size is not None and len(self.request.body) > self.max_body_size:
            message = f"Body larger than {self.max_body_size} bytes"
            raise HTTPError(413, message, detail=message)

    def _check_form(self) -> None:
        """Refuse a malformed form, before the handler's own methods run."""
        request = self.request
        try:
            request.body_arguments  # noqa: B018 - it is read now, and raises
        except HTTPInputError:
            # The page about it may ask for arguments: this form has none.
            request._form = {}, {}
            raise

    async def _receive_body(self) -> None:
        """What is done between prepare() and the method; with :func:`reads_request_body` that is nothing."""
