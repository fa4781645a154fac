"""Command lines, and what is wrong with them."""

import pytest

from tornadolike.cli.parsing import Parser
from tornadolike.programs.failing import Failure


@pytest.fixture
def parser():
    parser = Parser(prog="p")
    commands = parser.add_subparsers()
    first = commands.add_parser("first")
    first.add_argument("--number", type=int)
    first.add_argument("word")
    second = commands.add_parser("second").add_subparsers()
    second.add_parser("inner").add_argument("--deep", action="store_true")
    return parser


def test_what_is_understood(parser):
    options = parser.parse_all(["first", "--number", "3", "x"], "first")
    assert (options.number, options.word) == (3, "x")
    assert parser.parse_all(["second", "inner", "--deep"], "second").deep


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["first"], "word is missing (p first --help tells what there is)"),
        (["first", "x", "--number"], "argument --number: expected one argument (p first --help"),
        (["first", "x", "--number", "y"], "argument --number: invalid int value: 'y'"),
        (["first", "x", "--numbr=3"], "first has no option --numbr=3; did you mean '--number'?"),
        (["first", "x", "--num", "3"], "first has no option --num; did you mean '--number'?"),
        (["first", "x", "y"], "first has no further argument y (p first --help"),
        (["second", "inner", "--dep"], "second has no option --dep; did you mean '--deep'?"),
        (["second", "outer"], "invalid choice: 'outer'"),
    ],
)
def test_what_is_wrong(parser, arguments, said):
    with pytest.raises(Failure) as caught:
        parser.parse_all(arguments, arguments[0])
    assert said in caught.value.text
