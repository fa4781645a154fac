"""What a project may be called."""

from pathlib import Path

import pytest

from tornadolike.cli.skeleton.names import names_of
from tornadolike.programs.failing import Failure


@pytest.mark.parametrize(
    ("name", "package", "prefix"),
    [
        ("board", "board", "BOARD"),
        ("My-Site", "my_site", "MY_SITE"),
        ("a1_b", "a1_b", "A1_B"),
    ],
)
def test_good_names(name, package, prefix, tmp_path):
    names = names_of(tmp_path / name)
    assert (names.project, names.package, names.prefix) == (name, package, prefix)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1x", "is no name for a project"),
        ("a b", "is no name for a project"),
        ("x-", "is no name for a project"),
        ("é", "is no name for a project"),
        ("", "is no name for a project"),
        ("class", "is a word of Python"),
        ("match", "is a word of Python"),
        ("tests", "another folder that is called 'tests'"),
        ("json", "a module 'json' already"),
        ("tornadolike", "a module 'tornadolike' already"),
        ("Pytest", "a module 'pytest' already"),
    ],
)
def test_bad_names(name, said):
    with pytest.raises(Failure, match=said):
        names_of(Path(name))
