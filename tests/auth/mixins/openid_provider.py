"""A provider of OpenID 2.0, which signs with a key of its own and confirms an answer one time; and can lie."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tornadolike.httputil import url_concat
from tornadolike.web import Application, RequestHandler

NAMESPACE = "http://specs.openid.net/auth/2.0"
CLAIMED_ID = "https://openid.example/id/ann"
ATTRIBUTES = {
    "email": ("http://axschema.org/contact/email", "ann@example.com"),
    "firstname": ("http://axschema.org/namePerson/first", "Ann"),
    "lastname": ("http://axschema.org/namePerson/last", "Lee"),
    "fullname": ("http://axschema.org/namePerson", "Ann Lee"),
    "language": ("http://axschema.org/pref/language", "en-GB"),
    "username": ("http://axschema.org/namePerson/friendly", "ann"),
}


class OpenIdProvider:
    """The user agrees at once, as ``answers`` may change: a function that gets the answer's fields."""

    def __init__(self, serve: Callable[..., Any]) -> None:
        self.key = secrets.token_bytes()
        self.confirmed: set[str] = set()
        self.answers: Callable[[dict[str, str]], dict[str, str]] = lambda fields: fields
        self.asked: list[dict[str, str]] = []
        self.confirmation = b"is_valid:true\nns:http://specs.openid.net/auth/2.0\n"
        self.server = serve(Application([("/openid", Endpoint, {"provider": self})]))
        self.endpoint = f"{self.server.url}/openid"

    def signature(self, fields: dict[str, str]) -> str:
        text = "".join(f"{name}:{fields[name]}\n" for name in fields["signed"].split(","))
        return base64.b64encode(hmac.digest(self.key, text.encode(), hashlib.sha256)).decode()

    def assertion(self, asked: dict[str, str]) -> dict[str, str]:
        fields = {
            "ns": NAMESPACE,
            "mode": "id_res",
            "op_endpoint": self.endpoint,
            "claimed_id": CLAIMED_ID,
            "identity": CLAIMED_ID,
            "return_to": asked["return_to"],
            "response_nonce": f"{nonce_time()}{secrets.token_hex(4)}",
            "assoc_handle": "private",
        }
        wanted = [name for name in asked.get("ax.required", "").split(",") if name]
        if wanted:
            fields |= {"ns.ext1": "http://openid.net/srv/ax/1.0", "ext1.mode": "fetch_response"}
        for name in wanted:
            type_, value = ATTRIBUTES[name]
            assert asked[f"ax.type.{name}"] == type_
            fields |= {f"ext1.type.{name}": type_, f"ext1.value.{name}": value}
        return fields

    def sign(self, fields: dict[str, str], but: tuple[str, ...] = ("mode",)) -> dict[str, str]:
        signed = {**fields, "signed": ",".join(name for name in fields if name not in but)}
        return {**signed, "sig": self.signature(signed)}

    def confirms(self, fields: dict[str, str]) -> bool:
        if not {"sig", "signed", "response_nonce"} <= fields.keys():
            return False
        if any(name not in fields for name in fields["signed"].split(",")):
            return False
        right = self.signature(fields) == fields["sig"]
        new = fields["response_nonce"] not in self.confirmed
        self.confirmed.add(fields["response_nonce"])
        return right and new


class Endpoint(RequestHandler):
    def initialize(self, provider: OpenIdProvider) -> None:
        self.provider = provider

    def fields(self) -> dict[str, str]:
        return {
            name.removeprefix("openid."): values[-1].decode()
            for name, values in self.request.arguments.items()
        }

    def get(self) -> None:
        asked = self.fields()
        self.provider.asked.append(asked)
        assert asked["return_to"].startswith(asked["realm"])
        assert urlsplit(asked["return_to"]).fragment == ""
        answer = self.provider.answers(self.provider.sign(self.provider.assertion(asked)))
        sent = {f"openid.{name}": value for name, value in answer.items()}
        self.redirect(url_concat(asked["return_to"], sent))

    def post(self) -> None:
        asked = self.fields()
        self.provider.asked.append(asked)
        if asked["mode"] != "check_authentication" or not self.provider.confirms(asked):
            self.finish(b"ns:http://specs.openid.net/auth/2.0\nis_valid:false\n")
        else:
            self.finish(self.provider.confirmation)


def nonce_time(ago: float = 0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))
