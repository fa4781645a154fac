"""Downloads: whole, broken off, resumed."""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import fixture_of_run, on_every_loop, run_on
from tornadolike.cli.fetching.asking import ENGINES
from tornadolike.httpclient import HTTPError, HTTPRequest
from tornadolike.httpclient.downloading import download, strong_validator
from tornadolike.httpclient.failures import HTTPProtocolError, HTTPStreamClosedError
from tornadolike.httputil import HTTPHeaders
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient
from tornadolike.util import import_object
from tornadolike.web import Application, RequestHandler

DATA = os.urandom(300_000)
LARGE = os.urandom(3_000_000)
"""So much that no engine has all of it before anybody looks."""
VERSIONS = {"ETag": '"1"'}
DATED = {"Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT", "Date": "Sun, 09 Sep 2001 01:47:40 GMT"}


run = fixture_of_run(20)


class Script:
    """A server on whose connections is said what stands here: one answer to each request."""

    def __init__(self):
        self.answers = []
        self.requests = []

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        writer.write(self.answers.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        self.client = SimpleAsyncHTTPClient(force_instance=True)
        return self

    async def __aexit__(self, *_):
        self.client.close()
        self._server.close()
        await self._server.wait_closed()

    def says(self, body, status="200 OK", length=None, **headers):
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        length = len(body) if length is None else length
        head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {length}", "", ""])
        self.answers.append(head.encode() + body)

    def breaks_off(self, body=DATA[:1000], **headers):
        self.says(body, length=len(DATA), **(headers or VERSIONS))

    def asked(self, header):
        """What the last request said."""
        headers = HTTPHeaders.parse(self.requests[-1].partition("\r\n")[2])
        return headers.get(header)


@on_every_loop
async def test_a_download(tmp_path):
    seen = []
    async with Script() as server:
        server.says(DATA, ETag='"1"')
        response = await download(
            server.client, server.url, tmp_path / "f", progress=lambda *now: seen.append(now)
        )
        assert server.asked("Accept-Encoding") == "identity"
        assert server.asked("Range") is None
    assert (response.code, response.body) == (200, b"")
    assert (tmp_path / "f").read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@on_every_loop
async def test_the_request_is_the_authors(tmp_path):
    lines = []
    request = HTTPRequest("http://x/", header_callback=lines.append, headers={"X-Mine": "1"})
    before = dict(vars(request))
    async with Script() as server:
        request.url = before["url"] = server.url
        server.says(b"")
        await download(server.client, request, tmp_path / "f")
        assert server.asked("X-Mine") == "1"
    assert vars(request) == before
    assert dict(request.headers) == {"X-Mine": "1"}
    assert lines[0] == "HTTP/1.1 200 OK\r\n"
    assert (tmp_path / "f").read_bytes() == b""


@on_every_loop
async def test_urls_are_relative_to_what_the_client_says(tmp_path):
    async with Script() as server:
        client = SimpleAsyncHTTPClient(
            force_instance=True, base_url=server.url + "api/", raise_error=False
        )
        server.says(b"x")
        await download(client, "f", tmp_path / "f")
        assert server.requests[-1].startswith("GET /api/f ")
        server.says(b"x", "404 Not Found")
        with pytest.raises(HTTPError, match="404"):
            await download(client, "f", tmp_path / "f")
        client.close()
    assert (tmp_path / "f").read_bytes() == b"x"


@pytest.mark.parametrize("resume", [False, True])
@on_every_loop
async def test_what_was_there_stays_until_all_has_come(tmp_path, resume):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, path, resume=resume)
        server.says(b"not found", "404 Not Found")
        with pytest.raises(HTTPError, match="404"):
            await download(server.client, server.url, path, resume=resume)
    assert path.read_bytes() == b"old"
    left = {"f", "f.part", "f.part.json"} if resume else {"f"}
    assert set(os.listdir(tmp_path)) == left


@pytest.mark.parametrize("headers", [VERSIONS, DATED])
@on_every_loop
async def test_it_goes_on_where_it_has_ended(tmp_path, headers):
    async with Script() as server:
        server.breaks_off(**headers)
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        told = f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"
        server.says(DATA[1000:], "206 Partial Content", Content_Range=told, **headers)
        seen = []
        response = await download(
            server.client,
            server.url,
            tmp_path / "f",
            resume=True,
            progress=lambda *now: seen.append(now),
        )
        assert server.asked("Range") == "bytes=1000-"
        assert server.asked("If-Range") == (headers.get("ETag") or headers["Last-Modified"])
    assert response.code == 206
    assert seen[0][0] > 1000
    assert seen[-1] == (len(DATA), len(DATA))
    assert (tmp_path / "f").read_bytes() == DATA
    assert os.listdir(tmp_path) == ["f"]


