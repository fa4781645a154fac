"""Etags: of bodies of every size, with the processor's instructions and without; and which bodies are remembered."""

import asyncio
import gc
import hashlib
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.native.references import needs_native
from tests.wire.client import get
from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import IOLoop
from tornadolike.web import Application, RequestHandler

pytestmark = needs_native

LARGEST = 128 * 1024


@pytest.fixture(autouse=True)
def quiet(caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)


def sha1(body: bytes) -> str:
    return f'"{hashlib.sha1(body).hexdigest()}"'


@pytest.fixture(params=[False, True], ids=["", "plain"])
def digest(request: pytest.FixtureRequest) -> Iterator[Any]:
    from tornadolike._native import digest

    digest.choose(request.param)
    yield digest
    digest.choose(False)


def test_of_every_length_around_the_blocks(digest: Any) -> None:
    for size in [*range(200), 4095, 4096, 4097, 100_000]:
        body = bytes(i * 7 % 256 for i in range(size))
        assert digest.etag(body) == sha1(body), size


@given(st.binary(max_size=300))
@example(b"")
def test_of_any_bytes(body: bytes) -> None:
    from tornadolike._native import digest

    assert digest.etag(body) == sha1(body)


def is_known(body: Any) -> bool:
    from tornadolike._native import digest

    return bool(digest.is_known(body))


def field(head: bytes, name: str) -> str:
    found = re.search(name.encode() + rb": (.*)\r\n", head)
    assert found is not None
    return found[1].decode()


def etags(count: int, write: Callable[[Any, int], None]) -> list[str]:
    """Those of so many responses of a server, in which ``write(handler, number)`` writes."""

    class Page(RequestHandler):
        def get(self) -> None:
            write(self, int(self.get_argument("n")))

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        ours, sock = socket.socketpair()
        ours.setblocking(False)
        sock.setblocking(False)
        HTTPServer(Application([("/", Page)])).handle_socket(ours, ("127.0.0.1", 1))
        found = []
        for number in range(count):
            await loop.sock_sendall(sock, get(f"/?n={number}"))
            head, body = b"", b""
            while not head or len(body) < int(field(head, "Content-Length")):
                answer = head + body + await loop.sock_recv(sock, 1 << 20)
                head, end, body = answer.partition(b"\r\n\r\n")
                head += end
            found.append(field(head, "Etag"))
        sock.close()
        return found

    loop = IOLoop(make_current=False)
    try:
        return loop.run_until_complete(main())
    finally:
        loop.close(all_fds=True)


@pytest.mark.parametrize("how", ["write", "finish"])
@pytest.mark.parametrize("kind", [str, bytes])
def test_a_page_that_somebody_keeps_is_remembered(kind: Any, how: str) -> None:
    text = f"a page that {how}() gets " * 3
    page: Any = text if kind is str else text.encode()
    assert not is_known(page)
    assert (
        etags(5, lambda handler, number: getattr(handler, how)(page)) == [sha1(text.encode())] * 5
    )
    assert is_known(page)


def test_what_is_written_in_pieces_is_not_remembered() -> None:
    bodies = []

    def write(handler: Any, number: int) -> None:
        handler.write("one ")
        handler.write("two")
        bodies.append(handler._write_buffer)

    assert etags(3, write) == [sha1(b"one two")] * 3
    assert not any(is_known(piece) for body in bodies for piece in body)


def test_what_nobody_keeps_is_not_owned() -> None:
    """Its memory is used again, by texts whose Etags are their own."""
    texts = []

    def write(handler: Any, number: int) -> None:
        text = f"{number:04}: a text of this request"
        texts.append(id(text))
        handler.write(text)

    found = etags(200, write)
    assert found == [sha1(f"{number:04}: a text of this request".encode()) for number in range(200)]
    assert len(set(texts)) < 100


def test_a_large_page_is_not_remembered() -> None:
    for size, known in ((LARGEST, True), (LARGEST + 1, False)):
        page = "x" * size
        assert (
            etags(2, lambda handler, number, page=page: handler.write(page))
            == [sha1(page.encode())] * 2
        )
        assert is_known(page) == known


def test_no_more_are_owned_than_there_are_places() -> None:
    pages = [f"page {number} " * 5 for number in range(1000)]

    def write(handler: Any, number: int) -> None:
        handler.write(pages[number])

    wanted = [sha1(page.encode()) for page in pages]
    assert etags(1000, write) == wanted
    known = [page for page in pages if is_known(page)]
    assert 0 < len(known) <= 64
    before = sum(map(sys.getrefcount, pages))
    assert etags(1000, write) == wanted
    gc.collect()
    assert sum(map(sys.getrefcount, pages)) == before


def test_a_derived_text_is_not_remembered() -> None:
    class Text(bytes):
        pass

    page = Text(b"a page of a class of its own")
    assert etags(2, lambda handler, number: handler.write(page)) == [sha1(page)] * 2
    assert not is_known(page)
