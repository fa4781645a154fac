"""What both are asked, what each answers, and which of the differences are meant.

For a feature: a program in ``programs``, written as Tornado's users write theirs, and a table of the same name in
``tables``. Where an answer is not Tornado's, and that is meant, docs/tornado.md gets an item, ``differences`` words of
it, and the case stands in :func:`differing` (some things of the answer) or :func:`another` (its status, so all of it).
Tests fail for a difference that is not claimed, for a claim that is none, and for an item that no case shows.
"""

import contextlib
import gzip
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from tests.compare.frameworks import Running

Answer = dict[str, Any]
"""Of an answer its ``status``, ``reason``, ``body``, each header by its name in lower case, whether the connection
``stays``, the lines of the ``log``; ``interim`` answers before it, and whether it was ``cut`` off."""

NOT_COMPARED = {"date", "server"}
DETAIL = re.compile(r"<p>.*</p>(?=</body></html>$)")
"""What our error pages have in a paragraph. It is called ``detail``, and may be there in any answer."""
PROBE = b"GET /stays HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
# What is another each time: times, and tokens that are made by chance.
CHANGING = [
    (re.compile(r"expires=[^;]+"), "expires=DATE"),
    (re.compile(r"2\|[0-9a-f]{8}\|[0-9a-f]+\|\d{10}"), "MASKED"),
    (re.compile(r"2\|1:\d\|10:\d{10}\|([^|]*\|[^|]*)\|[0-9a-f]{64}"), r"SIGNED \1"),
    (re.compile(r"(?s)^Traceback .*\n(?:[\w.]+\.)?(?=.)"), "TRACEBACK "),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST:PORT"),
]


@dataclass(frozen=True)
class Case:
    """What a client sends on a connection of its own."""

    data: bytes
    differs: Mapping[str, str] = field(default_factory=dict)
    """What of the answer differs from Tornado's, each with words of docs/tornado.md that tell of it."""
    instead: tuple[int, str] | None = None
    """Our status, where the whole answer is another than Tornado's, and the words that tell of it."""
    answers: int = 1
    ends: bool = False
    """The client ends its side then, as one that leaves in the middle of its request."""
    silent: bool = False
    """Tornado neither answers nor closes."""

    def __str__(self) -> str:
        return repr(self.data[:300])[2:-1]


def each(words: str, request: str = "GET {}", **options: Any) -> list[Case]:
    """The same request for each of these words."""
    return [ask(request.format(word), **options) for word in words.split()]


def ask(
    request: str,
    *fields: str,
    body: bytes | str | None = None,
    host: str | None = "127.0.0.1",
    ends: bool = False,
    silent: bool = False,
) -> Case:
    """``ask("GET /path", "X-Field: value")``; text goes as Latin-1, so that every byte can be said."""
    lines = [f"{request} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), *fields]
    payload = body.encode() if isinstance(body, str) else body
    if payload is not None:
        lines.append(f"Content-Length: {len(payload)}")
    head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    return Case(head.encode("latin1") + (payload or b""), ends=ends, silent=silent)


def form(request: str, *fields: str, body: str, **options: Any) -> Case:
    """A form, as a browser sends it."""
    return ask(
        request, "Content-Type: application/x-www-form-urlencoded", *fields, body=body, **options
    )


def parts(request: str, body: str, *fields: str, **options: Any) -> Case:
    """A form in parts, whose boundary is ``B``; its lines end as lines here do."""
    return ask(
        request,
        "Content-Type: multipart/form-data; boundary=B",
        *fields,
        body=body.replace("\n", "\r\n"),
        **options,
    )


def raw(
    data: bytes | str,
    *,
    answers: int = 1,
    ends: bool = False,
    silent: bool = False,
) -> Case:
    """Just these bytes."""
    as_bytes = data.encode("latin1") if isinstance(data, str) else data
    return Case(as_bytes, answers=answers, ends=ends, silent=silent)


def older(case: Case) -> Case:
    """The same request in HTTP/1.0."""
    return replace(case, data=case.data.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))


def differing(names: str, words: str, *cases: Case) -> list[Case]:
    """The cases, in whose answers these things are not Tornado's; ``words`` tell of it."""
    return [
        replace(case, differs={**case.differs, **dict.fromkeys(names.split(), words)})
        for case in cases
    ]


def another(status: int, words: str, *cases: Case) -> list[Case]:
    """The cases that we answer with this status, and Tornado with another; ``words`` tell of it."""
    return [replace(case, instead=(status, words)) for case in cases]


