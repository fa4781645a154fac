"""Much passes through little memory, in whatever way a handler takes it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.forms import CONTENT_TYPE, LAST, file

ROOT = Path(__file__).parents[2]
SIZE = 200_000_000
PIECE = bytes(range(256)) * 4096


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of the server, which has its folder in ``tmp_path``."""
    command = [sys.executable, "-m", "tests.web.upload_server", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def upload(port: int, path: str, size: int) -> dict[str, int]:
    """Send a form with a file of so many bytes, and return the answer."""
    begin, end = file("f", "x", b"\0").split(b"\0")
    end += LAST
    name, value = CONTENT_TYPE.split(": ")
    length = len(begin) + size + len(end)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest("POST", path)
        connection.putheader(name, value)
        connection.putheader("Content-Length", str(length))
        connection.endheaders(begin)
        for at in range(0, size, len(PIECE)):
            connection.send(PIECE[: size - at])
        connection.send(end)
        answer: dict[str, int] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if path == "/pushed":
        answer["size"] -= length - size
    return answer


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("path", ["/pushed", "/parts", "/saved", "/spooled"])
def test_memory_does_not_grow_with_the_upload(port: int, path: str, tmp_path: Path) -> None:
    upload(port, path, 3_000_000)
    answer = upload(port, path, SIZE)
    assert answer["size"] == SIZE
    assert answer["growth"] < 4_000_000
    if path == "/saved":
        saved = tmp_path / "saved"
        assert saved.stat().st_size == SIZE
        saved.unlink()
    assert list(tmp_path.iterdir()) == []
