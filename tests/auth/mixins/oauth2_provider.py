"""A provider of OAuth 2.0: Authlib decides, on Flask."""

from collections.abc import Callable
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc6749.errors import OAuth2Error

from tornadolike.wsgi import WSGIContainer

KEY, SECRET = "a-client", "what only both know & more"


class Client(ClientMixin):
    """The one that it knows."""

    redirect_uris: tuple[str, ...] = ()
    auth_method = "client_secret_post"

    def get_client_id(self) -> str:
        return KEY

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code:
    """One that it has given."""

    def __init__(self, request: Any) -> None:
        self.redirect_uri = request.payload.redirect_uri
        self.scope = request.payload.scope
        self.user = request.user

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)


class OAuth2Provider:
    """Its addresses; users agree, unless ``denies`` is set."""

    def __init__(self, serve: Callable[..., Any]) -> None:
        self.client = Client()
        self.denies = False
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: list[flask.Request] = []
        self.app = flask.Flask(__name__)
        self.server = AuthorizationServer(
            self.app,
            query_client=lambda client_id: self.client if client_id == KEY else None,
            save_token=lambda token, request: self.tokens.update({token["access_token"]: token}),
        )
        self.server.register_grant(code_grant(self))
        self.app.add_url_rule("/authorize", view_func=self.authorize)
        self.app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        self.app.add_url_rule("/token-by-get", view_func=self.token_by_get)
        self.app.add_url_rule("/me", view_func=self.me, methods=["GET", "POST"])
        self.url = serve(WSGIContainer(self.app)).url

    def authorize(self) -> Any:
        try:
            grant = self.server.get_consent_grant(end_user="ann")
        except OAuth2Error as error:
            return error.error, 400
        user = None if self.denies else "ann"
        return self.server.create_authorization_response(grant=grant, grant_user=user)

    def token(self) -> Any:
        return self.server.create_token_response()

    def token_by_get(self) -> Any:
        """As Facebook has it: everything in the query, and no type of grant."""
        form = {**flask.request.args, "grant_type": "authorization_code"}
        with self.app.test_request_context("/token", method="POST", data=form):
            return self.server.create_token_response()

    def me(self) -> Any:
        arguments = dict(flask.request.args)
        if arguments.pop("access_token", None) not in self.tokens:
            return {"error": "invalid_token"}, 401
        said = {"args": arguments, "form": dict(flask.request.form)}
        return {"id": "1", "name": "Ann", "email": "ann@example.com", "said": said}


def code_grant(provider: OAuth2Provider) -> type[grants.AuthorizationCodeGrant]:
    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            provider.codes[code] = Code(request)

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            provider.codes = {
                c: v for c, v in provider.codes.items() if v is not authorization_code
            }

        def authenticate_user(self, authorization_code: Code) -> Any:
            return authorization_code.user

    return CodeGrant
