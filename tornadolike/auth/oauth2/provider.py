""":class:`OAuth2Provider`: the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 9700)."""

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ...httpclient import AsyncHTTPClient
from ...util import check_whole_numbers
from ..arguments import (
    check_kind,
    check_kind_if_any,
    check_text,
    check_text_if_any,
    checked_texts,
)
from ..errors import OAuthError, ProviderAnswerError, SignInError
from ..identities import Identity
from ..tokens import Token
from .clients import ClientAuthentication, PublicClient, SecretInForm
from .endpoints import TIMEOUT, Endpoints, refusal_in
from .pending import Pending
from .pkce import challenge, new_verifier

_PARTY: Final = 32


class OAuth2Provider(ABC):
    """A provider that users sign in with. To be subclassed: :meth:`identify` asks who it is.

    It has no state of a request, and one object serves all of an application. It knows nothing of handlers: those are
    in :mod:`tornadolike.auth.signin`.

    :arg client_id: what the provider knows the application by.
    :arg client_secret: what it gave with that; None for a client without (a public one, with PKCE alone).
    :arg scope: what is asked for; by default :attr:`default_scope`.
    :arg name: of the provider, in the application; by default :attr:`default_name`.
    :arg client_authentication: how the application says at the token endpoint who it is
        (:mod:`tornadolike.auth.oauth2.clients`), in the place of ``client_secret``.
    :arg http_client: what asks the provider; None: the loop's :class:`~tornadolike.httpclient.AsyncHTTPClient`.
    :arg timeout: seconds that each of its answers may take.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is of no use, such as a setting that is not there.
    """

    default_name = ""
    default_scope: Sequence[str] = ()
    authorization_endpoint = ""
    token_endpoint = ""
    device_authorization_endpoint = ""
    issuer = ""
    uses_pkce = True
    response_mode: str | None = None
    """``"form_post"``: the browser comes back with a POST. None: with a GET."""

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        scope: Sequence[str] | None = None,
        name: str | None = None,
        client_authentication: ClientAuthentication | None = None,
        http_client: AsyncHTTPClient | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        check_text(client_id=client_id)
        check_text_if_any(client_secret=client_secret, name=name)
        check_kind_if_any(ClientAuthentication, client_authentication=client_authentication)
        self.client_id = client_id
        self.name = name or self.default_name
        self.scope = tuple(self.default_scope) if scope is None else checked_texts("scope", scope)
        self._secret = client_secret
        self._client = client_authentication
        self.endpoints = Endpoints(http_client, timeout)

    # To sign in

    async def begin(
        self,
        redirect_uri: str,
        *,
        next: str = "/",
        scope: Sequence[str] | None = None,
        max_age: int | None = None,
        **parameters: str,
    ) -> tuple[str, Pending]:
        """The URL to which the user goes, and what has to be known when they come back.

        :arg redirect_uri: where they come back: an absolute URL that the provider knows.
        :arg next: where they wanted to go.
        :arg parameters: more of the authorization request: ``prompt``, ``login_hint``, ``ui_locales``, ...

        Raises :exc:`.AuthError`; :exc:`ValueError` for ``parameters`` that are not the caller's to choose; and
        :exc:`TypeError` for what is no text.
        """
        check_text(redirect_uri=redirect_uri, next=next)
        check_kind(str, **parameters)
        wanted = self.scope if scope is None else checked_texts("scope", scope)
        if max_age is not None:
            check_whole_numbers(max_age=max_age)
        pending = Pending(
            self.name,
            redirect_uri,
            verifier=new_verifier() if self.uses_pkce else "",
            next=next,
            max_age=max_age,
            party=self._party(),
        )
        request = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(wanted),
            "state": pending.state,
            **self._authorization_parameters(pending),
        }
        if pending.verifier:
            request["code_challenge"] = challenge(pending.verifier)
            request["code_challenge_method"] = "S256"
        if ours := parameters.keys() & request.keys():
            raise ValueError(
                f"parameters that are made for each sign-in: {', '.join(sorted(ours))}"
            )
        request.update(parameters)
        endpoint = await self._authorization_endpoint()
        separator = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{separator}{urlencode(request)}", pending

    async def complete(self, pending: Pending, answer: Mapping[str, str]) -> Identity:
        """Who has come back.

        :arg pending: what :meth:`begin` has given, from the browser that has come back.
        :arg answer: the arguments with which it has: ``code``, ``state``, ...

        Raises :exc:`.SignInError`, :exc:`.AccessDeniedError`, and the other :exc:`.AuthError`.
        """
        state = answer.get("state", "").encode(errors="replace")
        if not hmac.compare_digest(state, pending.state.encode()):
            raise SignInError("the state is not that of the sign-in that goes on in this browser")
        if pending.party != self._party():
            raise SignInError("the sign-in was begun with another provider, or for another client")
        await self._check_issuer(answer.get("iss"))
        if "error" in answer:
            raise refusal_in(answer)
        if not answer.get("code"):
            raise ProviderAnswerError("the provider has sent the user back without a code")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": pending.redirect_uri,
        }
        if pending.verifier:
            form["code_verifier"] = pending.verifier
        return await self.identify(await self.ask_for_token(form), pending, answer)

    @abstractmethod
    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        """Who it is whose token this is. Raises :exc:`.AuthError`.

        :arg answer: what the browser came back with: some providers say more there.
        """

    # With what has been given

    async def refresh(self, token: Token) -> Token:
        """Another token for one that has ended, or soon will. A provider may keep the refresh token, or give another.

        Raises :exc:`.OAuthError` (``invalid_grant``: the user has to sign in again) and the other :exc:`.AuthError`.
        """
        if token.refresh_token is None:
            raise OAuthError("invalid_grant", "the token came without a refresh token")
        new = await self.ask_for_token(
            {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
        )
        # What the answer does not speak of stays as it was (RFC 6749 section 6).
        return replace(
            new,
            refresh_token=new.refresh_token or token.refresh_token,
            scope=new.scope or token.scope,
        )

    async def ask_for_token(self, form: Mapping[str, str]) -> Token:
        """What the token endpoint gives for a grant, which is said by ``form``. Raises :exc:`.AuthError`."""
        return Token.from_answer(await self.ask(await self._token_endpoint(), form))

    async def ask(self, endpoint: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """What an endpoint answers to a form, to which is added who the client is. Raises :exc:`.AuthError`."""
        request, headers = dict(form), dict[str, str]()
        client = self._client or await self._usual_client()
        client.add_to(request, headers, endpoint)
        return await self.endpoints.post(endpoint, request, headers)

    async def find_device_endpoint(self) -> str:
        """Where the device grant begins (RFC 8628); the empty text for a provider that has none."""
        return self.device_authorization_endpoint

    # For providers that say where they are by themselves

    async def _authorization_endpoint(self) -> str:
        return self.authorization_endpoint

    async def _token_endpoint(self) -> str:
        return self.token_endpoint

    def _party(self) -> str:
        """What tells this provider, and this client of it, from all others. Of one length: it travels in a cookie."""
        who = json.dumps([self.issuer, self.authorization_endpoint, self.client_id])
        return hashlib.sha256(who.encode()).hexdigest()[:_PARTY]

    async def _usual_client(self) -> ClientAuthentication:
        """How the application says who it is, if it was not told that."""
        if self._secret is None:
            return PublicClient(self.client_id)
        return SecretInForm(self.client_id, self._secret)

    def _authorization_parameters(self, pending: Pending) -> dict[str, Any]:
        """What else the authorization request has."""
        return {"response_mode": self.response_mode} if self.response_mode else {}

    async def _check_issuer(self, issuer: str | None) -> None:
        """Against mix-ups (RFC 9207): raise :exc:`.SignInError` for the answer of another provider."""
        if issuer is not None and self.issuer and issuer != self.issuer:
            raise SignInError("the answer comes from another provider than the one that was asked")
