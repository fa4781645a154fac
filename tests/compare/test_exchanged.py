"""Signed cookies that Tornado has set are ours, and ours are Tornado's: over HTTP, with each format and secret."""

import http.client
import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.compare.frameworks import Running, running

pytestmark = pytest.mark.once

PACKAGES = ["tornado", "tornadolike"]
VALUES = ["alice", "", "\xff\x00", "a|b;c\r\n", "x" * 2000]
WAYS: list[tuple[str, int | None, set[str], int | None]] = [
    # the site that signs, the format, the sites that read it, the number of the secret
    ("one", None, {"one", "first", "both"}, 0),
    ("one", 2, {"one", "first", "both"}, 0),
    ("one", 1, {"one"}, None),
    ("first", None, {"one", "first", "both"}, 0),
    ("both", None, {"first", "both", "newer"}, 7),
    ("newer", 2, {"first", "both", "newer"}, 7),
]
SITES = ["one", "first", "both", "newer"]


def ask(server: Running, path: str, **headers: str) -> tuple[bytes, list[str]]:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        client.request("GET", path, headers=headers)
        response = client.getresponse()
        body = response.read()
        assert response.status == 200, body
        return body, response.headers.get_all("Set-Cookie", [])
    finally:
        client.close()


@pytest.mark.parametrize("reader", PACKAGES)
@pytest.mark.parametrize("signer", PACKAGES)
def test_each_reads_what_the_other_has_set(signer: str, reader: str, tmp_path: Path) -> None:
    with running("exchanged", signer, tmp_path) as signing, ExitStack() as stack:
        reading = signing
        if reader != signer:
            reading = stack.enter_context(running("exchanged", reader, tmp_path))
        for site, version, readers, number in WAYS:
            for value in VALUES:
                query = f"value={value.encode('latin1').hex()}" + (
                    f"&version={version}" if version else ""
                )
                _, (cookie,) = ask(signing, f"/{site}/set?{query}")
                cookie = cookie.partition(";")[0]
                text = cookie.partition("=")[2].strip('"')
                headers = {"Cookie": cookie, "X-Value": text}
                # Tornado fails if it has several secrets and gets a value of version 1.
                for other in SITES if version != 1 else ["one"]:
                    found = value if other in readers else None
                    body, _ = ask(reading, f"/{other}/read", **headers)
                    assert json.loads(body) == {
                        "read": found,
                        "not so old": None if version == 1 else found,
                        "too old": None,
                        "still good": found,
                        "of another name": None,
                        "from elsewhere": found,
                        "number": number,
                    }, (site, other, value)
