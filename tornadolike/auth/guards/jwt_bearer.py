""":class:`JWTBearer`: access tokens that tell all by themselves (RFC 9068)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ...util import check_not_negative
from ..arguments import check_function, check_text
from ..errors import TokenError
from ..jose.algorithms import DEFAULT_ALGORITHMS, check_algorithms
from ..jose.keys import Keys
from ..jose.reading import LEEWAY, read_token
from ..openid.discovery import Discovery
from .credentials import Credentials, credentials_from

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - a type, no secret
_TEXTS: Final = ("sub", "client_id", "jti")
"""Claims that RFC 9068 section 2.2 wants, beside those that each token has."""


class JWTBearer:
    """Reads access tokens that are JWTs, for :class:`.BearerAuthentication`.

    .. code-block:: python

        check = JWTBearer("https://login.example.com", audience="https://api.example.com")

    :arg issuer: who makes the tokens: ``iss``, to the letter.
    :arg audience: what stands for this API: it must be among ``aud``. Never leave that to chance: a token for another
        API would be good for yours, too.
    :arg keys: by which they are signed: :class:`.Keys`. None: what the issuer publishes, which is found by OpenID
        Connect's discovery, and kept.
    :arg algorithms: those that they may be signed with; by default all by a pair of keys.
    :arg kind: the ``typ`` of a token's header: ``"at+jwt"``, as RFC 9068 wants it. Providers that know nothing of that
        write ``"JWT"``: then it is for you that an ID token cannot pass, by the audience.
    :arg user: makes the user of the claims; None for nobody. May be a coroutine function. By default the user is the
        claims themselves: ``handler.current_user["sub"]``.
    :arg leeway: seconds that clocks may differ.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is of no use.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str,
        keys: Keys | None = None,
        algorithms: Collection[str] = DEFAULT_ALGORITHMS,
        kind: str = ACCESS_TOKEN,
        user: Callable[[Mapping[str, Any]], Any] | None = None,
        leeway: float = LEEWAY,
    ) -> None:
        check_text(issuer=issuer)
        if not isinstance(audience, str) or not audience:
            raise ValueError("a JWTBearer has an audience: what stands for this API in its tokens")
        if keys is not None and not isinstance(keys, Keys):
            raise TypeError(f"keys is an object such as KnownKeys(...), not {type(keys).__name__}")
        check_text(kind=kind)
        check_not_negative(leeway=leeway)
        if user is not None:
            check_function(user=user)
        self._issuer = issuer
        self._audience = audience
        self._keys = Discovery(issuer).keys if keys is None else keys
        self._algorithms = check_algorithms(algorithms)
        self._kind = kind
        self._user = user or dict
        self._leeway = leeway

    async def __call__(self, token: str) -> Credentials | None:
        """Whose token it is. Raises :exc:`.TokenError` and :exc:`.ProviderUnavailableError`."""
        claims = await read_token(
            token,
            self._keys,
            issuer=self._issuer,
            audience=self._audience,
            algorithms=self._algorithms,
            leeway=self._leeway,
            kind=self._kind,
        )
        if "events" in claims:  # RFC 8417 section 4.1: many providers write the same typ in all
            raise TokenError("it is no access token: it tells of an event")
        if self._kind == ACCESS_TOKEN:
            _check_profile(claims)
        found = await credentials_from(self._user(claims))
        return None if found is None else Credentials(found.user, _scopes(claims), claims)


def _check_profile(claims: Mapping[str, Any]) -> None:
    """What RFC 9068 section 2.2 wants beyond what is checked of all tokens."""
    for name in _TEXTS:
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise TokenError(f"the token has no {name}")
    if "iat" not in claims:
        raise TokenError("the token does not say when it was made")


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Of ``scope`` (RFC 8693 section 4.2), or of ``scp``, which others write. Raises :exc:`.TokenError`."""
    value = claims.get("scope", claims.get("scp", ""))
    if isinstance(value, str):
        return frozenset(value.split(" ")) - {""}
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TokenError("the token's scope is no text")
    return frozenset(value)
