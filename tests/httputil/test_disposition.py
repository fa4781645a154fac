"""Names of files in Content-Disposition, whoever has chosen them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import parse_parameters
from tornadolike.httputil.disposition import MAX_NAME_LENGTH, content_disposition, safe_name

TABLE = [
    ("a.txt", 'attachment; filename="a.txt"'),
    ("a b;c=d, e.txt", 'attachment; filename="a b;c=d, e.txt"'),
    ("", "attachment"),
    (None, "attachment"),
    ("..", "attachment"),
    ("/", "attachment"),
    ("../../etc/passwd", 'attachment; filename="passwd"'),
    ("C:\\Windows\\a.txt", 'attachment; filename="a.txt"'),
    (" .bashrc. ", 'attachment; filename="bashrc"'),
    (
        '"; filename=evil.exe; "',
        "attachment; filename=\"_; filename=evil.exe; _\"; filename*=UTF-8''%22%3B%20filename%3Devil.exe%3B%20%22",
    ),
    ("a\r\nSet-Cookie: b", 'attachment; filename="aSet-Cookie: b"'),
    ("a\x00\x1f\x7f\x85b.txt", 'attachment; filename="ab.txt"'),
    ("100%41.txt", "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt"),
    (
        "na\xefve \u20ac.pdf",
        "attachment; filename=\"naive _.pdf\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.pdf",
    ),
    (
        "\u65e5\u672c.txt",
        "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt",
    ),
    # What becomes a slash, or dots, if it is taken apart into ASCII.
    (
        "\uff0e\uff0e\uff0f\u2026a",
        "attachment; filename=\"_...a\"; filename*=UTF-8''%EF%BC%8E%EF%BC%8E%EF%BC%8F%E2%80%A6a",
    ),
    ("\u2026", "attachment; filename=\"_\"; filename*=UTF-8''%E2%80%A6"),
    ("\xa0a.txt\u3000.", 'attachment; filename="a.txt"'),
    # Right-to-left override: it would be shown as "photoexe.jpg".
    ("photo\u202egpj.exe", 'attachment; filename="photogpj.exe"'),
    ("a\u2028b\ufeff.txt", 'attachment; filename="ab.txt"'),
    ("\ud800a.txt", 'attachment; filename="a.txt"'),
    ("it's.txt", 'attachment; filename="it\'s.txt"'),
    (
        "\u20ac'*().txt",
        "attachment; filename=\"_'*().txt\"; filename*=UTF-8''%E2%82%AC%27%2A%28%29.txt",
    ),
]


@pytest.mark.parametrize(("name", "expected"), TABLE)
def test_names(name: str | None, expected: str) -> None:
    assert content_disposition(name) == expected


def test_inline() -> None:
    assert content_disposition(None, inline=True) == "inline"
    assert content_disposition("a.txt", inline=True) == 'inline; filename="a.txt"'


def test_long_names_keep_their_ending() -> None:
    for name, ending in (("x" * 1000 + ".tar", ".tar"), ("." + "x" * 1000, ""), ("x" * 1000, "")):
        found = safe_name(name)
        assert len(found) == MAX_NAME_LENGTH
        assert found.endswith(ending)


@given(st.text())
def test_any_text(name: str) -> None:
    """It is a header, and who reads it finds the name that is left."""
    value = content_disposition(name)
    assert re.fullmatch(r"[\x20-\x7e]+", value)
    kind, parameters = parse_parameters(value)
    assert kind == "attachment"
    assert parameters.get("filename", "") == safe_name(name)
    assert not re.search(r"[/\\\x00-\x1f]", safe_name(name))
    assert safe_name(safe_name(name)) == safe_name(name)
