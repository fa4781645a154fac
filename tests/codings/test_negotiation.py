"""From an Accept-Encoding to a coding: RFC 9110 section 12.5.3, and what is sent in its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.codings import choose_coding

OFFERED = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        # what browsers and tools send
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("deflate", None),
        ("identity", None),
        # nothing
        (None, None),
        ("", None),
        (" , ,", None),
        # the client's preference, before the server's
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("gzip;q=0.5, br;q=0.6, zstd;q=0.4", "br"),
        ("gzip;q=0.001", "gzip"),
        ("gzip;q=0.9, zstd;q=0.9", "zstd"),
        # what it does not want
        ("gzip;q=0", None),
        ("gzip;q=0.000, br", "br"),
        ("br;q=0, *", "zstd"),
        # whatever there is
        ("*", "zstd"),
        ("*;q=0.1, gzip;q=0.5", "gzip"),
        ("*;q=0.5, gzip;q=0.1", "zstd"),
        ("*;q=0", None),
        ("gzip, *;q=0", "gzip"),
        # without any
        ("identity;q=0.5, gzip;q=0.4", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity, gzip", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, *;q=0", None),
        # how it may be written
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=0, x-gzip;q=0.3", "gzip"),
        ("gzip ; q=0.5\t,\tbr ;  Q=0.2", "gzip"),
        ("gzip;q=1.", "gzip"),
        ("gzip;q=0.", None),
        (",gzip,,", "gzip"),
        # and how not: it counts as if it were not there
        ("gzip;q=", None),
        ("gzip;q=2", None),
        ("gzip;q=-1", None),
        ("gzip;q=0.1234", None),
        ("gzip;q=1.001", None),
        ("gzip;q=.5", None),
        ("gzip;level=5", None),
        ("gzip;q=nan", None),
        ("gzip br", None),
        ("gzip;q=x, br;q=0.1", "br"),
        ("gz\xefp, br", "br"),
        ("notgzip", None),
    ],
)
def test_the_choice(accepted: str | None, chosen: str | None) -> None:
    assert choose_coding(accepted, OFFERED) == chosen


def test_nothing_is_chosen_that_is_not_offered() -> None:
    assert choose_coding("gzip, br", ()) is None
    assert choose_coding("gzip, br;q=0.5", ("br",)) == "br"


def test_nobody_needs_so_many() -> None:
    assert choose_coding("x, " * 31 + "gzip", OFFERED) == "gzip"
    assert choose_coding("x, " * 32 + "gzip", OFFERED) is None


@given(st.text())
def test_any_text_is_an_answer(accepted: str) -> None:
    chosen = choose_coding(accepted, OFFERED)
    assert chosen is None or chosen in accepted.lower() or "*" in accepted


QUALITIES = st.integers(0, 1000).map(lambda number: number / 1000)


@given(st.dictionaries(st.sampled_from([*OFFERED, "deflate", "identity", "*"]), QUALITIES))
def test_nobody_gets_what_he_likes_less(wanted: dict[str, float]) -> None:
    header = ", ".join(f"{name};q={quality}" for name, quality in wanted.items())
    chosen = choose_coding(header, OFFERED)

    def quality(name: str) -> float:
        return wanted.get(name, wanted.get("*", 0.0))

    best = max(quality(name) for name in OFFERED)
    if chosen is None:
        assert best == 0.0 or best < wanted.get("identity", 0.0)
    else:
        assert quality(chosen) == best > 0.0
        assert best >= wanted.get("identity", 0.0)
