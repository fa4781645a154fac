"""What responses go through on their way out: :class:`OutputTransform`, and the one that compresses them."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from ..codings import CODINGS, Encoder, choose_coding
from ..http1 import has_no_body
from ..httputil import HTTPHeaders, HTTPServerRequest

FirstChunk = tuple[int, HTTPHeaders, bytes]


class OutputTransform:
    """Changes the response to one request. One is made, of each of the application's, for each response.

    :meth:`.Application.add_transform` takes a subclass.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        pass

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> FirstChunk:
        """Change the head and the beginning of the body; ``finishing`` if that is all of it."""
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Change the next piece of the body, which is ready to be sent; ``finishing`` if it is the last."""
        return chunk

    def passes_on(self) -> bool:
        """Whether :meth:`transform_chunk` gives back what it gets, now that the head was transformed.

        What is sent by :meth:`.RequestHandler.send_file` need not be read then.
        """
        return False

    def takes_long(self, status_code: int, headers: HTTPHeaders, chunk: bytes) -> bool:
        """Whether :meth:`transform_first_chunk`, for a whole response, is to be called in another thread."""
        return False


class GZipContentEncoding(OutputTransform):
    """Compresses responses with gzip, for clients that accept it.

    A response is left as it is if it is smaller than :attr:`MIN_LENGTH` (unless it is sent in pieces and does
    not tell its length), if its Content-Type is not among :attr:`CONTENT_TYPES`, if it has a
    Content-Encoding already or is a part of something (206), and if it says ``Cache-Control: no-transform``
    or carries a digest of its content.

    One that is compressed has no Content-Length unless it is whole, no longer invites to ask for ranges
    (they would be those of what is not compressed), and its Etag becomes a weak one: the same content has
    other bytes (RFC 9110 section 8.8.1). The answer to HEAD has the same headers but no Content-Length.

    Whatever might be compressed says ``Vary: Accept-Encoding``.
    """

    CONTENT_TYPES: ClassVar[set[str]] = {
        "application/atom+xml",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/rss+xml",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/x-javascript",
        "application/xhtml+xml",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/vnd.microsoft.icon",
        "image/x-icon",
    }
    """Types to compress, beside all of ``text/*`` and those that end in ``+json`` and ``+xml``."""

    GZIP_LEVEL = 6
    """How hard gzip tries, from 1 to 9."""

    MIN_LENGTH = 1024
    """Smaller bodies, in bytes, are not worth it."""

    LARGE_LENGTH = 128 * 1024
    """Larger bodies, in bytes, are compressed in a thread if they are whole: others are served meanwhile."""

    CODINGS: ClassVar[tuple[str, ...]] = ("gzip",)
    """The content codings to choose from. Where a client has no preference, the first that it accepts."""

    LEVELS: ClassVar[Mapping[str, int]] = {}
    """How hard the other codings try, by their names; those that are missing do as much as suits a server."""

    def __init__(self, request: HTTPServerRequest) -> None:
        headers = request.headers
        self._coding = choose_coding(headers.get("Accept-Encoding"), self.CODINGS)
        self._known_etags = headers.get("If-None-Match", "")
        self._is_head = request.method == "HEAD"
        self._encoder: Encoder | None = None

    def _compressible_type(self, ctype: str) -> bool:
        return ctype.startswith("text/") or ctype in self.CONTENT_TYPES or ctype.endswith(SUFFIXES)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> FirstChunk:
        if status_code == 304:
            self._repeat_head(headers)
        elif self._may_be_compressed(status_code, headers):
            add_vary(headers, "Accept-Encoding")
            if self._is_compressed(status_code, headers, chunk, finishing):
                return status_code, headers, self._begin(headers, chunk, finishing)
        return status_code, headers, chunk

    def _repeat_head(self, headers: HTTPHeaders) -> None:
        """Say in a 304 what was said with the content, of which only the client knows what it was like."""
        add_vary(headers, "Accept-Encoding")
        etag = headers.get("Etag")
        if etag is not None and "W/" + etag in self._known_etags:
            weaken_etag(headers)

    def _may_be_compressed(self, status_code: int, headers: HTTPHeaders) -> bool:
        """Whether it depends on the client."""
        return (
            not has_no_body(status_code)
            and self._compressible_type(
                headers.get("Content-Type", "").split(";")[0].strip().lower()
            )
            and TELL_OF_BYTES.isdisjoint(headers)
            and "no-transform" not in headers.get("Cache-Control", "").lower()
        )

    def _is_compressed(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> bool:
        if self._coding is None or status_code == 206:
            return False
        # Where the answer to HEAD has no body, this is the length that the body would have.
        length = headers.get("Content-Length") if not finishing or not chunk else None
        if length is not None:
            return int(length) >= self.MIN_LENGTH
        return not finishing or len(chunk) >= self.MIN_LENGTH

    def _begin(self, headers: HTTPHeaders, chunk: bytes, finishing: bool) -> bytes:
        assert self._coding is not None
        headers["Content-Encoding"] = self._coding
        headers.pop("Accept-Ranges", None)
        headers.pop("Content-Length", None)
        weaken_etag(headers)
        if self._is_head:
            return b""
        coding = CODINGS[self._coding]
        level = self.GZIP_LEVEL if coding.name == "gzip" else self.LEVELS.get(coding.name)
        self._encoder = coding.make_encoder(
            coding.default_level if level is None else level, len(chunk) if finishing else None
        )
        return self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        encoder = self._encoder
        if encoder is None:
            return chunk
        if finishing:
            return encoder.encode(chunk) + encoder.finish()
        return encoder.encode(chunk) + encoder.flush() if chunk else b""

    def passes_on(self) -> bool:
        inherited = type(self).transform_chunk is GZipContentEncoding.transform_chunk
        return inherited and self._encoder is None

    def takes_long(self, status_code: int, headers: HTTPHeaders, chunk: bytes) -> bool:
        return (
            len(chunk) > self.LARGE_LENGTH
            and not self._is_head
            and self._may_be_compressed(status_code, headers)
            and self._is_compressed(status_code, headers, chunk, finishing=True)
        )


SUFFIXES: Final = ("+json", "+xml")

TELL_OF_BYTES: Final = frozenset(
    {"Content-Encoding", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5"}
)
"""Headers that are about the very bytes that stand behind them, by their canonical names."""


class ContentEncoding(GZipContentEncoding):
    """The same with all codings that are installed and worth it: zstd, br and gzip.

    The setting ``compress_response`` adds it to an application.
    """

    # Without deflate: clients do not agree on what that is, and all of them know gzip.
    CODINGS = tuple(name for name in CODINGS if name != "deflate")


OPTIONS: Final = ("codings", "content_types", "levels", "min_length")
NAMES: Final = ("zstd", "br", "gzip", "deflate")


def compressing(setting: object) -> type[ContentEncoding]:
    """What the setting ``compress_response`` asks for, if it is not false.

    A mapping says what is different from :class:`ContentEncoding`: ``codings`` (names, the best first; those
    that are not installed are passed over), ``levels`` (by the names of codings), ``min_length`` (in bytes)
    and ``content_types`` (beside ``text/*``, ``*+json`` and ``*+xml``).

    Raises :exc:`ValueError` for what is not understood.
    """
    if not isinstance(setting, Mapping):
        return ContentEncoding
    unknown = setting.keys() - set(OPTIONS)
    if unknown:
        raise ValueError(f"compress_response has {', '.join(OPTIONS)}, not {sorted(unknown)}")
    attributes: dict[str, Any] = {}
    if "codings" in setting:
        attributes["CODINGS"] = tuple(name for name in known(setting["codings"]) if name in CODINGS)
    if "levels" in setting:
        attributes["LEVELS"] = levels = dict(setting["levels"])
        for name in known(levels):
            if name in CODINGS and levels[name] not in CODINGS[name].levels:
                raise ValueError(f"{levels[name]!r} is none of {name}'s {CODINGS[name].levels}")
        if "gzip" in levels:
            attributes["GZIP_LEVEL"] = levels["gzip"]
    if "min_length" in setting:
        attributes["MIN_LENGTH"] = setting["min_length"]
    if "content_types" in setting:
        attributes["CONTENT_TYPES"] = set(setting["content_types"])
    return type("ContentEncoding", (ContentEncoding,), attributes)


def known(names: Iterable[str]) -> Iterable[str]:
    """These names of codings. Raises :exc:`ValueError` for one that is none."""
    for name in names:
        if name not in NAMES:
            raise ValueError(f"compress_response knows {', '.join(NAMES)}, not {name!r}")
    return names


def add_vary(headers: HTTPHeaders, name: str) -> None:
    """Say that the response depends on this header of the request, too (RFC 9110 section 12.5.5)."""
    before = headers.get("Vary")
    if before is None:
        headers["Vary"] = name
    elif not {"*", name.lower()} & {known.strip().lower() for known in before.split(",")}:
        headers["Vary"] = f"{before}, {name}"


def weaken_etag(headers: HTTPHeaders) -> None:
    """Say that the same Etag does not promise the same bytes."""
    etag = headers.get("Etag")
    if etag is not None and not etag.startswith("W/"):
        headers["Etag"] = f"W/{etag}"
