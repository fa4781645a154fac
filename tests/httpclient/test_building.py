"""Bodies of requests: JSON, forms and what producers give."""

import asyncio
import json
from functools import partial

import pytest

from tests.running import fixture_of_run, on_every_loop, turns
from tornadolike import gen
from tornadolike.cli.fetching.asking import ENGINES
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.building import SourceProducer, build_body, producer_of, with_params
from tornadolike.httpclient.plan import plan_for
from tornadolike.util import import_object
from tornadolike.web import Application, RequestHandler

run = fixture_of_run(20)


def test_json():
    body = build_body(json={"ä": [1, None, True]})
    assert (body.content_type, body.producer) == ("application/json", None)
    assert body.data == '{"ä":[1,null,true]}'.encode()
    assert json.loads(build_body(json=[]).data) == []
    assert build_body(json=0).data == b"0"


def test_what_is_no_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        build_body(json=float("nan"))
    with pytest.raises(TypeError, match="not JSON serializable"):
        build_body(json=object())
    for others in ({"form": {}}, {"files": {}}):
        with pytest.raises(ValueError, match="give one of them"):
            build_body(json=1, **others)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ({}, b""),
        ({"a": "1", "b": "x y&=ü"}, b"a=1&b=x+y%26%3D%C3%BC"),
        ([("a", "1"), ("a", "2")], b"a=1&a=2"),
        ({"a": ["1", 2], "b": (3.5, b"\xff")}, b"a=1&a=2&b=3.5&b=%FF"),
    ],
)
def test_forms(form, data):
    body = build_body(form=form)
    assert body.data == data
    assert body.content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("value", [True, None, object(), {"b": "c"}])
def test_what_a_form_cannot_say(value):
    with pytest.raises(TypeError, match="the value of 'a' in form"):
        build_body(form={"a": value})


def test_forms_with_files(tmp_path):
    body = build_body(form={"a": "1"}, files={"f": b"x"})
    assert body.content_type.startswith("multipart/form-data; boundary=")
    assert b'name="a"\r\n\r\n1\r\n' in body.data
    (tmp_path / "f").write_bytes(b"x")
    body = build_body(files={"f": tmp_path / "f"})
    assert body.data is None
    assert body.length == body.producer.length > 1
    assert build_body(files={}).data.startswith(b"--")


def test_a_request_says_how_long_it_is(tmp_path):
    (tmp_path / "f").write_bytes(b"12345")
    request = HTTPRequest("http://x/", "PUT", body_producer=tmp_path / "f")
    plan = plan_for(request, HTTPRequest._DEFAULTS)
    assert plan.headers["Content-Length"] == "5"
    assert "Content-Length" not in request.headers
    request = HTTPRequest("http://x/", "POST", files={"f": tmp_path / "f"})
    plan = plan_for(request, HTTPRequest._DEFAULTS)
    assert int(plan.headers["Content-Length"]) == plan.producer.length
    request = HTTPRequest("http://x/", "POST", files={"f": iter([b"1"])})
    assert "Content-Length" not in plan_for(request, HTTPRequest._DEFAULTS).headers


# Producers


class Wire:
    """What producers write to. Each write needs some turns of the loop, and fails behind so many."""

    def __init__(self, fails_at=None, as_future=False):
        self.written = []
        self.fails_at = fails_at
        self.going_on = 0
        self.write = partial(asyncio.ensure_future, self._write) if as_future else self._write

    async def _write(self, piece):
        self.going_on += 1
        assert self.going_on == 1, "one at a time"
        if len(self.written) == self.fails_at:
            self.going_on -= 1
            raise BrokenPipeError
        self.written.append(piece)
        await turns()
        self.going_on -= 1


def plain(write):
    write(b"1")
    write(b"2")
    write(b"3")


@gen.coroutine
def decorated(write):
    yield write(b"1")
    yield gen.moment
    yield write(b"2")
    write(b"3")


async def native(write):
    await write(b"1")
    await write(b"2")
    await write(b"3")


async def careless(write):
    write(b"1")
    await asyncio.sleep(0)
    write(b"2")
    await write(b"3")


async def generated():
    for piece in (b"1", b"2", b"3"):
        yield piece


PRODUCERS = [plain, decorated, native, careless]


@pytest.mark.parametrize("producer", PRODUCERS)
@on_every_loop
async def test_producers_as_in_tornado(producer):
    for _ in range(2):
        wire = Wire()
        await producer_of(producer)(wire.write)
        assert wire.written == [b"1", b"2", b"3"]


@pytest.mark.parametrize("fails_at", [0, 1, 2])
@pytest.mark.parametrize("producer", PRODUCERS)
@on_every_loop
async def test_writes_that_fail(producer, fails_at):
    """Nothing is written behind, and nothing is left that nobody has looked at."""
    wire = Wire(fails_at)
    with pytest.raises(BrokenPipeError):
        await producer_of(producer)(wire.write)
    assert len(wire.written) == fails_at


@on_every_loop
async def test_producers_that_fail():
    def fail(write):
        write(b"1")
        write(b"2")
        raise ZeroDivisionError

    async def fail_behind(write):
        await write(b"1")
        write(b"2")
        await asyncio.sleep(0)
        raise ZeroDivisionError

    for producer in (fail, fail_behind):
        for fails_at in (None, 0, 1):
            expected = BrokenPipeError if producer is fail_behind and fails_at == 0 else None
            with pytest.raises(expected or ZeroDivisionError):
                await producer_of(producer)(Wire(fails_at).write)
            await turns()


