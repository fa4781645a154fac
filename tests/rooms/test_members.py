"""Who is in a room: connections, and the members that they make up."""

from typing import Any

import pytest

from tornadolike.rooms.members import (
    MAX_INFO_DEPTH,
    Attendance,
    Change,
    Member,
    Roll,
    checked_info,
    members_of,
)

DEEP = b"[" * 100_000


def entry(
    token: str, identity: str = "ann", told: float = 1.0, since: float = 1.0, **info: Any
) -> Attendance:
    return Attendance(token, "here.1", identity, since, told, info)


def test_a_member_comes_once_and_goes_once() -> None:
    roll = Roll()
    assert roll.put(entry("a")) == (Change.JOINED, Member("ann", {}, 1, 1.0))
    assert roll.put(entry("b", since=0.5)) is None
    assert roll.put(entry("b", since=0.5)) is None
    assert roll.put(entry("c", "bob", since=2.0)) == (Change.JOINED, Member("bob", {}, 1, 2.0))
    assert roll.members() == [Member("ann", {}, 2, 0.5), Member("bob", {}, 1, 2.0)]
    assert len(roll) == 3
    assert roll.processes == {"here.1": 3}
    assert roll.remove("b") is None
    assert roll.remove("b") is None
    assert roll.members()[0] == Member("ann", {}, 1, 1.0)
    assert roll.remove("a") == (Change.LEFT, Member("ann", {}, 1, 1.0))
    assert roll.remove("c") is not None
    assert (len(roll), roll.members(), roll.processes) == (0, [], {})


def test_what_was_told_last_is_known() -> None:
    roll = Roll()
    roll.put(entry("a", told=1.0, name="Ann"))
    assert roll.put(entry("b", told=2.0, name="Ann")) is None
    assert roll.put(entry("a", told=3.0, name="Anna")) == (
        Change.UPDATED,
        Member("ann", {"name": "Anna"}, 2, 1.0),
    )
    assert roll.put(entry("a", told=2.5, name="Late")) is None, "that is the news of yesterday"
    assert roll.put(entry("b", told=2.7, name="Beth")) is None, "another has said more since"
    assert roll.remove("a") == (Change.UPDATED, Member("ann", {"name": "Beth"}, 1, 1.0))
    assert roll.put(entry("b", "bob", told=9.0)) is None, "nobody becomes somebody else"
    assert [member.identity for member in roll.members()] == ["ann"]


def test_an_order_that_does_not_depend_on_that_of_the_news() -> None:
    entries = [entry(str(i), str(i % 3), since=(i * 7) % 10, told=i, n=i) for i in range(9)]
    assert members_of(entries) == members_of(entries[::-1])


def test_it_goes_through_bytes() -> None:
    some = entry("a", "ännä", 1, 2.5, name="Ünn", many=[1, {"deep": None}])
    assert Attendance.decode(some.encode()) == some
    for wrong in (
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'["a","b","c",1,2]',
        b'["a","b","c",1,"2",{}]',
        DEEP,
    ):
        with pytest.raises(ValueError, match=r"."):
            Attendance.decode(wrong)


def nested(depth: int) -> dict[str, Any]:
    """So many dictionaries in each other."""
    return {"x": nested(depth - 1)} if depth > 1 else {}


def test_what_may_be_known_of_a_member() -> None:
    for fine in ({}, {"name": "ännä", "n": [1, 1.5, None, True]}, nested(MAX_INFO_DEPTH)):
        assert checked_info(fine, 1000) == fine
    assert checked_info({"a": (1,)}, 10) == {"a": [1]}
    for wrong, match in (
        ({"x": "y" * 1000}, "at most 1000 bytes"),
        ({"x": float("nan")}, "no JSON"),
        ({"x": [float("-inf")]}, "no JSON"),
        ({"x": ["\ud800"]}, "surrogates"),
        ({"\ud800": 1}, "surrogates"),
        (nested(MAX_INFO_DEPTH + 1), "deep"),
    ):
        with pytest.raises(ValueError, match=match):
            checked_info(wrong, 1000)
    endless: dict[str, Any] = {}
    endless["x"] = endless
    with pytest.raises(ValueError, match=r"Circular|deep"):
        checked_info(endless, 1000)
    with pytest.raises(TypeError, match="dict"):
        checked_info([], 1000)  # type: ignore[arg-type]
