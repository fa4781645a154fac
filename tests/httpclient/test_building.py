"""Bodies of requests: JSON, forms and what producers give."""

import asyncio
import json
from functools import partial

import pytest

from tests.running import on_every_loop, turns
from tornadolike import gen
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.building import SourceProducer, build_body, producer_of
from tornadolike.httpclient.plan import plan_for


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
    with pytest.raises(TypeError, match="the value of 'a' in a form"):
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