@on_every_loop
async def test_a_producer_is_cancelled_with_its_write():
    gate = asyncio.Event()
    cancelled = []

    async def write(piece):
        try:
            await gate.wait()
        except asyncio.CancelledError:
            cancelled.append(piece)
            raise

    for producer in (native, plain):
        producing = asyncio.ensure_future(producer_of(producer)(write))
        await turns()
        producing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await producing
        await turns()
    assert cancelled == [b"1", b"1"]


@on_every_loop
async def test_bodies_that_are_no_functions(tmp_path):
    (tmp_path / "f").write_bytes(b"123")
    for given, repeatable in ((tmp_path / "f", True), (generated(), False), (b"123", True)):
        producer = producer_of(given)
        assert isinstance(producer, SourceProducer)
        assert producer_of(producer) is producer
        assert producer.repeatable == repeatable
        wire = Wire()
        await producer(wire.write)
        assert b"".join(wire.written) == b"123"
    assert producer_of(None) is None
    with pytest.raises(TypeError, match="text is no content"):
        producer_of("text")


@on_every_loop
async def test_an_upload_that_stops_leaves_no_file_open(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 1_000_000)
    with pytest.raises(BrokenPipeError):
        await producer_of(tmp_path / "f")(Wire(fails_at=1).write)


@pytest.mark.parametrize("pieces", [["text"], [b"1", 5], [None]])
@on_every_loop
async def test_pieces_that_are_no_bytes(pieces):
    with pytest.raises(TypeError, match="made of bytes"):
        await producer_of(iter(pieces))(Wire().write)


@on_every_loop
async def test_pieces_of_other_kinds():
    """An empty one says nothing: in chunks it would be the end."""
    wire = Wire()
    await producer_of(iter([b"", bytearray(b"1"), b"", memoryview(b"2")]))(wire.write)
    assert wire.written == [b"1", b"2"]


@on_every_loop
async def test_a_form_that_stops_leaves_no_file_open(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 1_000_000)
    body = build_body(files={"f": tmp_path / "f"})
    for fails_at in range(4):
        with pytest.raises(BrokenPipeError):
            await body.producer(Wire(fails_at).write)
        assert len(asyncio.all_tasks()) == 1


# To a server and back


class Echo(RequestHandler):
    """Tells what has come."""

    def post(self):
        self.write(
            {
                "headers": dict(self.request.headers),
                "body": self.request.body.decode("latin-1"),
                "arguments": {
                    name: self.get_body_arguments(name) for name in self.request.body_arguments
                },
                "files": {
                    name: [[f["filename"], f["content_type"], len(f["body"])] for f in files]
                    for name, files in self.request.files.items()
                },
            }
        )

    put = post


@pytest.mark.parametrize("engine", ["simple", "curl"])
def test_what_is_sent_arrives(serve, run, tmp_path, engine):
    if engine == "curl":
        pytest.importorskip("pycurl")
    kind = import_object(ENGINES[engine])
    url = serve(Application([("/", Echo)])).url + "/"
    (tmp_path / "föto.png").write_bytes(b"p" * 1_000_000)

    async def main():
        client = kind(force_instance=True)

        async def echoed(method="POST", **options):
            return (await client.fetch(url, method=method, **options)).json()

        assert (await echoed(json={"ä": 1}))["body"] == '{"Ã¤":1}'
        assert (await echoed(form={"a": ["1", "ü"]}))["arguments"] == {"a": ["1", "ü"]}
        seen = await echoed(
            form={"a": "1"}, files={"f": tmp_path / "föto.png", "g": ("x", generated(), "a/b")}
        )
        assert seen["arguments"] == {"a": ["1"]}
        assert seen["files"] == {
            "f": [["föto.png", "image/png", 1_000_000]],
            "g": [["x", "a/b", 3]],
        }
        assert seen["headers"]["Transfer-Encoding"] == "chunked"
        seen = await echoed(files={"f": tmp_path / "föto.png"})
        assert int(seen["headers"]["Content-Length"]) > 1_000_000
        seen = await echoed("PUT", body_producer=tmp_path / "föto.png")
        assert seen["headers"]["Content-Length"] == "1000000"
        assert len(seen["body"]) == 1_000_000
        for producer in (*PRODUCERS, generated(), [b"1", b"23"]):
            assert (await echoed("PUT", body_producer=producer))["body"] == "123"
        client.close()

    run(main)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://h/", "http://h/?a=1+2&b=%C3%A9"),
        ("http://h/?", "http://h/?a=1+2&b=%C3%A9"),
        ("http://h/?s=%2b%20&flag", "http://h/?s=%2b%20&flag&a=1+2&b=%C3%A9"),
        ("http://h/?s&", "http://h/?s&a=1+2&b=%C3%A9"),
        ("http://h/#top?", "http://h/?a=1+2&b=%C3%A9#top?"),
    ],
)
def test_params_leave_the_query_as_it_is(url, wanted):
    assert with_params(url, {"a": "1 2", "b": "é"}) == wanted
    assert with_params(url, ()) == url


@pytest.mark.parametrize("value", [True, None, object(), {"b": "c"}])
def test_what_params_cannot_say(value):
    with pytest.raises(TypeError, match="the value of 'a' in params is text, bytes or a number"):
        with_params("http://h/", {"a": value})
