"""The same bytes to the native server and to the Python one: both have to say, see and log the same.

    python -m tests.native.differential --seconds 600 --seed 7      by hand, for as long as you like
    python -m tests.native.differential --seed 7 --only 1234        that conversation again, and what it was

Each conversation is one connection: well-formed requests of all kinds, some of them damaged, pipelined or one by one,
cut at random places; in the end the client closes its side. Its seed and its number make it what it is.
"""

import argparse
import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0
TRIES = 8

METHODS = ["GET"] * 12 + [
    "HEAD",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "BREW",
    "CONNECT",
    "TRACE",
    "get",
]
TARGETS = [
    "/", "/", "/?q=1", "/echo", "/echo?q=a+b&a=1&a=%C3%A9&b", "/echo/x%20y?q=%ff&&=&a", "/echo//..", "/raw/12",
    "/raw/1a", "/raw/x.y/end", "/raw/%2F/end", "/raw/%ff/end", "/raw/a/b", "/raw/c/d", "/status/200", "/status/204",
    "/status/304", "/status/404", "/status/999", "/status/1", "/at/now", "/at/once", "/at/twice",
    "/at/flush", "/at/fails",
    "/flush", "/fails/error", "/fails/finish", "/fails/twice", "/fails/late", "/fails/bug", "/redirect",
    "/redirect?to=/a%0ab",
    "/cookie", "/big/10", "/big/9000", "/big/200000", "/tagged", "/form", "/stream", "/patched", "/closes",
    "/nowhere",
    "http://example.org/echo?a=1", "*", "/#", "/\x7f", "/a b", "", "//echo", "/echo?" + "a=1&" * 40,
    "/" + "long" * 900,
    # What is behind these is made up.
    *("/headers/", "/async/", "/asynconly/") * 5,
]  # fmt: skip
MADE_UP = {"/headers/": "abcdefghijklmnopxyz", "/async/": "pqabcdefghi", "/asynconly/": "abcdefghi"}
FIELDS = [
    "Host: example.org", "host:localhost:80", "Connection: close", "Connection: keep-alive",
    "Connection: Keep-Alive, x",
    "Cookie: a=1; b=\"two\"; seen=3", "Cookie: seen=x", "If-None-Match: \"mine\"", "If-None-Match: *",
    "If-None-Match: W/\"mine\", \"x\"", "If-None-Match: \"0a0a9f2a6772942557ab5355d76af442f8f65e01\"",
    "X-Two: 1", "X-Two: 2",
    "x-two:\t3 ", "X-Empty:", "X-High: \xe9", "Accept: */*", "User-Agent: fuzz", "Expect: 100-continue",
    "Expect: something",
    "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json", "Upgrade: websocket",
    "Transfer-Encoding: chunked", "Content-Length: 0", "Content-Length: 3", "X-Forwarded-For: 1.2.3.4",
    "Range: bytes=0-2",
    "Sec-Fetch-Site: cross-site", "Bad Name: 1", "NoColon", " folded", ": empty", "X-Null: \x00",
    "X-Bare: a\rb", "Accept-Encoding: gzip",
    "X-Long: " + "y" * 3000,
]  # fmt: skip
BODIES = [
    b"",
    b"abc",
    b"a=1&a=2&b=%C3%A9",
    b"a" * 5000,
    b"a=" + b"x" * 25_000,
    b"\x00\r\n\r\nGET / HTTP/1.1\r\n\r\n",
]


def request(rng: random.Random) -> bytes:
    method, target = rng.choice(METHODS), rng.choice(TARGETS)
    if target in MADE_UP:
        target += "".join(rng.choices(MADE_UP[target], k=rng.choice([1, 1, 2, 3, 5, 12])))
    version = rng.choice(
        ["HTTP/1.1"] * 15 + ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 "]
    )
    fields = ["Host: a.example"] if rng.random() < 0.95 else []
    fields += rng.choices(FIELDS, k=rng.choice([0, 0, 0, 1, 1, 2, 3, 6]))
    body = b""
    if rng.random() < (0.8 if method in ("POST", "PUT", "PATCH") else 0.05):
        body = rng.choice(BODIES)
        if rng.random() < 0.7:
            fields.append(f"Content-Length: {len(body)}")
        else:
            fields.append("Transfer-Encoding: chunked")
            body = chunked(rng, body)
    rng.shuffle(fields)
    head = "\r\n".join([f"{method} {target} {version}", *fields, "", ""])
    return head.encode("latin1") + body


