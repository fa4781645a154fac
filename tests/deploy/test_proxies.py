"""All that a site does goes through nginx and through HAProxy as the pages have them, and as if they were not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from tests.conftest import read_all
from tests.deploy.conftest import Front
from tests.deploy.programs import PATIENCE
from tests.deploy.visitor import Traffic, events
from tests.tls_certs import Certificates

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]

SIZE = 3_000_000


def test_the_site_knows_who_asks_for_what(front: Front) -> None:
    for source in ("127.0.0.1", "127.0.0.2"):
        told = front.visitor.told("/", source=source)
        assert (told["client"], told["url"]) == (source, front.visitor.url + "/")


def test_what_a_client_says_of_itself_is_not_believed(front: Front) -> None:
    invented = {
        "X_Forwarded_For": "192.0.2.1",
        "X_Forwarded_Proto": "http",
        "Forwarded": "for=192.0.2.2;proto=http",
        "X_Real_IP": "192.0.2.3",
    }
    told = front.visitor.told("/", **invented)
    assert (told["client"], told["url"]) == ("127.0.0.1", front.visitor.url + "/")


def test_plain_http_is_sent_to_https(front: Front) -> None:
    status, headers, _ = front.plain.ask("/slow?seconds=0", Host="site.example")
    assert (status, headers["Location"]) == (308, "https://site.example/slow?seconds=0")


def test_a_connection_is_kept_and_requests_are_sent_ahead(front: Front) -> None:
    with front.visitor.connect() as sock:
        request = b"GET /download?size=%d HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
        sizes = [1, 20, 3]
        for _ in range(2):
            sock.sendall(b"".join(request % (size, b"") for size in sizes[:2]))
        sock.sendall(request % (sizes[2], b"Connection: close\r\n"))
        received = read_all(sock)
    lengths = [line for line in received.lower().split(b"\r\n") if b"content-length" in line]
    assert [int(line.split(b":")[1]) for line in lengths] == [1, 20, 1, 20, 3]
    assert received.count(b"HTTP/1.1 200 ") == 5


def test_http_2(front: Front, certs: Certificates) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        [curl, "-sS", "--http2", "--cacert", certs.ca, "-w", "%{http_version}", front.visitor.url],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    told, version = done.stdout.removesuffix("2"), done.stdout[-1]
    assert version == "2"
    assert json.loads(told)["url"] == front.visitor.url + "/"


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
def test_an_upload(front: Front, chunked: bool) -> None:
    body = bytes(range(256)) * (SIZE // 256)
    pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
    answer = front.visitor.told(
        "/upload",
        method="POST",
        body=pieces if chunked else body,
        **({"Transfer_Encoding": "chunked"} if chunked else {}),
    )
    assert answer == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert not on_disk(front)


def test_a_download_whose_client_is_slow(front: Front) -> None:
    with front.visitor.connect() as sock:
        request = b"GET /download?size=%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        sock.sendall(request % (8 * SIZE))
        first = sock.recv(1)
        assert front.visitor.told("/")  # the others are served meanwhile
        head, _, body = (first + read_all(sock)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(body) == 8 * SIZE
    assert body[-256:] == bytes((number + 8 * SIZE) % 256 for number in range(256))
    assert not on_disk(front)


def on_disk(front: Front) -> bool:
    """Whether the proxy has laid something down on its disk: nginx says so, HAProxy never does it."""
    return "temporary file" in front.log()


def test_events_come_as_they_happen(front: Front) -> None:
    with contextlib.closing(events(front.visitor, "41")) as lines:
        numbers = [told["number"] for told in data(lines, 2)]
    assert numbers == [42, 43]


def data(lines: Iterator[str], count: int) -> Iterator[dict[str, int]]:
    """What so many events tell."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
            count -= 1
            if not count:
                return


def test_a_websocket(front: Front) -> None:
    with connect(
        front.visitor.url.replace("https", "wss") + "/echo",
        origin=front.visitor.url,  # type: ignore[arg-type]
        ssl=front.visitor.context,
        proxy=None,
        open_timeout=PATIENCE,
    ) as socket:
        for message in ("hello", b"\0\1", "x" * 200_000):
            socket.send(message)
            assert socket.recv(PATIENCE) == message


def test_a_page_of_another_site_gets_no_websocket(front: Front) -> None:
    with pytest.raises(Exception, match="HTTP 403"):
        connect(
            front.visitor.url.replace("https", "wss") + "/echo",
            origin="https://evil.example",  # type: ignore[arg-type]
            ssl=front.visitor.context,
            proxy=None,
        )


def test_the_site_is_reloaded_and_no_visitor_notices(front: Front) -> None:
    with Traffic(front.visitor) as traffic:
        traffic.wait_for(20)
        before = set(traffic.processes)
        for site in front.sites:
            site.reload()
        traffic.wait_for(50)
    assert traffic.wrong == []
    assert traffic.processes - before