@on_every_loop
async def test_what_has_changed_comes_anew(tmp_path):
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        server.says(b"all is new", ETag='"2"')
        await download(server.client, server.url, tmp_path / "f", resume=True)
        assert server.asked("Range") == "bytes=1000-"
    assert (tmp_path / "f").read_bytes() == b"all is new"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nothing": "known"},
        {"ETag": 'W/"1"', **DATED},
        {"Last-Modified": DATED["Date"], "Date": DATED["Date"]},
        {"Last-Modified": "long ago", "Date": DATED["Date"]},
    ],
)
@on_every_loop
async def test_what_nobody_can_tell_apart_is_not_kept(tmp_path, headers):
    async with Script() as server:
        server.breaks_off(**{name.replace("-", "_"): value for name, value in headers.items()})
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
    assert os.listdir(tmp_path) == []
    assert strong_validator(HTTPHeaders(headers)) is None


@on_every_loop
async def test_another_address_is_another_thing(tmp_path):
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        server.says(b"new")
        await download(server.client, server.url + "other", tmp_path / "f", resume=True)
        assert server.asked("Range") is None
    assert (tmp_path / "f").read_bytes() == b"new"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content_Range": "bytes 999-299999/300000"},
        {"Content_Range": "bytes */300000"},
        {"Content_Range": "bytes 1000-299999/300000", "ETag": '"2"'},
        {"Content_Range": "bytes 1000-300000/300001"},
        {"Content_Range": "bytes 1000-299999/300000", "Content_Encoding": "gzip"},
    ],
)
@on_every_loop
async def test_a_rest_of_something_else_is_refused(tmp_path, headers):
    """And what there is is given up: the next try begins anew."""
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        server.says(DATA[1000:], "206 Partial Content", **headers)
        with pytest.raises(HTTPProtocolError, match="bytes from 1000"):
            await download(server.client, server.url, tmp_path / "f", resume=True)
    assert os.listdir(tmp_path) == []


@on_every_loop
async def test_a_rest_of_another_day_is_refused(tmp_path):
    """A server may not know If-Range, and give the rest of what there is now."""
    async with Script() as server:
        server.breaks_off(**DATED)
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        later = {**DATED, "Last-Modified": "Sun, 09 Sep 2001 01:46:41 GMT"}
        told = "bytes 1000-299999/300000"
        server.says(DATA[1000:], "206 Partial Content", Content_Range=told, **later)
        with pytest.raises(HTTPProtocolError, match="01:46:41 GMT came"):
            await download(server.client, server.url, tmp_path / "f", resume=True)
    assert os.listdir(tmp_path) == []


@on_every_loop
async def test_the_size_that_was_promised_at_first_counts(tmp_path):
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        told = "bytes 1000-1999/*"
        server.says(DATA[1000:2000], "206 Partial Content", Content_Range=told)
        with pytest.raises(HTTPProtocolError, match="of 300000 bytes that were promised 2000 came"):
            await download(server.client, server.url, tmp_path / "f", resume=True)


@on_every_loop
async def test_a_rest_that_does_not_make_it_whole(tmp_path):
    async with Script() as server:
        server.breaks_off()
        with pytest.raises(HTTPStreamClosedError):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        server.says(DATA[1000:2000], "206 Partial Content", Content_Range="bytes 1000-1999/300000")
        with pytest.raises(HTTPProtocolError, match="of 300000 bytes that were promised 2000 came"):
            await download(server.client, server.url, tmp_path / "f", resume=True)
        told = "bytes 2000-299999/*"
        server.says(DATA[2000:], "206 Partial Content", Content_Range=told)
        await download(server.client, server.url, tmp_path / "f", resume=True)
    assert (tmp_path / "f").read_bytes() == DATA


@pytest.mark.parametrize("whole", [True, False])
@on_every_loop
async def test_nothing_is_left_to_be_asked_for(tmp_path, whole):
    """If all was there, and only the name was not."""
    (tmp_path / "f.part").write_bytes(b"12345")
    async with Script() as server:
        (tmp_path / "f.part.json").write_text(f'{{"url": "{server.url}", "validator": "\\"1\\""}}')
        told = f"bytes */{5 if whole else 3}"
        server.says(b"", "416 Range Not Satisfiable", Content_Range=told)
        server.says(b"anew")
        await download(server.client, server.url, tmp_path / "f", resume=True)
        assert len(server.requests) == (1 if whole else 2)
    assert (tmp_path / "f").read_bytes() == (b"12345" if whole else b"anew")
    assert os.listdir(tmp_path) == ["f"]


