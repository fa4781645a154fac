""":class:`Refusal`: a request that was answered by the connection itself, for the logs."""

from ..httputil import HTTPConnection, HTTPServerRequest

UNREAD = "-"
"""In the place of what a request would have said, if it could have been read."""


class Refusal:
    """What access logs ask a handler for, of a request that no handler had to do with.

    :arg connection: the one that it came by.
    :arg request: None if it could not be read: then there is one whose ``method``, ``uri`` and ``version`` are ``"-"``.
    :arg status: by which it was answered.
    :arg body_size: bytes of the answer's body.
    """

    def __init__(
        self,
        connection: HTTPConnection,
        request: HTTPServerRequest | None,
        status: int,
        body_size: int,
    ) -> None:
        if request is None:
            request = HTTPServerRequest(UNREAD, UNREAD, UNREAD, host=UNREAD, connection=connection)
        self.request = request
        self.body_size = body_size
        self._status_code = status

    @property
    def logged_uri(self) -> str:
        """All of the address."""
        return self.request.uri or ""

    def get_status(self) -> int:
        """The status of the answer."""
        return self._status_code
