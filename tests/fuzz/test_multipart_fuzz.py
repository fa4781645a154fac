"""Forms that nobody wrote by hand, against a reader of a few lines that has all of the form at once.

As a rule these tests do the same in every run, in a few seconds. With ``TORNADOLIKE_FUZZ_SECONDS=600`` in the
environment they look for something new, each so long.
"""

import asyncio
import itertools
import random

import aiohttp
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples, generators
from tests.httputil.multipart import DISPOSITION, read
from tornadolike.httputil import ParseMultipartConfig, parse_multipart_form_data, parse_parameters

ROUNDS = 4000

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

CONFIG = ParseMultipartConfig(
    max_parts=4, max_part_header_size=100, max_part_header_count=2, max_preamble_size=60
)


def is_good(body: bytes, boundary: bytes) -> list[tuple[str, bytes]] | None:
    """The parts of a form that has no fault, else None: RFC 2046 word for word, by splitting."""
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(delimiter)
    # The beginning of a delimiter that does not come counts as nothing.
    begun = next(n for n in range(len(delimiter), -1, -1) if body.endswith(delimiter[:n]))
    outside = [pieces[0][2:], pieces[-1][2 : len(pieces[-1]) - begun]]
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    if len(pieces) > CONFIG.max_parts + 2 or any(
        len(text) > CONFIG.max_preamble_size for text in outside
    ):
        return None
    found = []
    for piece in pieces[1:-1]:
        padding, line_break, rest = piece.partition(b"\r\n")
        if padding.strip(b" \t") or not line_break:
            return None
        head, empty_line, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
        if not empty_line and head.endswith(b"\r\n"):
            head, empty_line = head[:-2], b"shared with the delimiter"
        if not empty_line or len(head) > CONFIG.max_part_header_size:
            return None
        lines = head.split(b"\r\n")[1:]
        if len(lines) > CONFIG.max_part_header_count or any(
            character < 32 and character != 9 for line in lines for character in line
        ):
            return None
        try:
            fields = [line.decode().partition(":") for line in lines]
        except UnicodeDecodeError:
            return None
        if not all(colon and name.replace("-", "").isalnum() for name, colon, _ in fields):
            return None
        values = [value for name, _, value in fields if name.lower() == "content-disposition"]
        if len(values) != 1:
            return None
        kind, parameters = parse_parameters(values[0].strip(" \t"))
        if kind.lower() != "form-data" or not parameters.get("name"):
            return None
        found.append((parameters["name"], content))
    return found


def check(rng: random.Random, body: bytes, boundary: bytes) -> bool:
    """Whole, in pieces, and as the reference reads it; returns whether it is a good form."""
    edges = sorted(rng.choices(range(len(body) + 1), k=rng.choice([0, 1, 2, 10])))
    whole = read([body], CONFIG, boundary)
    bytewise = (body[at : at + 1] for at in range(len(body)))
    for way in (bytewise, (body[a:b] for a, b in itertools.pairwise([0, *edges, len(body)]))):
        assert read(way, CONFIG, boundary) == whole
    parts, status = whole
    good = is_good(body, boundary)
    assert (good is None) == (status in (400, 413, 431)), body
    if good is None:
        return False
    assert status is None
    assert [(name, content) for name, _, _, _, content in parts] == good
    return True


PIECES = [
    b"--b", b"--b\r\n", b"\r\n--b", b"\r\n--b\r\n", b"\r\n--b--", b"--", b"\r\n", b"\r", b"\n", b"-", b"b", b" ",
    b"x", b"\xff", b'"', b"; name=a", b"name=", DISPOSITION, DISPOSITION + b"name=a", b"X: y", b":", b"\t",
    b'; filename="', b"\r\n\r\n", b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
]  # fmt: skip
PART = b"\r\n--b\r\n" + DISPOSITION + b"name=a\r\n\r\nxyz"


def test_what_is_put_together_of_pieces() -> None:
    good = 0
    for rng in generators(ROUNDS):
        pieces = [rng.choice([PART, *PIECES]) for _ in range(rng.randrange(12))]
        if rng.random() < 0.7:
            pieces.append(b"\r\n--b--")
        good += check(rng, b"".join(pieces), b"b")
    assert good > 100


def test_good_forms_with_a_fault() -> None:
    good = bad = 0
    for rng in generators(ROUNDS):
        body = bytearray(PART * rng.randrange(1, 5) + b"\r\n--b--\r\n")
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            at = rng.randrange(len(body) + 1)
            body[at : at + rng.choice([0, 0, 1, 5])] = rng.choice(PIECES)
        if check(rng, bytes(body), b"b"):
            good += 1
        else:
            bad += 1
    assert min(good, bad) > 500


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
FORMS = st.lists(st.tuples(NAMES, st.none() | NAMES, st.binary(max_size=200)), max_size=8)


@given(form=FORMS, cuts=st.lists(st.integers(0, 3000)))
@examples(150)
def test_what_aiohttp_and_httpx_write(
    form: list[tuple[str, str | None, bytes]], cuts: list[int]
) -> None:
    for write in (by_aiohttp, by_httpx):
        boundary, body = write(form)
        edges = [0, *sorted(cut for cut in cuts if cut < len(body)), len(body)]
        parts, status = read((body[a:b] for a, b in itertools.pairwise(edges)), boundary=boundary)
        assert status is None
        assert [part[4] for part in parts] == [content for _, _, content in form]
        for (name, filename, _), (wrote, wrote_filename, *_) in zip(form, parts, strict=True):
            # What cannot stand in quotes they escape, each in its own way.
            if not set('"\\%') & set(name + (filename or "")):
                assert (wrote, wrote_filename) == (name, filename)
        arguments: dict[str, list[bytes]] = {}
        parse_multipart_form_data(boundary, body, arguments, {})
        assert sum(map(len, arguments.values())) == sum(name is None for _, name, _ in form)


def by_aiohttp(form: list[tuple[str, str | None, bytes]]) -> tuple[bytes, bytes]:
    async def write() -> tuple[bytes, bytes]:
        with aiohttp.MultipartWriter("form-data") as writer:
            for name, filename, content in form:
                part = writer.append(content)
                parameters = {"name": name} | ({"filename": filename} if filename else {})
                part.set_content_disposition("form-data", quote_fields=False, **parameters)
        return writer.boundary.encode(), await writer.as_bytes()

    return asyncio.run(write())


def by_httpx(form: list[tuple[str, str | None, bytes]]) -> tuple[bytes, bytes]:
    files = [(name, (filename, content)) for name, filename, content in form]
    request = httpx.Request(
        "POST",
        "http://x/",
        files=files or [("a", (None, b""))],
        headers={"Content-Type": "multipart/form-data; boundary=nobody-draws-this"},
    )
    if not form:
        return b"b", b"--b--"
    return b"nobody-draws-this", request.read()
