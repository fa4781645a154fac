"""Lists of Etags."""

import pytest

from tornadolike.httputil.etags import etags_in


@pytest.mark.parametrize(
    ("condition", "etags"),
    [
        ("", []),
        ('"a"', ['"a"']),
        ('"a", W/"b","" ', ['"a"', 'W/"b"', '""']),
        ('"a, b"', ['"a, b"']),
        ("*", ["*"]),
        (' *, "a"', ["*", '"a"']),
        ('"*"', ['"*"']),
        ('a "b', []),
        ('w/"a"', ['"a"']),
    ],
)
def test_etags(condition: str, etags: list[str]) -> None:
    assert etags_in(condition) == etags
