"""A session by itself, before it is kept."""

import pytest

from tornadolike.sessions.record import Flash, Record
from tornadolike.sessions.session import Lifetimes, Session

NOW = 1_000_000
LIFETIMES = Lifetimes(idle_seconds=100.0, max_seconds=1000.0, permanent=False)


def session(**data: object) -> Session:
    before = Record(NOW - 50, NOW - 50, False)
    before.data.update(data)
    return Session(before, LIFETIMES, NOW)


def test_when_sessions_end() -> None:
    for created, seen, end in ((0, 0, 100.0), (0, 500, 600.0), (0, 950, 1000.0)):
        assert LIFETIMES.end(created, seen) == end
    assert [LIFETIMES.left(0, now) for now in (0, 950, 999, 1000, 5000)] == [100, 50, 1, 1, 1]


def test_what_is_a_change() -> None:
    def put(s: Session) -> None:
        s["b"] = 1

    changes = {
        "a value": (put, True),
        "the same value": (lambda s: s.__setitem__("a", [1, {"b": 2}]), False),
        "within a value": (lambda s: s["a"][1].update(b=3), True),
        "another type": (lambda s: s["a"].__setitem__(0, True), True),
        "back again": (lambda s: (s.__setitem__("b", 1), s.pop("b")), False),
        "nothing is left": (lambda s: s.clear(), True),
        "a message": (lambda s: s.flash("x"), True),
        "a message shown": (lambda s: (s.flash("x"), s.flashes()), False),
        "permanent": (lambda s: setattr(s, "permanent", True), True),
        "as it was": (lambda s: setattr(s, "permanent", False), False),
        "rotate()": (lambda s: s.rotate(), True),
        "invalidate()": (lambda s: s.invalidate(), True),
        "a look": (lambda s: (s.get("a"), len(s), list(s), s.flashes(), s.expires), False),
    }
    for what, (change, modifies) in changes.items():
        one = session(a=[1, {"b": 2}])
        assert not one.modified
        change(one)
        assert one.modified is modifies, what


def test_messages_are_taken_by_category() -> None:
    one = session()
    one.flash("a")
    one.flash("b", "error")
    assert one.flashes("error") == [Flash("error", "b")]
    assert one.flashes("other") == []
    assert one.flashes() == [Flash("error", "b"), Flash("message", "a")]
    with pytest.raises(TypeError, match="are strs"):
        one.flash(b"a")  # type: ignore[arg-type]


def test_what_came_with_the_request_is_not_changed_by_what_is_put_in() -> None:
    before = Record(NOW, NOW, False)
    before.data["a"] = [1]
    one = Session(before, LIFETIMES, NOW)
    one["a"].append(2)
    assert one._before is not None
    assert one._before.data == {"a": [1]}
    assert one.modified


def test_values_are_not_shown() -> None:
    assert repr(session(name="secret")) == "<Session with name>"
    assert repr(Session(None, LIFETIMES, NOW)) == "<new Session with nothing>"
