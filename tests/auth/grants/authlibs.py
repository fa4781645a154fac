"""An authorization server made of Authlib's parts: client credentials, device codes, refresh tokens for one use."""

import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc8628 import (
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)
from flask import Flask

# (Authlib does not undo the form encoding that RFC 6749 section 2.3.1 has for them, so that nothing may need it.)
ID, SECRET = "the-client", "the_secret.1"
USER = "ann"


class _Client(ClientMixin):
    client_id = ID

    def get_client_id(self):
        return ID

    def get_default_redirect_uri(self):
        return ""

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_redirect_uri(self, redirect_uri):
        return False

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return False

    def check_grant_type(self, grant_type):
        return True


class _Token(TokenMixin):
    def __init__(self, given, user):
        self.given = given
        self.user = user

    def check_client(self, client):
        return client.get_client_id() == ID

    def get_scope(self):
        return self.given.get("scope", "")

    def get_expires_in(self):
        return self.given["expires_in"]

    def is_expired(self):
        return False

    def is_revoked(self):
        return False


class World:
    """What the server knows; ``app`` is it."""

    def __init__(self):
        self.app = Flask("provider")
        self.app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {
            "client_credentials": 1000,
            DeviceCodeGrant.GRANT_TYPE: 1,
        }
        self.app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
        self.device_codes = {}
        self.agreed = {}
        """By user codes: whether the user has said yes."""
        self.asked_at = {}
        self.refresh_tokens = {}
        world = self

        def save(token, request):
            if "refresh_token" in token:
                world.refresh_tokens[token["refresh_token"]] = _Token(token, request.user)

        class Device(DeviceAuthorizationEndpoint):
            INTERVAL = 1

            def get_verification_uri(self):
                return "https://provider.example/activate"

            def save_device_credential(self, client_id, scope, data):
                world.device_codes[data["device_code"]] = DeviceCredentialDict(
                    {**data, "client_id": client_id, "scope": scope, "expires_at": time.time() + 60}
                )

        class Codes(DeviceCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

            def query_device_credential(self, device_code):
                return world.device_codes.get(device_code)

            def query_user_grant(self, user_code):
                said = world.agreed.get(user_code)
                return None if said is None else (USER, said)

            def should_slow_down(self, credential):
                return False

        class Credentials(grants.ClientCredentialsGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        class Refresh(grants.RefreshTokenGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
            INCLUDE_NEW_REFRESH_TOKEN = True

            def authenticate_refresh_token(self, refresh_token):
                return world.refresh_tokens.pop(refresh_token, None)

            def authenticate_user(self, credential):
                return credential.user

            def revoke_old_credential(self, credential):
                """It is gone already."""

        server = AuthorizationServer(
            self.app, query_client=lambda name: _Client() if name == ID else None, save_token=save
        )
        for grant in (Credentials, Codes, Refresh):
            server.register_grant(grant)
        server.register_endpoint(Device)
        self.app.post("/token", endpoint="token")(server.create_token_response)
        self.app.post("/device", endpoint="device")(
            lambda: server.create_endpoint_response(Device.ENDPOINT_NAME)
        )
