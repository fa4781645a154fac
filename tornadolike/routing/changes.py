"""That rules have changed, whose ever they are.

Rules may be changed at any time, wherever they stand: in a list, in a router in a router. Tables that were made of
them are good for one state of all rules of the process, which is counted here. To count is all that a change costs,
and to compare two numbers all that a request pays for it.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class Changes:
    """How many there have been."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


changes: Final = Changes()


class CountedList(list[T], Generic[T]):
    """A list whose changes count."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        super().__init__(items)
        changes.count += 1


def _counted(change: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(change)
    def do_and_count(*args: Any, **kwargs: Any) -> Any:
        result = change(*args, **kwargs)
        changes.count += 1
        return result

    return do_and_count


for _change in (
    *(list.append, list.extend, list.insert, list.pop, list.remove, list.clear),
    *(list.sort, list.reverse),
    *(list.__setitem__, list.__delitem__, list.__iadd__, list.__imul__),
):
    setattr(CountedList, _change.__name__, _counted(_change))
