"""Names that begin with an underscore, which programs written for Tornado use all the same."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.httputil import HTTPHeaders
from tornadolike.web import HTTPError, RequestHandler, StaticFileHandler, stream_request_body


def test_what_a_handler_may_read() -> None:
    handler = make_handler(request="GET /x?y")
    assert (handler._status_code, handler._reason) == (200, "OK")
    assert (handler._finished, handler._headers_written) == (False, False)
    assert (handler._auto_finish, handler._write_buffer, list(handler._transforms)) == (
        True,
        [],
        [],
    )
    assert handler._headers["Content-Type"] == "text/html; charset=UTF-8"
    assert handler._request_summary() == "GET /x?y (None)"
    handler.finish("x")
    assert handler._finished
    assert handler._headers_written


def test_what_a_handler_may_set() -> None:
    handler = make_handler()
    handler._status_code, handler._reason = 201, "Made"
    handler._headers = HTTPHeaders({"X-A": "1"})
    handler._write_buffer.append(b"x")
    handler.finish()
    connection = handler.request.connection
    assert (connection.status, connection.reason, connection.body) == (201, "Made", b"x")
    assert connection.headers["X-A"] == "1"


def test_no_transforms_for_one_response(site: Callable[..., Site]) -> None:
    class Plain(RequestHandler):
        def prepare(self) -> None:
            if self.request.path != "/compressed":
                self._transforms = []

        async def get(self, name: str) -> None:
            self.set_header("Content-Type", "text/plain")
            self.write("x" * 5000)
            if name == "flushed":
                await self.flush()

    served = site(("/(.*)", Plain), compress_response=True)
    for name, coding in (("compressed", "gzip"), ("plain", None), ("flushed", None)):
        answer = served.ask(f"GET /{name}", "Accept-Encoding: gzip")
        assert (answer.status, answer.header("Content-Encoding")) == (200, coding)


def test_no_line_in_the_log(site: Callable[..., Site]) -> None:
    class Quiet(RequestHandler):
        def _log(self) -> None:
            pass

        def get(self, *args: str) -> None:
            if args:
                raise HTTPError(404)

    served = site(("/", Quiet), ("/(nothing)", Quiet))
    assert served.ask("GET /").status == 200
    assert served.ask("GET /nothing").status == 404
    assert served.finished == []


class Around(RequestHandler):
    """Does something before and behind the request, whatever it is."""

    happened: list[Any]

    def initialize(self) -> None:
        self.happened = []

    async def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> None:
        self.happened.append(("before", list(transforms), args, kwargs))
        await super()._execute(transforms, *args, **kwargs)
        self.happened.append(("behind", self._finished))


class Said(Around):
    def get(self, *args: str, **kwargs: str) -> None:
        self.write(f"{args} {kwargs}")

    async def delete(self, *args: str, **kwargs: str) -> None:
        await asyncio.sleep(0)
        raise HTTPError(409)

    def post(self, *args: str, **kwargs: str) -> None:
        self.write(self.request.body)


@stream_request_body
class Received(Around):
    received = b""

    def data_received(self, chunk: bytes) -> None:
        self.received += chunk

    def post(self, *args: str, **kwargs: str) -> None:
        self.write(self.received)


class SaidStill(Received):
    """The decorator counts for those below."""


@pytest.mark.parametrize(
    ("rule", "path", "args", "kwargs"),
    [
        ("/x", "/x", (), {}),
        ("/(x)/(y)?", "/x/", (b"x", None), {}),
        ("/(?P<name>.*)", "/x%20y", (), {"name": b"x y"}),
    ],
)
def test_execute_overridden(
    site: Callable[..., Site], rule: str, path: str, args: Any, kwargs: Any
) -> None:
    served = site((rule, Said))
    text = tuple(None if arg is None else arg.decode() for arg in args)
    named = {name: value.decode() for name, value in kwargs.items()}
    assert served.ask(f"GET {path}").text == f"{text} {named}"
    assert served.ask(f"DELETE {path}").status == 409
    assert served.ask(f"POST {path}", body=b"body").text == "body"
    for handler in served.finished:
        assert handler.happened == [("before", [], args, kwargs), ("behind", True)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("handler", [Received, SaidStill])
def test_execute_overridden_of_a_body_in_pieces(
    site: Callable[..., Site], handler: type[RequestHandler]
) -> None:
    served = site(("/", handler))
    assert served.ask("POST /", body=b"body").text == "body"
    assert len(served.finished[0].happened) == 2  # type: ignore[attr-defined]


def test_execute_overridden_may_answer_by_itself(site: Callable[..., Site]) -> None:
    class Own(RequestHandler):
        async def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> None:
            self.write("mine")

    class Plain(RequestHandler):
        def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
            self.finish("at once")

    assert site(("/", Own)).ask("GET /").text == "mine"
    assert site(("/", Plain)).ask("GET /").text == "at once"


def test_execute_patched(site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    """As those who measure the programs of others do."""
    own = RequestHandler._execute
    measured = []

    async def measure(self: RequestHandler, *args: Any, **kwargs: Any) -> None:
        measured.append(self.request.path)
        await own(self, *args, **kwargs)

    monkeypatch.setattr(RequestHandler, "_execute", measure)

    class Measured(RequestHandler):
        def get(self) -> None:
            self.write("x")

    assert site(("/path", Measured)).ask("GET /path").text == "x"
    assert measured == ["/path"]


def test_get_argument_with_a_source_of_ones_own() -> None:
    handler = make_handler()
    assert handler._get_argument("a", None, {"a": [b"1", b" 2 "]}) == "2"
    assert handler._get_arguments("a", {"a": [b"1", b" 2 "]}, strip=False) == ["1", " 2 "]


def test_get_arguments_overridden_counts_for_one_too() -> None:
    class Shouting(RequestHandler):
        def _get_arguments(self, *args: Any, **kwargs: Any) -> list[str]:
            return [value.upper() for value in super()._get_arguments(*args, **kwargs)]

    handler: Any = make_handler(Shouting, "GET /?a=x")
    assert handler.get_argument("a") == handler.get_query_argument("a") == "X"


class Remembering(StaticFileHandler):
    """As livereload's, in short."""

    @classmethod
    def _get_cached_version(cls, abspath: str) -> str | None:
        with cls._lock:
            hashes = cls._static_hashes
            if abspath not in hashes:
                hashes[abspath] = cls.get_content_version(abspath)[:8]
            return hashes.get(abspath)


