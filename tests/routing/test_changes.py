"""Whatever changes rules is counted."""

from collections.abc import Callable
from operator import delitem, iadd, imul, setitem
from typing import Any

import pytest

from tornadolike.routing.changes import CountedList, changes


@pytest.mark.parametrize(
    "change",
    [
        lambda counted: counted.append(4),
        lambda counted: counted.extend([4]),
        lambda counted: counted.insert(0, 4),
        lambda counted: counted.pop(),
        lambda counted: counted.remove(2),
        lambda counted: counted.clear(),
        lambda counted: counted.sort(),
        lambda counted: counted.reverse(),
        lambda counted: setitem(counted, 0, 4),
        lambda counted: setitem(counted, slice(1), []),
        lambda counted: delitem(counted, 0),
        lambda counted: iadd(counted, [4]),
        lambda counted: imul(counted, 2),
    ],
)
def test_changes_count(change: Callable[[list[int]], Any]) -> None:
    counted, plain = CountedList([3, 1, 2]), [3, 1, 2]
    before = changes.count
    assert change(counted) == change(plain)
    assert counted == plain
    assert changes.count == before + 1


def test_looking_changes_nothing() -> None:
    counted = CountedList([3, 1, 2])
    before = changes.count
    assert (counted[0], counted[1:], sorted(counted), len(counted)) == (3, [1, 2], [1, 2, 3], 3)
    assert counted.index(2) == 2
    assert changes.count == before


def test_what_is_wrong_is_raised() -> None:
    with pytest.raises(ValueError, match="not in list"):
        CountedList([1]).remove(2)
