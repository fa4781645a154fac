"""Keys of programs."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from tornadolike.auth.guards import api_keys
from tornadolike.auth.guards.api_keys import ApiKey, ApiKeys, make_api_key
from tornadolike.auth.guards.credentials import Credentials


def check(text: str, *kept: ApiKey, **options: Any) -> Credentials | None:
    keys = {key.id: key for key in kept}
    return asyncio.run(ApiKeys(keys.get, **options)(text))


def test_made_and_known_again() -> None:
    text, key = make_api_key("acme_live", "ann", scopes={"read"})
    assert re.fullmatch(r"acme_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{43}", text)
    assert text.startswith(key.id + "_")
    assert text.rpartition("_")[2] not in repr(key)
    assert key.digest not in repr(key)
    other = make_api_key("acme_live", "bob")[1]
    assert check(text, key, other) == Credentials("ann", {"read"})
    assert make_api_key("acme_live")[0] != text


def test_what_is_not_known() -> None:
    text, key = make_api_key("k", "ann")
    assert check(text) is None
    assert check(text, replace(key, digest="0" * 64)) is None
    last = "a" if text[-1] != "a" else "b"
    asked: list[str] = []
    finding = ApiKeys(lambda name: asked.append(name))  # type: ignore[func-returns-value]
    for wrong in (
        text[:-1] + last,
        text[:-1],
        text + "a",
        "",
        "k",
        key.id,
        text.upper(),
        f"{text}\n",
    ):
        assert check(wrong, key) is None
        asyncio.run(finding(wrong))
    assert asked == [key.id]  # of the others nobody is asked


def test_one_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    text, key = make_api_key("k", "ann", expires_at=1000.0)
    for now, known in ((999.9, True), (1000.0, False), (2000.0, False)):
        monkeypatch.setattr(api_keys.time, "time", lambda now=now: now)
        assert (check(text, key) is not None) is known


def test_when_it_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    text, key = make_api_key("k", "ann")
    keys = {key.id: key}

    async def used(key: ApiKey, now: float) -> None:
        keys[key.id] = replace(key, last_used=now)
        times.append(now)

    times: list[float] = []
    checking = ApiKeys(keys.get, used=used)
    for now in (1000.0, 1001.0, 1059.9, 1060.0, 1100.0, 1200.0):
        monkeypatch.setattr(api_keys.time, "time", lambda now=now: now)
        assert asyncio.run(checking(text)) is not None
    assert times == [1000.0, 1060.0, 1200.0]
    asyncio.run(checking(text[:-3] + "xyz"))
    assert len(times) == 3


def test_functions_may_wait() -> None:
    text, key = make_api_key("k", "ann")

    async def find(name: str) -> ApiKey | None:
        return key if name == key.id else None

    used: list[float] = []
    checking = ApiKeys(find, used=lambda key, now: used.append(now))
    assert asyncio.run(checking(text)) == Credentials("ann")
    assert len(used) == 1


@pytest.mark.parametrize("prefix", ["", "Acme", "a-b", "_a", "a_", "a__b", "é", "x" * 33, "a b"])
def test_what_is_no_prefix(prefix: str) -> None:
    with pytest.raises(ValueError, match="a prefix is"):
        make_api_key(prefix)


def test_arguments_that_are_of_no_use() -> None:
    with pytest.raises(TypeError):
        ApiKeys({})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ApiKeys({}.get, used=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="used_interval"):
        ApiKeys({}.get, used_interval=-1)
