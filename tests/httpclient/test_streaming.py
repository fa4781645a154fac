"""client.stream(): pieces as they come, lines, the rest as a whole, and how it ends."""

import asyncio
import gc
import gzip
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.httpclient.house import Said, client_of, house, scripted
from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.httpclient import (
    HTTPError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    StreamedResponse,
)
from tornadolike.httpclient.tracing import Trace

NOWHERE = "http://nowhere.test/"


class Told(Trace):
    """Keeps what it is told of ends."""

    def __init__(self):
        self.said = []

    def on_end(self, response):
        self.said.append(response.code)

    def on_failure(self, hop, error):
        self.said.append(type(error))


def forget(kept):
    """Let go of what is in this list."""
    kept.clear()
    gc.collect()


async def read_all(stream):
    async with stream as response:
        return await response.read()


async def lines_of(*pieces, content_type="text/plain", **options):
    client = scripted(Said(200, *pieces, headers={"Content-Type": content_type}))
    async with client, client.stream("GET", NOWHERE) as response:
        return [line async for line in response.lines(**options)]


@on_every_loop
async def test_what_a_streamed_response_has():
    async with house() as site, client_of(site) as client:
        async with client.stream("POST", "/x", json=[1], headers={"X-Mine": "1"}) as response:
            assert isinstance(response, StreamedResponse)
            assert (response.code, response.reason, response.version) == (200, "OK", "HTTP/1.1")
            assert response.effective_url == site.url + "/x"
            assert response.headers["Content-Type"].startswith("application/json")
            assert response.request.method == "POST"
            assert list(response.history) == []
            assert response.time_info == {}
            assert repr(response) == f"<StreamedResponse 200 {site.url}/x>"
            assert response.raise_for_status() is response
            said = await response.json()
            assert (said["body"], said["headers"]["X-Mine"]) == ("[1]", "1")
            assert await response.read() == b""
        assert response.time_info["total"] > 0
        assert client.connections == (1, 1)


@on_every_loop
async def test_pieces():
    answer = Said(200, b"a", b"b", b"c")
    async with scripted(answer) as client:
        async with client.stream("GET", NOWHERE) as response:
            assert await anext(response) == b"a"
            assert await response.read_piece() == b"b"
            assert [piece async for piece in response] == [b"c"]
            assert [piece async for piece in response] == []
            assert await response.read_piece() == b""
            assert response.trailers == {"X-Behind": "y"}
        assert client.engine.hops[0].max_body_size is None
    assert answer.closed == 1


@on_every_loop
async def test_what_is_not_read_is_closed():
    for leave in (False, True):
        answer, trace = Said(200, b"a", b"b"), Told()
        async with scripted(answer) as client:
            if leave:
                with pytest.raises(LookupError):
                    async with client.stream("GET", NOWHERE, trace=trace) as response:
                        raise LookupError
            else:
                async with client.stream("GET", NOWHERE, trace=trace) as response:
                    async for _ in response:
                        break
        assert (answer.closed, trace.said) == (1, [LookupError if leave else 200])
        assert await response.read_piece() == b""


@on_every_loop
async def test_what_is_encoded_is_decoded():
    packed = gzip.compress(b"hello" * 100)
    headers = {"Content-Encoding": "gzip"}
    parts = [packed[:10], packed[10:]]
    async with (
        scripted(Said(200, *parts, headers=headers)) as client,
        client.stream("GET", NOWHERE) as response,
    ):
        assert await response.read() == b"hello" * 100
    async with (
        scripted(Said(200, *parts, headers=headers)) as client,
        client.stream("GET", NOWHERE, decompress_response=False) as response,
    ):
        assert await response.read() == packed


