"""private_key_jwt and client_secret_jwt: what is sent, and who understands it."""

from types import SimpleNamespace

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jws, jwt

from tests.auth.jose.tokens import key
from tornadolike.auth import ClientSecretJWT, PrivateKeyJWT
from tornadolike.auth.jose.keys import KnownKeys, load_key, public_keys, secret_key

ENDPOINT = "https://id.example.com/token"
SECRET = "0123456789abcdef0123456789abcdef"


def sent(client):
    form, headers = {"grant_type": "client_credentials"}, {}
    client.add_to(form, headers, ENDPOINT)
    assert headers == {}
    assert form.pop("grant_type") == "client_credentials"
    return form


@pytest.mark.parametrize("name", ["ES256", "RS256", "PS256", "Ed25519"])
def test_a_private_key(name):
    form = sent(PrivateKeyJWT("me", key(name)))
    assertion = form.pop("client_assertion")
    assert form == {
        "client_id": "me",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    (public,) = public_keys(KnownKeys(key(name)).published())
    decoded = jwt.decode(assertion, public, algorithms=[name])
    assert decoded.header == {"alg": name, "typ": "JWT", "kid": "a"}
    claims = decoded.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("me", "me", ENDPOINT)
    assert claims["exp"] - claims["iat"] == 60
    assert claims.keys() == {"iss", "sub", "aud", "jti", "iat", "exp"}


def test_a_secret_is_not_sent():
    form = sent(ClientSecretJWT("me", SECRET))
    assert SECRET not in str(form)
    claims = jwt.decode(form["client_assertion"], secret_key(SECRET), algorithms=["HS256"]).claims
    assert claims["sub"] == "me"


@pytest.mark.parametrize(
    "client", [PrivateKeyJWT("me", key()), ClientSecretJWT("me", SECRET)], ids=["key", "secret"]
)
def test_each_request_has_a_token_of_its_own(client):
    tokens = [sent(client)["client_assertion"] for _ in range(5)]
    assert len({jws.extract_compact(token.encode()).payload for token in tokens}) == 5


def test_the_audience_and_the_time_may_be_said():
    client = PrivateKeyJWT("me", key(), audience="https://id.example.com", lifetime=5)
    claims = jwt.decode(sent(client)["client_assertion"], key()).claims
    assert claims["aud"] == "https://id.example.com"
    assert claims["exp"] - claims["iat"] == 5


def test_the_names_of_the_methods():
    assert PrivateKeyJWT.method == "private_key_jwt"
    assert ClientSecretJWT.method == "client_secret_jwt"


@pytest.mark.parametrize(
    ("wrong", "options"),
    [
        (load_key(key().as_pem(private=False)), {}),
        (secret_key(SECRET), {}),
        (key(), {"algorithm": "RS256"}),
        (key(), {"algorithm": "none"}),
    ],
)
def test_keys_that_cannot_sign_so(wrong, options):
    with pytest.raises(ValueError, match="needs a private key that fits"):
        PrivateKeyJWT("me", wrong, **options)


def test_a_text_is_no_key():
    with pytest.raises(TypeError, match="a key comes from load_key"):
        PrivateKeyJWT("me", key().as_pem(private=True).decode(), algorithm="ES256")


def test_a_secret_that_is_too_short():
    with pytest.raises(ValueError, match="at least 32 bytes"):
        ClientSecretJWT("me", "short")


def test_nothing_of_them_is_shown():
    assert SECRET not in repr(ClientSecretJWT("me", SECRET))
    private = load_key(key().as_pem(private=True))
    assert private.as_dict(private=True)["d"] not in repr(vars(PrivateKeyJWT("me", private)))


class Server(JWTBearerClientAssertion):
    """Authlib's side of it."""

    def __init__(self, resolved):
        super().__init__()
        self.resolved, self.seen = resolved, set()

    def get_audiences(self):
        return [ENDPOINT]

    def validate_jti(self, claims, jti):
        return jti not in self.seen and not self.seen.add(jti)

    def resolve_client_public_key(self, client):
        return self.resolved

    def authenticate_client(self, client):
        return client


@pytest.mark.parametrize(
    ("client", "resolved"),
    [
        (PrivateKeyJWT("me", key("RS256")), key("RS256").as_dict(private=False)),
        (PrivateKeyJWT("me", key("ES256")), key("ES256").as_dict(private=False)),
        (ClientSecretJWT("me", SECRET), secret_key(SECRET).as_dict(private=True)),
    ],
    ids=["RS256", "ES256", "HS256"],
)
def test_authlib_understands_them_and_each_once(client, resolved):
    server = Server(resolved)
    clients = {"me": "the client"}
    first, second = (SimpleNamespace(form=sent(client)) for _ in range(2))
    assert server(clients.get, first) == "the client"
    assert server(clients.get, second) == "the client"
    with pytest.raises(InvalidClientError, match="used before"):
        server(clients.get, first)