def answer_of(server: Running, case: Case) -> Answer:
    """Ask ``server``, and tell all that there is to tell of its answer."""
    with server.connect() as sock, sock.makefile("rb") as stream:
        sock.sendall(case.data)
        if case.ends:
            sock.shutdown(socket.SHUT_WR)
        if case.silent and server.package == "tornado":
            server.settle()
            sock.settimeout(0.05)
        head_only = case.data.startswith(b"HEAD ")
        answers = [read_answer(stream, head_only) for _ in range(case.answers)]
        server.settle()
        answer = answers[0]
        if answers[1:]:
            answer["more"] = answers[1:]
        answer["log"] = server.lines.take()
        answer["stays"] = False
        if not case.ends and answer["status"] != 101:
            with contextlib.suppress(OSError):
                sock.sendall(PROBE)
                answer["stays"] = stream.read(5) == b"HTTP/"
    server.settle()
    server.lines.take()
    return answer


def read_answer(stream: BinaryIO, head_only: bool) -> Answer:
    """The next answer, behind the interim ones. Its status is None if there is none."""
    answer: Answer = {"status": None}
    interim: list[int] = []
    with contextlib.suppress(ConnectionError, TimeoutError):
        while line := stream.readline():
            _, code, reason = line.decode("latin1").rstrip("\r\n").split(" ", 2)
            answer = {"status": int(code), "reason": reason}
            headers = read_fields(stream)
            if 100 <= int(code) < 200 and code != "101":
                interim.append(int(code))
                continue
            answer |= {
                name: "DATE" if name == "expires" else unchanging(", ".join(values))
                for name, values in headers.items()
                if name not in NOT_COMPARED
            }
            if code == "101":
                answer["frames"] = read_frames(stream)
            elif not (head_only or code in ("204", "304")):
                read_body(stream, headers, answer)
            break
    if interim:
        answer["interim"] = interim
    return answer


def read_fields(stream: BinaryIO) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin1").partition(":")
        fields.setdefault(name.lower(), []).append(value.strip())
    return fields


def read_body(stream: BinaryIO, headers: dict[str, list[str]], answer: Answer) -> None:
    body = b""
    try:
        if headers.get("transfer-encoding") == ["chunked"]:
            while size := int(stream.readline().strip() or b"?", 16):
                body += stream.read(size)
                stream.readline()
            answer |= {f"trailer {name}": value for name, value in read_fields(stream).items()}
        elif "content-length" in headers:
            length = int(headers["content-length"][0])
            body = stream.read(length)
            if len(body) < length:
                answer["cut"] = True
        else:
            body = stream.read()
    except (ValueError, ConnectionError, TimeoutError):
        answer["cut"] = True
    if headers.get("content-encoding") == ["gzip"]:
        body = gzip.decompress(body)
        answer.pop("content-length", None)  # which says how well it was compressed
    text = body.decode("latin1")
    answer["body"] = unchanging(text)
    if answer["body"] != text:
        for name in ("content-length", "etag"):
            answer.pop(name, None)


def read_frames(stream: BinaryIO) -> list[tuple[int, bytes]]:
    """What is said on a WebSocket until its end: the first byte of each frame, and what it carries."""
    frames: list[tuple[int, bytes]] = []
    with contextlib.suppress(ConnectionError, TimeoutError):
        while len(head := stream.read(2)) == 2:
            length = head[1]
            if length > 125:
                length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
            frames.append((head[0], stream.read(length)))
    return frames


def unchanging(text: str) -> str:
    for pattern, instead in CHANGING:
        text = pattern.sub(instead, text)
    return text


def complaints(case: Case, theirs: Answer, ours: Answer) -> list[str]:
    """What is not as ``case`` has it, a line each."""
    different = {name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)}
    if "body" in different and DETAIL.sub("", ours.get("body", "")) == theirs.get("body"):
        different = different - {"body", "content-length"} | {"detail"}
    if case.instead is not None:
        as_told = "status" in different and ours["status"] == case.instead[0]
        wrong = [] if as_told else ["status"]
    else:
        if "body" in different:  # of which these two tell
            different -= {"content-length", "etag"} - case.differs.keys()
        wrong = sorted(different ^ case.differs.keys())
        if "detail" not in case.differs:
            wrong = [name for name in wrong if name != "detail"]
    found = [
        f"  {name}: Tornado {theirs.get(name)!r:.500}, we {ours.get(name)!r:.500}" for name in wrong
    ]
    return [str(case), *found] if found else []