@on_every_loop
async def test_the_rest_as_a_whole():
    json_type = {"Content-Type": "text/plain; charset=latin-1"}
    async with scripted(
        Said(200, b"f\xfcnf", headers=json_type), Said(200, b"nothing"), Said(200, b"x" * 11)
    ) as client:
        async with client.stream("GET", NOWHERE) as response:
            assert await response.text() == "fünf"
        async with client.stream("GET", NOWHERE) as response:
            with pytest.raises(ValueError, match="Expecting"):
                await response.json()
        client.max_buffer_size = 10
        trace = Told()
        async with client.stream("GET", NOWHERE, trace=trace) as response:
            with pytest.raises(HTTPProtocolError, match="larger than 10 bytes"):
                await response.read()
        assert trace.said == [HTTPProtocolError]


# Lines


@on_every_loop
async def test_lines():
    assert await lines_of() == []
    assert await lines_of(b"one") == ["one"]
    assert await lines_of(b"one\n") == ["one"]
    assert await lines_of(b"\n\n") == ["", ""]
    assert await lines_of(b"one\r\ntw", b"o\r", b"\nthr\xc3", b"\xa9e\n\n", b"four") == (
        ["one", "two", "thrée", "", "four"]
    )
    assert await lines_of(b"a\rb\x0bc\xe2\x80\xa8d\n") == ["a\rb\x0bc\u2028d"]
    assert await lines_of(b"f\xfcnf\n", content_type="text/plain; charset=latin-1") == ["fünf"]
    assert await lines_of(b"\xff\n", b"\xc3") == ["\ufffd", "\ufffd"]
    every = b"one\r\ntwo\n\nthr\xc3\xa9e\r\n"
    assert await lines_of(*(every[i : i + 1] for i in range(len(every)))) == (
        ["one", "two", "", "thrée"]
    )


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["a", "é", "\r", "\n", "\r\n", "\U0001f600"])), st.data())
def test_lines_are_the_same_however_they_come(texts, data):
    whole = "".join(texts)
    encoded = whole.encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(encoded)))))
    pieces = [encoded[a:b] for a, b in itertools.pairwise([0, *cuts, len(encoded)]) if a < b]
    *ended, last = whole.split("\n")
    expected = [line.removesuffix("\r") for line in ended] + ([last] if last else [])
    assert asyncio.run(lines_of(*pieces)) == expected


@on_every_loop
async def test_lines_that_are_too_long():
    for pieces in ([b"x" * 11], [b"x" * 6, b"x" * 5, b"\n"], [b"ok\n" + b"x" * 11 + b"\n"]):
        with pytest.raises(HTTPProtocolError, match="longer than 10 characters"):
            await lines_of(*pieces, max_size=10)
    assert await lines_of(b"x" * 6, b"x" * 4, b"\n", b"x" * 10, max_size=10) == ["x" * 10] * 2


@on_every_loop
async def test_lines_of_a_server():
    async with house() as site, client_of(site) as client:
        async with client.stream("GET", "/lines") as response:
            lines = [line async for line in response.lines()]
        assert lines == ["one", "two", "thrée", "", "x" * 10]


# What goes wrong


@on_every_loop
async def test_a_status_that_is_raised():
    async with house() as site, client_of(site) as client:
        with pytest.raises(HTTPError, match="404") as caught:
            async with client.stream("GET", "/status/404"):
                pass
        assert caught.value.response.body == b"as you like"
        async with client.stream("GET", "/status/404", raise_error=False) as response:
            assert await response.read() == b"as you like"
            with pytest.raises(HTTPError, match="404"):
                response.raise_for_status()
        async with (
            client_of(site, raise_error=False) as lenient,
            lenient.stream("GET", "/status/500") as response,
        ):
            assert response.code == 500
        assert client.connections == (1, 1)
    answer, trace = Said(500, OSError("no")), Told()
    async with scripted(answer) as client:
        with pytest.raises(OSError, match="no"):
            async with client.stream("GET", NOWHERE, trace=trace):
                pass
    assert (answer.closed, trace.said) == (1, [OSError])


@on_every_loop
async def test_failures():
    trace = Told()
    answer = Said(200, b"a", HTTPStreamClosedError("broken off"))
    async with scripted(OSError("no"), answer) as client:
        with pytest.raises(OSError, match="no"):
            async with client.stream("GET", NOWHERE, trace=trace):
                pass
        async with client.stream("GET", NOWHERE, trace=trace) as response:
            with pytest.raises(HTTPStreamClosedError, match="broken off"):
                await response.read()
        assert trace.said == [OSError, HTTPStreamClosedError]
        assert answer.closed == 1