@on_every_loop
async def test_a_part_that_nobody_has_asked_for(tmp_path):
    async with Script() as server:
        told = "bytes 0-4/10"
        server.says(b"12345", "206 Partial Content", Content_Range=told)
        with pytest.raises(HTTPProtocolError, match="a part came"):
            await download(server.client, server.url, tmp_path / "f")
        server.says(b"12345", "206 Partial Content", Content_Range=told)
        request = HTTPRequest(server.url, headers={"Range": "bytes=0-4"})
        await download(server.client, request, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"12345"


@on_every_loop
async def test_an_endless_page_about_an_error(tmp_path):
    async with Script() as server:
        server.says(b"x" * 100_000, "500 Oh No", length=10**12)
        with pytest.raises(HTTPError, match="500"):
            await download(server.client, server.url, tmp_path / "f")


@on_every_loop
async def test_who_cancels_leaves_nothing(tmp_path):
    reached = asyncio.Event()
    async with Script() as server:
        gate = asyncio.Event()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            await gate.wait()
            writer.close()

        slow = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/"
        task = asyncio.ensure_future(
            download(server.client, url, tmp_path / "f", progress=lambda *_: reached.set())
        )
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()
        slow.close()
        await slow.wait_closed()
    assert os.listdir(tmp_path) == []


@on_every_loop
async def test_wrong_arguments(tmp_path):
    async with Script() as server:
        for request in (
            HTTPRequest(server.url, streaming_callback=print),
            HTTPRequest(server.url, "POST", body="x"),
            HTTPRequest(server.url, headers={"Range": "bytes=0-5"}),
        ):
            with pytest.raises(ValueError, match=r"streaming_callback|by GET"):
                await download(server.client, request, tmp_path / "f", resume=True)
    assert os.listdir(tmp_path) == []


class Flaky:
    """A server that has a file, and breaks off somewhere each time but for the last."""

    def __init__(self, data, breaks):
        self.data = data
        self.breaks = breaks

    async def __call__(self, reader, writer):
        head = HTTPHeaders.parse(
            (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[2]
        )
        start = int(head.get("Range", "bytes=0-")[6:-1])
        assert start == 0 or head["If-Range"] == '"v"'
        body = self.data[start:]
        size = len(self.data)
        status = (
            f"206 Rest\r\nContent-Range: bytes {start}-{size - 1}/{size}" if start else "200 OK"
        )
        said = (
            f'HTTP/1.1 {status}\r\nETag: "v"\r\nContent-Length: {len(body)}\r\n\r\n'.encode() + body
        )
        writer.write(said[: self.breaks.pop(0)] if self.breaks else said)
        writer.close()
        await writer.wait_closed()


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=2000), st.lists(st.integers(0, 2200), max_size=4))
def test_wherever_it_breaks_off(data, breaks):
    async def main(path):
        client = SimpleAsyncHTTPClient(force_instance=True)
        server = await asyncio.start_server(Flaky(data, breaks), "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(10):
            with contextlib.suppress(HTTPStreamClosedError):
                await download(client, url, path, resume=True)
                break
            assert not path.exists()
        assert path.read_bytes() == data
        client.close()
        server.close()
        await server.wait_closed()

    with tempfile.TemporaryDirectory() as folder:
        run_on(asyncio.new_event_loop, main(Path(folder) / "f"))
        assert os.listdir(folder) == ["f"]


class Compressed(RequestHandler):
    """Compresses what is compressible, for who wants it; and knows ranges, as static files do."""

    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write("compressible " * 1000)


def test_decoding_by_choice(serve, run, tmp_path):
    server = serve(Application([("/", Compressed)], compress_response=True))

    async def main():
        client = SimpleAsyncHTTPClient(force_instance=True)
        for choice in (None, True):
            request = HTTPRequest(server.url, decompress_response=choice)
            path = tmp_path / str(choice)
            response = await download(client, request, path, resume=True)
            assert path.read_text() == "compressible " * 1000
            assert ("X-Consumed-Content-Encoding" in response.headers) == bool(choice)
        client.close()

    run(main)


@pytest.mark.parametrize("engine", ENGINES)
def test_our_own_static_files_are_resumed(serve, run, tmp_path, engine):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "f.bin").write_bytes(LARGE)
    server = serve(Application(static_path=str(tmp_path / "site")))
    url = f"{server.url}/static/f.bin"
    if engine == "curl":
        pytest.importorskip("pycurl")

    async def main():
        client = import_object(ENGINES[engine])(force_instance=True)

        def stop(done, total):
            if done < total:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            await download(client, url, tmp_path / "f", resume=True, progress=stop)
        part = (tmp_path / "f.part").stat().st_size
        assert 0 < part < len(LARGE)
        response = await download(client, url, tmp_path / "f", resume=True)
        assert response.headers["Content-Range"] == f"bytes {part}-{len(LARGE) - 1}/{len(LARGE)}"
        client.close()

    run(main)
    assert (tmp_path / "f").read_bytes() == LARGE
