"""Text that is kept from turning its surroundings round."""

from hypothesis import given
from hypothesis import strategies as st

from tornadolike.locale import CSVLocale
from tornadolike.locale.bidi import isolate

BEGIN, END = "\u2068", "\u2069"


def test_isolate() -> None:
    assert isolate("Ann") == f"{BEGIN}Ann{END}"
    assert isolate("") == f"{BEGIN}{END}"
    assert (
        CSVLocale("ar", {}).list_of(map(CSVLocale.isolate, "AB")) == f"{BEGIN}A{END} و{BEGIN}B{END}"
    )


def test_nothing_in_the_text_ends_it() -> None:
    assert isolate(f"a{END}b") == f"{BEGIN}ab{END}"
    assert isolate("a\u2067b") == f"{BEGIN}a\u2067b{END}{END}"
    assert isolate(f"a\u2066b{END}{END}c") == f"{BEGIN}a\u2066b{END}c{END}"


@given(st.text("ab\u2066\u2067\u2068\u2069\u202e"))
def test_what_comes_out_is_one_whole_isolate(text: str) -> None:
    depths = []
    depth = 0
    for letter in isolate(text):
        depth += (letter in "\u2066\u2067\u2068") - (letter == END)
        depths.append(depth)
    assert depths[-1] == 0
    assert min(depths[:-1]) == 1
    assert isolate(isolate(text)) == f"{BEGIN}{isolate(text)}{END}"
