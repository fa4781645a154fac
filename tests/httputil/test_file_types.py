"""The content types that names tell."""

import pytest

from tornadolike.httputil.file_types import content_type_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "text/plain"),
        ("A.PDF", "application/pdf"),
        ("/some/where/a.css", "text/css"),
        ("a.tar.gz", "application/gzip"),
        ("a.tar.bz2", "application/octet-stream"),
        ("a.nothing", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_content_types(name: str, expected: str) -> None:
    assert content_type_of(name) == expected