def chunked(rng: random.Random, body: bytes) -> bytes:
    size = rng.choice([1, 7, 1000])
    if len(body) > 200 and size < 100:
        size = 1000
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def conversation(seed: int, number: int) -> list[bytes]:
    """What the client of this conversation writes, write by write."""
    rng = random.Random(f"{seed}:{number}")
    same = request(rng)
    data = bytearray()
    for _ in range(rng.choice([1, 1, 2, 3, 8, 20])):
        data += same if rng.random() < 0.3 else request(rng)
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2])):
        damage(rng, data)
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice([0, 0, 1, 2, 5])))
    return [bytes(data[a:b]) for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


def damage(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    how = rng.randrange(4)
    if how == 0:
        data[at : at + 1] = bytes([rng.randrange(256)])
    elif how == 1:
        del data[at : at + rng.choice([1, 2, 10])]
    elif how == 2:
        data[at:at] = rng.choice(
            [b"\r\n", b"\n", b"\r", b" ", b"\x00", b"GET / HTTP/1.1\r\n\r\n", b":"]
        )
    else:
        del data[at:]


@dataclass
class Site:
    """One of the two servers."""

    process: "subprocess.Popen[str]"
    address: str
    log: Path
    logged: int = 0

    def talk(self, pieces: list[bytes]) -> bytes:
        """What it answers to this, until it closes."""
        answer = bytearray()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(self.address)
            try:
                for number, piece in enumerate(pieces):
                    if number:
                        time.sleep(
                            0.0005
                        )  # the pieces are to come one by one; nothing depends on it
                    sock.sendall(piece)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has closed already
            with contextlib.suppress(ConnectionResetError):
                while data := sock.recv(65536):
                    answer += data
        return bytes(answer)

    def new_log(self) -> str:
        """What it has logged since this was asked last."""
        self.talk([b"GET /nowhere-in-particular HTTP/1.1\r\nHost: sync\r\n\r\n"])
        text = self.log.read_text(errors="backslashreplace")
        new, self.logged = text[self.logged :], len(text)
        return new.partition("WARNING:tornadolike.access:404 GET /nowhere-in-particular")[0]


@contextlib.contextmanager
def serving(folder: Path, pure: bool) -> Iterator[Site]:
    name = "pure" if pure else "native"
    log, address = folder / f"{name}.log", str(folder / f"{name}.sock")
    log.touch()
    environment = {**os.environ, "TORNADOLIKE_PURE": "1" if pure else "0", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.native.differential_site", address, str(log)],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Site(process, address, log)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


VARYING = [
    (re.compile(rb"\r\nDate: [^\r]*"), b"\r\nDate: now"),
    (re.compile(rb"expires=[^;\r]*"), b"expires=then"),
    # Which of several faults is told depends on how much had come when the first was seen.
    (
        re.compile(rb"Content-Length: \d+\r\nConnection: close\r\n\r\n(\d+: [^\n]*\n)[^\n]*\n"),
        rb"Content-Length: ?\r\nConnection: close\r\n\r\n\1...\n",
    ),
]
# A refusal, of which even the status may be another if what is refused was cut.
REFUSAL = re.compile(
    rb"HTTP/1\.1 \d+ [^\r]*\r\nServer: [^\r]*\r\nDate: now\r\nContent-Type: text/plain; charset=UTF-8\r\n"
    rb"Content-Length: (?:\?|\d+)\r\nConnection: close\r\n\r\n\d+: [^\n]*\n(?:\.\.\.\n)?"
)
VARYING_IN_LOG = [
    (re.compile(r"\d+\.\d+ms"), "0.00ms"),
    (re.compile(r"0x[0-9a-f]+"), "0x0"),
    (re.compile(r"(Malformed HTTP message from [^:]*): .*"), r"\1: ..."),
    (re.compile(r"  File .*\n(?:    .*\n)*"), ""),  # whose code it was
]


def plain(answer: bytes, was_cut: bool) -> bytes:
    for pattern, text in VARYING:
        answer = pattern.sub(text, answer)
    return REFUSAL.sub(b"refused", answer) if was_cut else answer


def plain_log(log: str) -> str:
    for pattern, text in VARYING_IN_LOG:
        log = pattern.sub(text, log)
    return log


class Different(AssertionError):
    """The two did not do the same."""


def compare(native: Site, pure: Site, seed: int, number: int) -> None:
    """Have one conversation with both. Raises :exc:`Different`."""
    pieces = conversation(seed, number)
    seen: list[list[tuple[bytes, str]]] = [[], []]
    # What is cut may come in one piece all the same, and of several faults another is found first then: so those that
    # differ get more chances to do what the other has done.
    for _ in range(TRIES):
        for site, outcomes in zip((native, pure), seen, strict=True):
            answer = plain(site.talk(pieces), len(pieces) > 1)
            outcomes.append((answer, plain_log(site.new_log())))
        if not set(seen[0]).isdisjoint(seen[1]):
            return
    (answer, log), (wanted, wanted_log) = seen[0][-1], seen[1][-1]
    pairs = enumerate(zip(answer, wanted, strict=False))
    at = next((index for index, (a, b) in pairs if a != b), min(len(answer), len(wanted)))
    raise Different(
        f"conversation {number} of seed {seed}\nwritten: {pieces!r}\nfrom byte {at} of the answers on:\n"
        f"native: {answer[max(at - 200, 0) : at + 400]!r}\npython: {wanted[max(at - 200, 0) : at + 400]!r}\n"
        f"the native log:\n{log}\nthe Python one:\n{wanted_log}"
    )


def run(seed: int, seconds: float, only: int | None = None) -> int:
    """Converse for so long; return the number of conversations. Raises :exc:`Different` at the first difference."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), False) as native,
        serving(Path(folder), True) as pure,
    ):
        end = time.monotonic() + seconds
        number = 0 if only is None else only
        while time.monotonic() < end:
            compare(native, pure, seed, number)
            number += 1
            if only is not None:
                break
    return number


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    print("seed", options.seed)
    print(run(options.seed, options.seconds, options.only), "conversations, no difference")


if __name__ == "__main__":
    main()
