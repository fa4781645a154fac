"""A passkey as text, and storages: the one for tests, and the one that the documentation shows."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from tests.docs.following import shown_files
from tornadolike.auth.passkeys import MemoryPasskeys, Passkey, PasskeyStorage

ONE = Passkey(b"id", "ann", b"handle", b"key", sign_count=3)

passkeys = strategies.builds(
    Passkey,
    id=strategies.binary(max_size=100),
    user=strategies.text(),
    user_handle=strategies.binary(max_size=64),
    public_key=strategies.binary(),
    transports=strategies.lists(strategies.text()).map(tuple),
    name=strategies.text(),
    created=strategies.floats(allow_nan=False),
    last_used=strategies.none() | strategies.floats(allow_nan=False),
)


@hypothesis.given(passkey=passkeys)
def test_there_and_back(passkey: Passkey) -> None:
    text = passkey.to_json()
    assert Passkey.from_json(text) == passkey == Passkey.from_json(text.encode("utf-8"))


def test_the_text_stays() -> None:
    """It is in databases."""
    assert ONE.to_json() == (
        '{"id": "aWQ", "user": "ann", "user_handle": "aGFuZGxl", "public_key": "a2V5", "sign_count": 3, '
        '"transports": [], "backup_eligible": false, "backed_up": false, "user_verified": false, "aaguid": "", '
        '"name": "", "created": 0.0, "last_used": null}'
    )


def of_the_page() -> Any:
    """The storage that docs/passkeys.rst shows."""
    page = Path(__file__).parents[3] / "docs" / "passkeys.rst"
    namespace: dict[str, Any] = {}
    exec(shown_files(page)["storage.py"], namespace)
    return namespace["SQLitePasskeys"](":memory:")


@pytest.mark.parametrize("make", [MemoryPasskeys, of_the_page])
def test_a_storage(make: Callable[[], Any]) -> None:
    async def main() -> None:
        storage = make()
        try:
            await use(storage)
        finally:
            if make is of_the_page:
                storage.db.close()

    async def use(storage: PasskeyStorage) -> None:
        assert await storage.add(ONE)
        assert not await storage.add(replace(ONE, user="bob")), "an id is somebody's"
        other = replace(ONE, id=b"other")
        assert await storage.add(other)
        assert await storage.of_user("ann") == [ONE, other]
        assert await storage.of_user("bob") == []
        used = replace(ONE, sign_count=4)
        assert not await storage.update(used, 2)
        assert await storage.update(used, 3)
        assert not await storage.update(used, 3)
        assert not await storage.update(replace(used, id=b"none"), 3)
        assert await storage.find(b"id") == used
        assert not await storage.remove(b"id", "bob")
        assert await storage.remove(b"id", "ann")
        assert not await storage.remove(b"id", "ann")
        assert await storage.find(b"id") is None

    asyncio.run(main())