class Deferring(StaticFileHandler):
    @classmethod
    def _get_cached_version(cls, abspath: str) -> str | None:
        return (super()._get_cached_version(abspath) or "none")[:8]


@pytest.mark.parametrize("handler", [Remembering, Deferring])
def test_a_memory_of_versions_of_ones_own(
    site: Callable[..., Site], tmp_path: Path, handler: type[StaticFileHandler]
) -> None:
    handler.reset()
    (tmp_path / "a.txt").write_text("x")
    served = site(("/url", Addressed), static_path=str(tmp_path), static_handler_class=handler)
    version = hashlib.sha512(b"x").hexdigest()[:8]
    assert served.ask("GET /url").text == f"/static/a.txt?v={version}"
    answer = served.ask("GET /static/a.txt")
    assert (answer.text, answer.header("Etag")) == ("x", f'"{version}"')


def test_content_from_a_method_of_the_object(site: Callable[..., Site], tmp_path: Path) -> None:
    """As JupyterLab's themes, where the content depends on the request."""

    class Theme(StaticFileHandler):
        def get_content(self, abspath: str, start: Any = None, end: Any = None) -> bytes:  # type: ignore[override]
            return Path(abspath).read_bytes().replace(b"HERE", self.request.path.encode())

        def get_content_size(self) -> int:
            return len(self.get_content(self.absolute_path))

        def compute_etag(self) -> None:
            return None

    (tmp_path / "a.css").write_text("url(HERE)")
    served = site(("/themes/(.*)", Theme, {"path": str(tmp_path)}))
    assert served.ask("GET /themes/a.css").text == "url(/themes/a.css)"


class Addressed(RequestHandler):
    def get(self) -> None:
        self.write(self.static_url("a.txt"))


def test_the_lock_of_static_files(site: Callable[..., Site], tmp_path: Path) -> None:
    """As Jupyter's server holds it while it looks for files in several directories."""

    class Found(StaticFileHandler):
        found: ClassVar[dict[str, str]] = {}

        @classmethod
        def get_absolute_path(cls, root: str, path: str) -> str:
            with cls._lock:
                return cls.found.setdefault(path, super().get_absolute_path(root, path))

    (tmp_path / "a.txt").write_text("x")
    served = site(("/url", Addressed), static_path=str(tmp_path), static_handler_class=Found)
    url = served.ask("GET /url").text
    assert url.startswith("/static/a.txt?v=")
    assert served.ask(f"GET {url}").text == "x"
