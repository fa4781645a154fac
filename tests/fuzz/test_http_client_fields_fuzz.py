"""Fields that mean something to a client, from servers that get them wrong: a fetch still ends as it should."""

import random
from typing import Any

import pytest

from tests.fuzz.http1_inputs import SECONDS, generators, mutated
from tests.httpclient.behaviours.engines import ENGINES, Engine, outcome
from tests.httpclient.behaviours.scripted import Peer, ok, scripted
from tornadolike.httpclient.addresses import Address, parse_url
from tornadolike.httpclient.retries import Retries

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

ROUNDS = 300

PIECES = [
    b'"',
    b"\\",
    b"=",
    b",",
    b";",
    b" ",
    b"\t",
    b"%",
    b"\xff",
    b"\xc3\xbc",
    b"9" * 30,
    b"-1",
    b"None",
    b"\xb2",
]

FIELDS = {
    b"Set-Cookie": [
        b"a=b; Path=/; Domain=127.0.0.1; Max-Age=60; HttpOnly",
        b"a=b; Expires=Wed, 21 Oct 2099 07:28:00 GMT",
    ],
    b"WWW-Authenticate": [
        b'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o", charset=UTF-8',
        b'Basic realm="r", Digest realm="r", nonce="n", algorithm=MD5-sess, qop=auth, stale=true',
    ],
    b"Retry-After": [b"120", b"Wed, 21 Oct 2099 07:28:00 GMT"],
    b"Content-Encoding": [b"gzip", b"gzip, br", b"identity"],
    b"Content-Type": [b'text/plain; charset="utf-8"', b"application/json; charset=utf-16"],
    b"Location": [b"there?a=b#c", b"./../there"],
    b"Connection": [b"keep-alive", b"close, upgrade"],
    b"Keep-Alive": [b"timeout=5, max=100"],
}  # fmt: skip
CONTROLS = bytes({*range(0x20), 0x7F} - {0x09})
"""What would make it no HTTP at all."""

STATUSES = [200, 200, 200, 301, 303, 307, 401, 401, 407, 429, 503, 206, 304]


def answer_by(rng: random.Random) -> bytes:
    """An answer that is HTTP, with fields that may be nonsense."""
    fields = []
    for name in rng.sample(sorted(FIELDS), rng.randrange(1, 5)):
        value = mutated(rng, rng.choice(FIELDS[name]), PIECES)
        fields.append(name + b": " + value.translate(None, CONTROLS))
    body = rng.choice([b"", b"hello", b'{"a": 1}', b"\x1f\x8b\xff"])
    status = rng.choice(STATUSES)
    return ok(b"" if status == 304 else body, *fields, line=b"HTTP/1.1 %d Odd" % status)


async def at_once(delay: float) -> None:
    """No time has to pass."""


OPTIONS: list[dict[str, Any]] = [
    {"auth_username": "a", "auth_password": "b", "auth_mode": "digest"},
    {"auth_username": "a", "auth_password": "b"},
    {"retries": Retries(attempts=3, sleep=at_once)},
    {},
]


@pytest.mark.parametrize("name", ENGINES)
def test_fields(name: str) -> None:
    if name == "curl":
        pytest.importorskip("pycurl")
    answers: list[bytes] = []

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(answers[-1])

    async def main(client: Any) -> None:
        for rng in generators(ROUNDS):
            answers.append(answer_by(rng))
            options = rng.choice(OPTIONS)
            # One of the tree, or a response: whatever else is raised fails here.
            assert await outcome(client, server.url, **options)
            response = await client.fetch(
                server.url, raise_error=False, follow_redirects=False, decompress_response=False
            )
            assert isinstance(response.text, str)
            try:
                response.json()
            except ValueError:
                continue

    with scripted(script) as server:
        Engine(name).run(main, cookies=True)
    assert len(answers) >= ROUNDS


LOCATIONS = [
    b"http://somebody:secret@host.example:81/a/b;c?d=e#f",
    b"//[::1]:80/a",
    b"../../a//b/./c?d",
    b"https://h\xc3\xb6st.example/\xc3\xbc",
    b"HTTP://127.0.0.1/%zz%41",
]
PARTS = [
    *(b"/", b"//", b":", b"@", b"[", b"]", b"?", b"#", b"\\", b" ", b"\t", b"%"),
    *(b"http:", b"..", b"\xe3\x80\x82"),
]  # fmt: skip


def test_locations() -> None:
    """Where one leads is an address that can be sent, with no user; or a ValueError."""
    base = parse_url("https://base.example:444/a/b?c")
    for rng in generators(3000):
        location = mutated(rng, rng.choice(LOCATIONS), PARTS).decode("latin1")
        try:
            found = base.redirected(location)
        except ValueError:
            continue
        assert isinstance(found, Address)
        assert found.username is None
        assert found.scheme in ("http", "https")
        assert found.resource.startswith("/")
        assert found.resource.isascii()
        assert not set(found.resource) & set(" \t\r\n\\#")
        # Whoever reads it again finds the same host. (The zone of an address is for this machine only.)
        again = parse_url(found.url)
        assert (again.host, again.port) == (found.host.partition("%")[0], found.port)
