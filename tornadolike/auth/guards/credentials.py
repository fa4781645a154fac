""":class:`Credentials`: who asks, by what a request has with it."""

from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final

from ...web import RequestHandler
from ..arguments import check_collection

_KEY: Final = "tornadolike.credentials"
"""Of the handler's attributes: none that an author can use."""


class _AllScopes(frozenset[str]):
    """Has every scope in it."""

    def __contains__(self, scope: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "ALL_SCOPES"


ALL_SCOPES: Final = _AllScopes()
"""For who may do everything: a user who has given a password, say."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks. What a check gives, if there is more to say than who the user is.

    Raises :exc:`TypeError` for ``scopes`` that are no collection.
    """

    user: Any
    """What :attr:`~.RequestHandler.current_user` is. It must be true."""
    scopes: Collection[str] = frozenset()
    """What it may be used for (:func:`.requires_scope`); by default for nothing that asks for one."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All that a token says."""

    def __post_init__(self) -> None:
        check_collection(scopes=self.scopes)


async def credentials_from(result: Any | Awaitable[Any]) -> Credentials | None:
    """What a check has given, or what is to be awaited for it: None for nobody."""
    if isawaitable(result):
        result = await result
    if isinstance(result, Credentials):
        return result if result.user else None
    return Credentials(result) if result else None


def keep_credentials(handler: RequestHandler, credentials: Credentials) -> None:
    """Who asks is known from now on."""
    handler.current_user = credentials.user
    vars(handler)[_KEY] = credentials


def credentials_of(handler: RequestHandler) -> Credentials | None:
    """By what the user of a request is known; None if nobody is, or not by one of the guards."""
    found: Credentials | None = vars(handler).get(_KEY)
    return found