@on_every_loop
async def test_wrong_calls():
    async with scripted() as client:
        with pytest.raises(ValueError, match="streaming_callback"):
            client.stream("GET", NOWHERE, streaming_callback=print)
        with pytest.raises(KeyError):
            client.stream("DANCE", NOWHERE)
        with pytest.raises(ValueError, match="Body must not be None"):
            client.stream("POST", NOWHERE)
    with pytest.raises(RuntimeError, match="closed"):
        client.stream("GET", NOWHERE)


@on_every_loop
async def test_a_stream_is_used_once_and_by_one():
    async with house() as site, client_of(site) as client:
        stream = client.stream("GET", "/stuck?say=x")
        async with stream as response:
            with pytest.raises(RuntimeError, match="call stream"):
                await stream.__aenter__()
            assert await response.read_piece() == b"x"
            reading = asyncio.ensure_future(response.read_piece())
            await turns()
            with pytest.raises(RuntimeError, match="reads this response already"):
                await response.read_piece()
            await turns()
            assert not reading.done()
            reading.cancel()
            await turns()


@on_jumping_clock
async def test_times():
    trace = Told()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    client = scripted(None, Said(200, b"a", None), Said(500, None))
    with pytest.raises(HTTPTimeoutError, match=r"Timeout for a miracle$"):
        await read_all(client.stream("GET", NOWHERE, trace=trace))
    assert loop.time() == pytest.approx(begun + 20, abs=0.1)
    async with client.stream("GET", NOWHERE, trace=trace) as response:
        assert await response.read_piece() == b"a"
        await asyncio.sleep(1000)  # how long it takes is for the reader to say
        begun = loop.time()
        with pytest.raises(
            HTTPTimeoutError, match=r"Timeout during request, while reading the body of"
        ):
            await response.read_piece()
    assert loop.time() == pytest.approx(begun + 20, abs=0.1)
    with pytest.raises(HTTPTimeoutError, match="while reading the body"):
        await read_all(client.stream("GET", NOWHERE, request_timeout=3, trace=trace))
    assert trace.said == [HTTPTimeoutError] * 3
    client.close()


@on_jumping_clock
async def test_no_limit():
    answer = Said(200, None)
    client = scripted(answer)
    with pytest.raises(TimeoutError) as caught:
        await asyncio.wait_for(read_all(client.stream("GET", NOWHERE, request_timeout=0)), 100_000)
    assert not isinstance(caught.value, HTTPError)
    assert answer.closed == 1
    client.close()


@on_every_loop
async def test_an_engines_own_time_out_is_not_ours():
    for failing in (HTTPTimeoutError("connect"), Said(200, HTTPTimeoutError("stalled"))):
        async with scripted(failing) as client:
            with pytest.raises(HTTPTimeoutError, match=r"connect|stalled"):
                async with client.stream("GET", NOWHERE) as response:
                    await response.read()


@on_every_loop
async def test_a_response_that_is_forgotten():
    """Nobody has closed it: that is said, and what it held is given back."""
    seen = Told()
    async with house() as site, client_of(site, max_clients=1) as client:
        kept = [await client.stream("GET", "/endless", trace=seen).__aenter__()]
        assert await kept[0].read_piece()
        with pytest.warns(ResourceWarning, match=r"unclosed <StreamedResponse 200 .*async with"):
            forget(kept)
        assert (await client.fetch("/x")).code == 200
        assert seen.said == [HTTPStreamClosedError]
        assert client.connections == (1, 1)


def test_a_response_that_is_forgotten_behind_its_loop():
    async def main():
        async with scripted(Said(200, b"some")) as client:
            kept.append(await client.stream("GET", NOWHERE).__aenter__())

    kept = []
    asyncio.run(main())
    with pytest.warns(ResourceWarning, match="unclosed"):
        forget(kept)
