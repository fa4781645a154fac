"""A store that fails once."""

from typing import Any

from tornadolike.stores import MemoryStore, StoreError


class Failing(MemoryStore):
    """Fails at the call of this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def _fail(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreError("the store is down")

    async def get(self, key: str) -> bytes | None:
        self._fail()
        return await super().get(key)

    async def set(self, key: str, value: bytes, seconds: float, **more: Any) -> bool:
        self._fail()
        return await super().set(key, value, seconds, **more)

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        self._fail()
        return await super().count(key, seconds, by)

    async def delete(self, key: str) -> bool:
        self._fail()
        return await super().delete(key)
