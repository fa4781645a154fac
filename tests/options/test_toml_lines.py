"""Where things stand in TOML."""

import pytest

from tornadolike.options.toml_lines import line_of

TEXT = '''\
# a comment
port = 80

[database]  # where the data are
hosts = [
    "a",  # the first

    "b",
]
# another

name = """
[not.a.table]
port = 81
"""

[a.b]
c.d = 1
"e f" = 2

[[list]]
x = 1

[[list]]
x = 2
last = true'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("port",), 2),
        (("database",), 4),
        (("database", "hosts"), 5),
        (("database", "name"), 12),
        (("a",), 17),
        (("a", "b", "c", "d"), 18),
        (("a", "b", "e f"), 19),
        (("list",), 21),
    ],
)
def test_the_line_of_a_value(keys: tuple[str, ...], line: int) -> None:
    assert line_of(keys, TEXT) == line


@pytest.mark.parametrize("place", [0, 1, 499, 998, 999])
def test_a_long_file(place: int) -> None:
    lines = [f"k{number} = {number}" for number in range(1000)]
    lines[place] = "wanted = 1"
    assert line_of(("wanted",), "\n".join(lines)) == place + 1
