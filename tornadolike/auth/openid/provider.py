""":class:`OpenIDProvider`: signing in with any OpenID Connect provider."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jws
from joserfc.errors import JoseError

from ..errors import ProviderAnswerError, SignInError, TokenError
from ..identities import Identity
from ..jose.algorithms import DEFAULT_ALGORITHMS
from ..jose.reading import Issuer
from ..oauth2.clients import ClientAuthentication, PublicClient, SecretInForm, SecretInHeader
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token
from .discovery import Discovery
from .id_tokens import read_id_token
from .keeping import Keeping


class OpenIDProvider(OAuth2Provider):
    """A provider that is known by its ``issuer`` alone: the rest it says itself.

    .. code-block:: python

        OpenIDProvider("client-id", "secret", issuer="https://id.example.com")

    :arg issuer: exactly as the provider writes it itself.
    :arg keeping: for how long what it says of itself, and its keys, are kept.
    :arg allow_http: whether its URLs may be of ``http`` on other machines than this one. For tests.

    The other arguments are those of :class:`.OAuth2Provider`. How the application says who it is, if
    ``client_authentication`` does not say so, is what the provider takes: the secret in a header, or else in the form.

    Raises :exc:`ValueError` for what cannot be an issuer, and for a ``scope`` without ``openid``.
    """

    default_name = "openid"
    default_scope = ("openid", "profile", "email")
    asks_userinfo = True
    """Whether the provider is asked for more than its ID tokens tell, if it has an endpoint for that."""
    algorithms: Sequence[str] = DEFAULT_ALGORITHMS
    """Signatures that are believed, if the provider says that it uses them."""

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        issuer: str = "",
        keeping: Keeping | None = None,
        allow_http: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        self.issuer = issuer or self.issuer
        if "openid" not in self.scope:
            raise ValueError("the scope of an OpenID provider has 'openid' in it")
        self.discovery = self._make_discovery(keeping=keeping, allow_http=allow_http)
        """What the provider says of itself, and its keys."""

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        """The claims in our words. A provider with words of its own overrides it."""
        return Identity(
            self.name,
            str(claims["iss"]),
            str(claims["sub"]),
            _text(claims.get("name")),
            _text(claims.get("preferred_username")),
            _text(claims.get("email")),
            claims.get("email_verified") is True,
            _text(claims.get("picture")),
            _text(claims.get("sid")),
            claims,
            token,
        )

    # To sign in

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        """Who it is, as the ID token says, and the user info. Raises :exc:`.TokenError` for one that is not right."""
        claims = await self._read_id_token(
            token, nonce=pending.nonce, max_age=pending.max_age, code=answer.get("code")
        )
        return self.identity_of(await self._with_userinfo(claims, token), token)

    async def refresh(self, token: Token) -> Token:
        """As of every provider. Raises :exc:`.TokenError` if an ID token comes along that is of another user."""
        new = await super().refresh(token)
        if new.id_token is None:
            return replace(new, id_token=token.id_token)
        claims = await self._read_id_token(new, nonce=None)
        if token.id_token is not None:
            _check_same_user(claims, _claims_of(token.id_token))
        return new

    async def end_session_url(
        self,
        id_token_hint: str | None = None,
        post_logout_redirect_uri: str | None = None,
        state: str | None = None,
        **parameters: str,
    ) -> str | None:
        """Where users go to sign out with the provider as well (RP-Initiated Logout 1.0); None if it has no such page.

        :arg id_token_hint: the :attr:`.Token.id_token` of who signs out, so that the provider need not ask.
        :arg post_logout_redirect_uri: where they come back: an absolute URL that the provider knows.
        :arg state: comes back with them.
        :arg parameters: more: ``logout_hint``, ``ui_locales``.

        Raises :exc:`.ProviderUnavailableError` and :exc:`.ProviderAnswerError`.
        """
        endpoint = (await self.discovery.metadata()).end_session_endpoint
        if endpoint is None:
            return None
        request = {
            "client_id": self.client_id,
            "id_token_hint": id_token_hint,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "state": state,
            **parameters,
        }
        query = urlencode({name: value for name, value in request.items() if value is not None})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    async def find_device_endpoint(self) -> str:
        return (await self.discovery.metadata()).device_authorization_endpoint or ""

    async def find_algorithms(self) -> Sequence[str]:
        """The signatures that are believed. Raises :exc:`.ProviderAnswerError` if the provider has none of them."""
        said = (await self.discovery.metadata()).id_token_signing_alg_values_supported
        both = [name for name in self.algorithms if name in said]
        if not both:
            raise ProviderAnswerError(
                f"{self.issuer} signs with {', '.join(said)[:80]}, of which none is believed"
            )
        return both

    # For providers that are peculiar

    def _make_discovery(self, **options: Any) -> Discovery:
        return Discovery(self.issuer, self.endpoints, **options)

    @property
    def token_issuer(self) -> Issuer:
        """Who must have made a token."""
        return self.issuer

    # What a provider says by itself

    async def _authorization_endpoint(self) -> str:
        return (await self.discovery.metadata()).authorization_endpoint

    async def _token_endpoint(self) -> str:
        return (await self.discovery.metadata()).token_endpoint

    async def _usual_client(self) -> ClientAuthentication:
        if self._secret is None:
            return PublicClient(self.client_id)
        taken = (await self.discovery.metadata()).token_endpoint_auth_methods_supported
        for kind in (SecretInHeader, SecretInForm):
            if kind.method in taken:
                return kind(self.client_id, self._secret)
        raise ProviderAnswerError(
            f"{self.issuer} takes no client_secret, but {', '.join(taken)[:80]}: say client_authentication=..."
        )

    def _authorization_parameters(self, pending: Pending) -> dict[str, Any]:
        parameters = {**super()._authorization_parameters(pending), "nonce": pending.nonce}
        if pending.max_age is not None:
            parameters["max_age"] = str(pending.max_age)
        return parameters

    async def _check_issuer(self, issuer: str | None) -> None:
        metadata = await self.discovery.metadata()
        if issuer is None and metadata.authorization_response_iss_parameter_supported:
            raise SignInError("the answer does not say which provider it comes from (RFC 9207)")
        await super()._check_issuer(issuer)

    async def _read_id_token(
        self,
        token: Token,
        *,
        nonce: str | None,
        max_age: int | None = None,
        code: str | None = None,
    ) -> Mapping[str, Any]:
        if token.id_token is None:
            raise ProviderAnswerError(f"{self.issuer} has given no id_token")
        return await read_id_token(
            token.id_token,
            self.discovery.keys,
            issuer=self.token_issuer,
            client_id=self.client_id,
            nonce=nonce,
            algorithms=await self.find_algorithms(),
            max_age=max_age,
            access_token=token.access_token,
            code=code,
        )

    async def _with_userinfo(self, claims: Mapping[str, Any], token: Token) -> Mapping[str, Any]:
        """What is signed counts more."""
        endpoint = (await self.discovery.metadata()).userinfo_endpoint
        if not self.asks_userinfo or endpoint is None:
            return claims
        more = await self.endpoints.get(endpoint, token=token.access_token)
        if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
            raise TokenError("the user info is not that of who has signed in (sub)")
        signed = dict(claims)
        if more.get("email") != claims.get("email"):  # what is verified is another address
            (more if "email" in claims else signed).pop("email_verified", None)
        return {**more, **signed}


def _claims_of(id_token: str) -> Mapping[str, Any]:
    """What is in a token that was looked at when it came: by now it may have expired, and its key be gone."""
    try:
        claims = json.loads(jws.extract_compact(id_token.encode()).payload)
    except (JoseError, ValueError):
        raise TokenError("the ID token from before cannot be read") from None
    return claims if isinstance(claims, dict) else {}


def _check_same_user(claims: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Core section 12.2."""
    for name in ("iss", "sub", "aud"):
        if claims.get(name) != before.get(name):
            raise TokenError(f"the new ID token is not that of the same user ({name})")
    if "nonce" in claims and claims["nonce"] != before.get("nonce"):
        raise TokenError("the new ID token belongs to another sign-in (nonce)")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
