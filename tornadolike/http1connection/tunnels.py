""":class:`Tunnel`: a response behind whose head the connection is another protocol's."""

from ..http1 import ResponseWriter, encode_head
from ..httputil import HTTPHeaders, HTTPOutputError, HTTPServerRequest


def opens_tunnel(request: HTTPServerRequest, status: int) -> bool:
    """Whether a response of this status ends HTTP: ``101``, or 2xx to CONNECT."""
    return status == 101 or (request.method == "CONNECT" and 200 <= status < 300)


class Tunnel(ResponseWriter):
    """Writes the head that ends HTTP (RFC 9110 sections 7.8 and 9.3.6). No content follows, whatever is written."""

    __slots__ = ("_request",)

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request.method, request.version, keep_alive=False)
        self._request = request

    def head(self, status: int, reason: str, headers: HTTPHeaders) -> bytes:
        """The head. Raises :exc:`HTTPOutputError` if this request and these headers open no tunnel."""
        request = self._request
        if not opens_tunnel(request, status):
            raise HTTPOutputError(
                f"A {status} to {request.method} leaves the connection to HTTP: another protocol gets it by a "
                "101, or by a 2xx to CONNECT"
            )
        self._refuse_framing(status, headers)
        head = encode_head(status, reason, headers.get_all()) + b"\r\n"
        if status == 101:
            if request.version == "HTTP/1.0" or "Upgrade" not in request.headers:
                raise HTTPOutputError(
                    "101 answers a request of HTTP/1.1 with an Upgrade header, which this one is not"
                )
            if "Upgrade" not in headers:
                raise HTTPOutputError("A 101 says in its Upgrade header which protocol comes")
        return head

    def data(self, chunk: bytes) -> bytes:
        return b""

    def end(self, trailers: HTTPHeaders | None = None) -> bytes:
        return b""
