""":class:`Recording`: a response on its way out, and what is kept of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..httputil import HTTPHeaders
from ..httputil.headers import copy_fields
from ..web.transforms import FirstChunk, OutputTransform, add_vary
from .answering import fill, has_client_it
from .entries import Entry, value_of
from .flights import Outcome
from .policy import (
    CONDITIONS,
    NO_VARIANTS,
    fresh_seconds,
    has_looked,
    varies_by,
)
from .watching import ALL, WatchedHeaders

_OF_ONE_CONNECTION: Final = frozenset(
    {
        "Age",
        "Connection",
        "Content-Length",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Connection",
        "Te",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    }
)
"""Headers that are made anew for each response (RFC 9111 section 3.1)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a :class:`.Cached` keeps: arguments of that class."""

    seconds: float
    statuses: frozenset[int]
    max_size: int
    vary: tuple[str, ...]
    ignored: frozenset[str]
    personal: bool
    header: str | None

    def tell(self, handler: Any, how: str) -> None:
        """Say in the response how it was come by, if that is wanted."""
        if self.header is not None:
            handler.set_header(self.header, how)


class Recording:
    """What a handler answers, from the time before it begins.

    :arg conditions: whether those of the request are answered here, and not by the handler: it has to make the
        whole response, which others may want.
    :arg fallback: a response of before, for when this one is an error.
    :arg done: called once with what comes of it, as soon as that is known.
    """

    def __init__(
        self,
        handler: Any,
        rules: Rules,
        begun: tuple[str, dict[str, str]],
        *,
        conditions: bool,
        fallback: Entry | None,
        done: Callable[[Entry | Outcome], None],
    ) -> None:
        self._handler = handler
        self._rules = rules
        self._begun = begun
        self._fallback = fallback
        self._done: Callable[[Entry | Outcome], None] | None = done
        self._made = time.time()
        self._conditions: dict[str, str | list[str]] = {}
        self._fields_before = (
            {} if handler._header_map is None else copy_fields(handler._header_map._fields)
        )
        self._head: tuple[int, str, dict[str, str | list[str]], float, bool] | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._length: str | None = None
        request = handler.request
        known = vars(request)
        if known.get("remote_ip") == request._origin.remote_ip:
            known.pop("remote_ip", None)  # it is found again if the handler looks at it
        self._headers: HTTPHeaders = request.headers
        if conditions:
            fields = self._headers._fields
            for name in CONDITIONS:
                if name in fields:
                    self._conditions[name] = fields.pop(name)
        self._watched = WatchedHeaders.over(self._headers)
        request.headers = self._watched
        handler.before_head(self._see_head)

    @property
    def is_decided(self) -> bool:
        """Whether it is known what comes of it."""
        return self._done is None

    def end(self, outcome: Entry | Outcome) -> None:
        """It is known what comes of it, unless it was known before."""
        done, self._done = self._done, None
        self._chunks = []
        if self._handler.request.headers is self._watched:
            self._handler.request.headers = self._headers
        self._give_conditions_back()
        if done is not None:
            done(outcome)

    def _give_conditions_back(self) -> None:
        self._headers._fields.update(self._conditions)
        self._conditions = {}

    # The head

    def _see_head(self, handler: Any) -> None:
        # What is looked at from here on is not the handler's affair.
        handler.request.headers = self._headers
        self._give_conditions_back()
        status = handler.get_status()
        if self._fallback is not None and status >= 500 and handler._is_whole:
            self._fall_back(handler, self._fallback)
            return
        if self._done is None:
            self._rules.tell(handler, "PASS")
            return
        seconds, may_be_stale = fresh_seconds(handler._headers, self._rules.seconds)
        names = self._names(handler)
        if (
            status not in self._rules.statuses
            or handler.request.method != "GET"
            or seconds <= 0
            or names is None
            or handler._new_cookies
            or handler._trailers is not None
        ):
            self._rules.tell(handler, "PASS")
            self.end(Outcome.FAILED if status >= 500 else Outcome.NOT_KEPT)
            return
        for name in names:
            add_vary(handler._headers, name)
        if handler._is_whole:
            self._take_whole(handler, seconds, may_be_stale)
        else:
            self._take_pieces(handler, seconds, may_be_stale)
        self._rules.tell(handler, "MISS")

    def _names(self, handler: Any) -> list[str] | None:
        """The request's headers that the response depends on; None if it depends on who asks."""
        looked_at = self._watched.looked_at
        told = varies_by(handler._headers)
        if ALL in looked_at or ALL in told:
            return None
        names = (
            {*looked_at, *told, *self._handler._chosen_by}
            - NO_VARIANTS
            - self._rules.ignored
            - {*self._rules.vary}
        )
        if not self._rules.personal:
            if "Cookie" in names or self._is_personal(handler):
                return None
        else:
            names -= {"Cookie"}
        return [*self._rules.vary, *sorted(names)]

    def _is_personal(self, handler: Any) -> bool:
        return has_looked(handler) or "remote_ip" in vars(handler.request)

    def _fall_back(self, handler: Any, entry: Entry) -> None:
        """Send the response of before in the place of an error."""
        handler.clear()
        fill(handler, entry)
        self._rules.tell(handler, "STALE")
        if has_client_it(handler):
            handler.set_status(304)
        else:
            handler._write_buffer = [entry.body]
        self.end(Outcome.FAILED)

    # The body

    def _take_whole(self, handler: Any, seconds: float, may_be_stale: bool) -> None:
        body = b"".join(handler._write_buffer)
        handler._write_buffer = [body]
        if len(body) > self._rules.max_size:
            self.end(Outcome.NOT_KEPT)
            return
        if handler.get_status() == 200 and "Etag" not in handler._headers:
            handler.set_etag_header()
        self._head = self._take_head(handler, seconds, may_be_stale)
        self._chunks = [body]
        self._keep()
        if has_client_it(handler):
            handler._write_buffer = []
            handler.set_status(304)
            handler._clear_content()

    def _take_pieces(self, handler: Any, seconds: float, may_be_stale: bool) -> None:
        self._length = length = handler._headers.get("Content-Length")
        if length is not None and int(length) > self._rules.max_size:
            self.end(Outcome.NOT_KEPT)
            return
        self._head = self._take_head(handler, seconds, may_be_stale)
        handler._transforms = [Recorder(self), *handler._transforms]
        handler.request.headers = self._watched

    def _take_head(
        self, handler: Any, seconds: float, may_be_stale: bool
    ) -> tuple[int, str, dict[str, str | list[str]], float, bool]:
        before = self._fields_before
        fields = {
            name: value
            for name, value in copy_fields(handler._headers._fields).items()
            if name not in _OF_ONE_CONNECTION and (name == "Date" or before.get(name) != value)
        }
        fields |= {name: [] for name in before if name not in handler._headers}
        return handler.get_status(), handler._reason, fields, seconds, may_be_stale

    def take(self, chunk: bytes, finishing: bool) -> None:
        """A piece of a response that is sent in pieces."""
        if self._done is None:
            return
        self._size += len(chunk)
        if self._size > self._rules.max_size:
            self.end(Outcome.NOT_KEPT)
            return
        self._chunks.append(chunk)
        if finishing:
            cut_short = self._length is not None and int(self._length) != self._size
            if cut_short or self._handler._trailers:
                self.end(Outcome.NOT_KEPT)
            else:
                self._keep()

    def _keep(self) -> None:
        assert self._head is not None
        handler = self._handler
        names = self._names(handler)
        if names is None:
            self.end(Outcome.NOT_KEPT)
            return
        self._watched.looked_at = set()
        status, reason, fields, seconds, may_be_stale = self._head
        generation, tokens = self._begun
        entry = Entry(
            status=status,
            reason=reason,
            fields=fields,
            made=self._made,
            fresh_seconds=seconds,
            may_be_stale=may_be_stale,
            vary={name: value_of(handler.request, name) for name in names},
            generation=generation,
            tokens=tokens,
            body=b"".join(self._chunks),
        )
        self.end(entry)


class Recorder(OutputTransform):
    """Hands the pieces of a response to a recording, before other transforms change them."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> FirstChunk:
        self._recording.take(chunk, finishing)
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        self._recording.take(chunk, finishing)
        return chunk

    def passes_on(self) -> bool:
        return self._recording.is_decided
