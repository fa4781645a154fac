"""Conditional requests: the Etag of a response, and whether the client has it already (RFC 9110 section 13)."""

import hashlib

from ..httputil.etags import etags_in
from .head import ResponseHead


class ConditionalResponse(ResponseHead):
    """Gives every complete response an Etag and answers 304 where the client has it."""

    max_etag_size: int = 8 * 1024 * 1024
    """How many bytes the body of a response may have for an Etag to be made of it: meanwhile nobody else is served."""

    _write_buffer: list[bytes]

    def compute_etag(self) -> str | None:
        """The Etag of the response: a hash of its body, unless that is larger than :attr:`max_etag_size`.

        To be overridden; None for none.
        """
        buffer = self._write_buffer
        whole = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        if len(whole) > self.max_etag_size:
            return None
        return f'"{hashlib.sha1(whole, usedforsecurity=False).hexdigest()}"'

    def set_etag_header(self) -> None:
        """Set the Etag header to :meth:`compute_etag`, if that gives one.

        Done when the request is finished, unless the header is set by then.
        """
        etag: str | bytes | None = self.compute_etag()
        if etag is not None:
            if isinstance(etag, bytes):
                etag = etag.decode("latin1")
            if self._header_map is None and etag.isascii() and etag.isprintable():
                self._etag = etag
            else:
                self.set_header("Etag", etag)

    def check_etag_header(self) -> bool:
        """Whether the client has what the Etag header names, and a 304 is due (section 13.1.2).

        Done when the request is finished. To be called earlier, with :meth:`set_etag_header`, by a
        handler that can tell its Etag before it has made the body.
        """
        condition = self.request._fields.get("If-None-Match")
        if condition is None:
            return False
        computed = self._etag or self._headers.get("Etag")
        if not computed:
            return False
        wanted = etags_in(condition if isinstance(condition, str) else ",".join(condition))
        if wanted[:1] == ["*"]:
            return True
        # The weak comparison: what is behind W/ counts.
        return computed.removeprefix("W/") in [etag.removeprefix("W/") for etag in wanted]
