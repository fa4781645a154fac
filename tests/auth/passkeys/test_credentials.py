"""A passkey as text, and the storage for tests."""

import asyncio
from dataclasses import replace

import hypothesis
from hypothesis import strategies

from tornadolike.auth.passkeys import Credential, MemoryCredentials

ONE = Credential(b"id", "ann", b"handle", b"key", sign_count=3)

credentials = strategies.builds(
    Credential,
    id=strategies.binary(max_size=100),
    user=strategies.text(),
    user_handle=strategies.binary(max_size=64),
    public_key=strategies.binary(),
    transports=strategies.lists(strategies.text()).map(tuple),
    name=strategies.text(),
    created=strategies.floats(allow_nan=False),
    last_used=strategies.none() | strategies.floats(allow_nan=False),
)


@hypothesis.given(credential=credentials)
def test_there_and_back(credential: Credential) -> None:
    text = credential.to_json()
    assert Credential.from_json(text) == credential == Credential.from_json(text.encode("utf-8"))


def test_the_text_stays() -> None:
    """It is in databases."""
    assert ONE.to_json() == (
        '{"id": "aWQ", "user": "ann", "user_handle": "aGFuZGxl", "public_key": "a2V5", "sign_count": 3, '
        '"transports": [], "backup_eligible": false, "backed_up": false, "user_verified": false, "aaguid": "", '
        '"name": "", "created": 0.0, "last_used": null}'
    )


def test_the_storage() -> None:
    async def main() -> None:
        storage = MemoryCredentials()
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
