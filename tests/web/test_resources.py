"""What UI modules want is put into pages, also into pages that are on their way."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.web.resources import MAX_BEHIND_BODY, Resources, StreamedPage, insert


def module(**wanted: Any) -> Any:
    names = "embedded_javascript javascript_files embedded_css css_files html_head html_body"
    return SimpleNamespace(**{name: lambda n=name: wanted.get(n) for name in names.split()})


def test_modules_are_asked_in_their_order() -> None:
    first = module(css_files="a.css", embedded_css="a {}", html_head=b"<meta>")
    second = module(css_files=[b"b.css", "c.css"], embedded_javascript="b()", html_body="<b>")
    wanted = Resources.of({"first": first, "second": second, "third": module()})
    assert wanted == Resources(
        css_files=["a.css", "b.css", "c.css"],
        css={"first": b"a {}"},
        heads={"first": b"<meta>"},
        js={"second": b"b()"},
        bodies={"second": b"<b>"},
    )


def test_most_modules_want_nothing() -> None:
    assert not Resources.of({"first": module(), "second": module()})
    for name in ("embedded_javascript", "javascript_files", "embedded_css", "css_files"):
        assert Resources.of({"first": module(), "second": module(**{name: "x"})})
    assert Resources(heads={"A": b"<meta>"})
    assert Resources(bodies={"A": b"<p>"})


def test_what_came_too_late_for_the_head() -> None:
    early = Resources(
        css_files=["a.css"], css={"A": b"a {}"}, heads={"A": b"<meta>"}, js_files=["a.js"]
    )
    whole = Resources(
        css_files=["a.css", "b.css"],
        css={"A": b"a {}\nmore {}", "B": b"b {}"},
        heads={"A": b"<meta>"},
        js_files=["a.js"],
        bodies={"A": b"<p>"},
    )
    assert whole.behind_the_head(early) == Resources(
        css_files=["b.css"],
        css={"A": b"\nmore {}", "B": b"b {}"},
        js_files=["a.js"],
        bodies={"A": b"<p>"},
    )


def test_a_place_that_is_not_there() -> None:
    assert insert(b"page", -1, b"", b"</head>") == b"page"
    with pytest.raises(ValueError, match="the page has no </head>"):
        insert(b"page", -1, b"<style>", b"</head>")


def feed(page: StreamedPage, piece: bytes) -> bytes:
    page.add(piece)
    return page.take()


def streamed(*pieces: bytes) -> bytes:
    page = StreamedPage(lambda: b"[head]", lambda: b"[foot]")
    return b"".join([feed(page, piece) for piece in pieces]) + page.finish()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"", b"[foot]"),
        (b"text", b"text[foot]"),
        (b"<head></head><body></body>.", b"<head>[head]</head><body>[foot]</body>."),
        (b"<header></header></head></head>", b"<header></header>[head]</head></head>[foot]"),
        (b"<script>'</body>'</script></body>", b"<script>'</body>'</script>[foot]</body>"),
        (b"</body></head></body>", b"</body>[head]</head>[foot]</body>"),
        (b"</body>.............</head></body>", b"</body>.............[head]</head>[foot]</body>"),
        (b"</he</bod<</body", b"</he</bod<</body[foot]"),
    ],
)
def test_a_streamed_page(page: bytes, expected: bytes) -> None:
    assert streamed(page) == expected
    for cut in range(len(page)):
        assert streamed(page[:cut], page[cut:]) == expected
    assert streamed(*(page[at : at + 1] for at in range(len(page)))) == expected


FRAGMENTS = [b"</head>", b"</body>", b"<", b"/", b"</", b"</b", b"ody>", b"text", b"</he", b"ad>"]


@given(st.lists(st.sampled_from(FRAGMENTS)), st.data())
def test_how_a_page_is_cut_makes_no_difference(fragments: list[bytes], data: Any) -> None:
    page = b"".join(fragments)
    assert streamed(*fragments) == streamed(page)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)))))
    pieces = [page[a:b] for a, b in zip([0, *cuts], [*cuts, len(page)], strict=True)]
    assert streamed(*pieces) == streamed(page)


def test_what_may_go_out_goes_out() -> None:
    page = StreamedPage(lambda: b"[head]", lambda: b"")
    assert feed(page, b"<head>") == b"<head>"
    assert feed(page, b"</he") == b""
    assert feed(page, b"ad><p>1 < 2</p>") == b"[head]</head><p>1 < 2</p>"
    assert feed(page, b"</body>") == b""
    assert feed(page, b" and") == b""
    assert feed(page, b"</body>") == b"</body> and"
    assert page.finish() == b"</body>"


def test_what_was_added_is_taken_together() -> None:
    page = StreamedPage(lambda: b"[head]", lambda: b"[foot]")
    page.add(b"<head></he")
    page.add(b"ad>")
    assert page.size == 13
    assert page.take() == b"<head>[head]</head>"
    assert (page.size, page.take()) == (0, b"")
    page.add(b"<body></body>")
    assert page.finish() == b"<body>[foot]</body>"


def test_what_is_held_back_has_a_limit() -> None:
    page = StreamedPage(lambda: b"", lambda: b"[foot]")
    piece = b"</body>" + b"x" * (MAX_BEHIND_BODY - 7)
    assert feed(page, piece) == b""
    assert feed(page, b"</bo") == piece
    assert feed(page, b"dy>") == b""
    assert page.finish() == b"[foot]</body>"


def test_a_long_page_is_no_long_work() -> None:
    page = StreamedPage(lambda: b"", lambda: b"")
    feed(page, b"</head></body>")
    sent = sum(len(feed(page, b"<" * 20)) for _ in range(100_000))
    assert sent + len(page.finish()) == 7 + 2_000_000
