"""docs/coming.rst: the names that are said to be here are here."""

import inspect
import re
from pathlib import Path

import tornadolike.auth
import tornadolike.caching
import tornadolike.escape
import tornadolike.httpclient
import tornadolike.middleware
import tornadolike.process
import tornadolike.rooms
import tornadolike.sessions
import tornadolike.signals
import tornadolike.web
import tornadolike.websocket
import tornadolike.workers
from tornadolike.auth import Identity, PasswordHasher, SignInMixin, Tokens
from tornadolike.background import Background
from tornadolike.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse, StreamedResponse
from tornadolike.pubsub import PubSub
from tornadolike.rooms import Rooms
from tornadolike.sessions import Session
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient
from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import WebSocketHandler

PAGE = (Path(__file__).parents[2] / "docs" / "coming.rst").read_text()
TABLES = PAGE.partition("\nFlask and Quart\n")[2].splitlines()
HERE = " ".join(line[50:] for line in TABLES if not line.startswith("="))
SAID = set(re.findall(r"``@?([a-zA-Z_.]+)", HERE))
OWNERS = {
    "app.background": Background,
    "app": Application,
    "self.session": Session,
    "self": WebSocketHandler,
    "rooms": Rooms,
    "pubsub": PubSub,
    "client": AsyncHTTPClient,
    "SignInMixin": SignInMixin,
    "handler": RequestHandler,
    "identity": Identity,
    "passwords": PasswordHasher,
    "tokens": Tokens,
    "workers": tornadolike.workers,
}
RESPONSES = (HTTPResponse(HTTPRequest("http://example.com/"), 200), StreamedResponse)
MODULES = (
    tornadolike.auth,
    tornadolike.caching,
    tornadolike.escape,
    tornadolike.httpclient,
    tornadolike.middleware,
    tornadolike.process,
    tornadolike.rooms,
    tornadolike.sessions,
    tornadolike.signals,
    tornadolike.web,
    tornadolike.websocket,
)
NOT_NAMES = {
    "on_finish",  # a method of handlers
    "self",
    "async",
    "raise",
    "yield",
    "middleware",  # arguments and settings
    "root",
    "version",
    "xsrf_cookies",
    "auth",
    "cookie_secret",
    "foreign",
    "issuer",
    "key_version",
    "login_url",
    "max_age",
    "optional",
    "query",
    "user",
    "binary",
    "headers",
    "trusted_origins",
    "websocket_compression_options",
    "websocket_max_message_size",
    "websocket_ping_interval",
    "compress_response",
    "app.settings",  # attributes that an object gets when it is made
    "self.settings",
    "self.request.files",
    "application.stopping",  # a signal
    "response",
    "code",  # of an exception
    "with",
} | {
    option
    for taker in (HTTPRequest, AsyncHTTPClient.initialize, SimpleAsyncHTTPClient.initialize)
    for option in inspect.signature(taker).parameters
}


def is_here(name: str) -> bool:
    owner, _, rest = name.rpartition(".")
    if owner == "response":
        return any(hasattr(response, rest) for response in RESPONSES)
    if owner:
        return hasattr(OWNERS[owner], rest)
    return any(hasattr(module, name) for module in MODULES)


def test_the_names_are_here() -> None:
    assert len(SAID) > 50
    assert {name for name in SAID - NOT_NAMES if not is_here(name)} == set()
