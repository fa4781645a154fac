"""The keys of whoever signs tokens: fetched when they are needed, and again when one is missing (RFC 7517)."""

from abc import ABC, abstractmethod
from typing import Any


class Keys(ABC):
    """Keys by which signatures are checked."""

    @abstractmethod
    async def find(self, header: dict[str, Any]) -> Any:
        """The key for a token with this header: joserfc's. Raises :exc:`.TokenError` if there is none, and
        :exc:`.ProviderUnavailableError`."""
