"""What is kept of a session, as bytes."""

import hypothesis
import pytest
from hypothesis import strategies

from tornadolike.sessions.record import Flash, Record, decode
from tornadolike.sessions.session import Lifetimes, Session

json_values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(),
    lambda values: strategies.lists(values) | strategies.dictionaries(strategies.text(), values),
    max_leaves=5,
)


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    strategies.dictionaries(strategies.text(), json_values, max_size=3),
    strategies.lists(strategies.builds(Flash, strategies.text(), strategies.text())),
    strategies.booleans(),
)
def test_there_and_back(data: dict[str, object], flashes: list[Flash], permanent: bool) -> None:
    record = Record(1, 2, permanent, data, flashes)
    assert decode(record.encode()) == record
    assert record.is_empty == (not data and not flashes)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"null",
        b"{}",
        b"[1,2,0,{}]",
        b"[1,2,0,{},[],1]",
        b"[1,2,0,[],[]]",
        b'["1",2,0,{},[]]',
        b"[1,null,0,{},[]]",
        b"[1,2,0,{},[1]]",
        b'[1,2,0,{},[["a",1]]]',
        b'[1,2,0,{},[["a"]]]',
        b"[1,2,0,{},1]",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_none(content: bytes) -> None:
    assert decode(content) is None


def test_what_is_only_read_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def watched(content: bytes) -> Record | None:
        decoded.append(content)
        return decode(content)

    monkeypatch.setattr("tornadolike.sessions.session.decode", watched)
    session = Session(Record(1, 1, False, {"cart": [1]}), Lifetimes(60.0, 60.0, False), 2)
    assert session["cart"] == [1]
    assert not session.modified
    assert not decoded
    session["cart"].append(2)
    assert session.modified
    assert session.modified
    assert len(decoded) == 1
