"""White space of templates."""

import time

import pytest

from tornadolike.template.whitespace import MODES, filter_whitespace

SAMPLE = " a\t \tb \n\t c\r\n\r\nd\xa0e\v\f"


@pytest.mark.parametrize(
    ("mode", "filtered"),
    [
        ("all", SAMPLE),
        ("single", " a b\nc\nd\xa0e\v\f"),
        ("oneline", " a b c d e "),
    ],
)
def test_the_modes(mode: str, filtered: str) -> None:
    assert mode in MODES
    assert filter_whitespace(mode, SAMPLE) == filtered
    assert filter_whitespace(mode, "") == ""


def test_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid whitespace mode 'none'; there are all, single"):
        filter_whitespace("none", "")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("run", [" ", "\xa0", "\r \t\v", "\n "])
def test_long_runs_take_no_long_time(mode: str, run: str) -> None:
    begin = time.process_time()
    filter_whitespace(mode, run * 100_000 + "x")
    assert time.process_time() - begin < 1  # hours, if each character began another look
