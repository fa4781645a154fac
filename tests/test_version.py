"""The package's version, in the ways in which it is asked for."""

import re

import tornadolike


def test_the_versions_agree() -> None:
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)(\.dev|a|b|rc)?", tornadolike.__version__)
    assert numbers is not None
    assert tornadolike.version == tornadolike.__version__
    before_a_release = numbers[4] is not None
    assert tornadolike.version_info[:3] == tuple(map(int, numbers.groups()[:3]))
    assert tornadolike.version_info[3] == (-100 if before_a_release else 0)
