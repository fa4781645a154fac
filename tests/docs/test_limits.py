"""docs/limits.rst has every limit, with its default."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tornadolike.accesslog import AccessLog
from tornadolike.auth.accounts import leaked, password_rules, passwords, texts, throttling
from tornadolike.auth.accounts.mail_tokens import DEFAULT_MAX_AGE_SECONDS, LONGEST_SUBJECT
from tornadolike.auth.grants.device import INTERVAL, LONGEST_CODE, LONGEST_WAIT
from tornadolike.auth.grants.in_files import MAX_SIZE as FILE_SIZE
from tornadolike.auth.grants.in_stores import KEPT, RENEWING
from tornadolike.auth.grants.signing import REFUSALS_APART
from tornadolike.auth.guards import api_key_auth, api_keys, bearer
from tornadolike.auth.mixins.assertions import NONCE_SECONDS
from tornadolike.auth.mixins.states import MOST_STATES, STATE_SECONDS
from tornadolike.auth.oauth2.endpoints import MAX_ANSWER
from tornadolike.auth.oauth2.endpoints import TIMEOUT as PROVIDER_TIMEOUT
from tornadolike.auth.passkeys import Passkeys, handlers
from tornadolike.auth.passkeys.answers import LONGEST_ID
from tornadolike.auth.passkeys.ceremonies import LONGEST_NAME as LONGEST_PASSKEY_NAME
from tornadolike.auth.passkeys.ceremonies import LONGEST_USER
from tornadolike.auth.passkeys.challenges import MAX_BEGUN
from tornadolike.auth.passkeys.keys import RSA_BITS
from tornadolike.auth.providers.apple import LONGEST_NAME, SECRET_LIFETIME
from tornadolike.auth.signin.browsers import LIFETIME as SIGN_IN_LIFETIME
from tornadolike.auth.signin.browsers import MOST_PENDING
from tornadolike.auth.signin.handler import LONGEST_ANSWER
from tornadolike.auth.signin.returning import LONGEST as LONGEST_NEXT
from tornadolike.auth.signin.sign_outs import KEPT_SECONDS as SIGN_OUTS_KEPT
from tornadolike.auth.tokens import DEFAULT_LEEWAY
from tornadolike.background import MAX_RUNNING, MAX_WAITING, STOP_SECONDS
from tornadolike.caching import Cached
from tornadolike.caching.cached import PASSING_SECONDS
from tornadolike.caching.flights import MAX_PASSING
from tornadolike.caching.shelf import MAX_VARY
from tornadolike.health import Health, checks
from tornadolike.http1 import Limits, ResponseReader
from tornadolike.http1connection import ServingParameters
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.downloading import STALL_TIMEOUT
from tornadolike.httpclient.plan import MAX_BUFFER_SIZE as MAX_BUFFER_SIZE_OF_CLIENTS
from tornadolike.httpclient.streaming import MAX_LINE_SIZE
from tornadolike.httputil import ParseMultipartConfig, ParseUrlEncodedConfig, TrustedProxies
from tornadolike.ioloop.transports.tls.transport import HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT
from tornadolike.iostream import BaseIOStream
from tornadolike.iostream.reading import MAX_BUFFER_SIZE, READ_CHUNK_SIZE
from tornadolike.locale.negotiation import MAX_LANGUAGE_RANGES
from tornadolike.locale.numbers import MAX_DIGITS
from tornadolike.locale.tags import LONGEST_TAG
from tornadolike.middleware import CORS, SecurityHeaders
from tornadolike.middleware.request_id import LONGEST
from tornadolike.netutil import CachedResolver
from tornadolike.netutil.binding import DEFAULT_BACKLOG
from tornadolike.netutil.notify import SEND_TIMEOUT
from tornadolike.process import MAX_RESTARTS
from tornadolike.pubsub import MemoryPubSub, PubSub, RedisPubSub
from tornadolike.rooms import RedisPresence, Rooms
from tornadolike.rooms.redis_presence import MAX_CONNECTIONS
from tornadolike.routing import TypedPath
from tornadolike.sessions import Sessions
from tornadolike.sessions.middleware import DAY
from tornadolike.sessions.record import MAX_FLASHES
from tornadolike.simple_httpclient.bounds import Bounds
from tornadolike.simple_httpclient.client import DNS_CACHE, MAX_CLIENTS
from tornadolike.simple_httpclient.contexts import MAX_CONTEXTS
from tornadolike.simple_httpclient.pool import IDLE_TIMEOUT, MAX_IDLE, QUIET
from tornadolike.slowness import SlowRequests, stacks
from tornadolike.stores import MemoryStore, RedisStore, SQLiteStore
from tornadolike.tcpclient import TCPClient
from tornadolike.template.checking.sources import MOST_FILES
from tornadolike.template.parser import MAX_DEPTH
from tornadolike.template.runtime import CHUNK_SIZE
from tornadolike.tls import ClientSessions
from tornadolike.web import GZipContentEncoding, RequestHandler, StaticFileHandler
from tornadolike.web.bodies.spool import DEFAULT_MEMORY_SIZE
from tornadolike.web.cookies.encrypting import MAX_FUTURE_SECONDS
from tornadolike.web.cookies.plain import MAX_COOKIE_SIZE
from tornadolike.web.cookies.secrets import FEWEST_DIFFERENT, SHORTEST_SECRET
from tornadolike.web.rendering import FLUSH_SIZE
from tornadolike.web.resources import MAX_BEHIND_BODY
from tornadolike.web.streams.generators import PIECE_COST, TURN_SIZE
from tornadolike.websocket import Backoff, broadcast
from tornadolike.websocket.client.opening import REFUSAL_PATIENCE, REFUSAL_SIZE
from tornadolike.websocket.client.reconnection import PING_INTERVAL
from tornadolike.websocket.compression.deflate import MAX_STREAMS, PIECE, CompressionOptions
from tornadolike.websocket.compression.idle import RELEASE_AFTER
from tornadolike.websocket.connection.delivering import AHEAD_LIMIT
from tornadolike.websocket.connection.sending import BEHIND_HIGH_WATER, CLOSE_TIMEOUT
from tornadolike.websocket.outgoing import MOST_BEHIND
from tornadolike.websocket.protocol import DEFAULT_MAX_MESSAGE_SIZE
from tornadolike.wsgi import WSGIContainer
from tornadolike.wsgi.errors import MAX_LINE

PAGE = (Path(__file__).parents[2] / "docs" / "limits.rst").read_text()
ROW = re.compile(r"^``(\w+)`` +(\S+(?: [KM]iB)?) ", re.MULTILINE)

LIMITS: dict[str, Any] = {
    field.name: field.default
    for owner in (Limits, ServingParameters, ParseMultipartConfig, ParseUrlEncodedConfig, Bounds)
    for field in dataclasses.fields(owner)
    # these are none
    if field.name
    not in (
        "limits",
        "no_keep_alive",
        "chunk_size",
        "protocol",
        "trust",
        "proxy_protocol",
        "refusal_log",
    )
}
LIMITS |= {
    name: getattr(StaticFileHandler, name)
    for name in ("MAX_VERSION_CONTENT_SIZE", "LARGE_SIZE", "MAX_CACHED_VERSIONS", "CACHE_MAX_AGE")
}
LIMITS["min_length"] = GZipContentEncoding.MIN_LENGTH
LIMITS["LARGE_LENGTH"] = GZipContentEncoding.LARGE_LENGTH
LIMITS["websocket_max_message_size"] = DEFAULT_MAX_MESSAGE_SIZE
LIMITS["websocket_ping_interval"] = 0
LIMITS["websocket_close_timeout"] = CLOSE_TIMEOUT
LIMITS["background_max_running"] = MAX_RUNNING
LIMITS["background_max_waiting"] = MAX_WAITING
LIMITS["background_stop_seconds"] = STOP_SECONDS
LIMITS["max_etag_size"] = RequestHandler.max_etag_size
LIMITS["MAX_SHARED_SEGMENT"] = TypedPath.MAX_SHARED_SEGMENT
LIMITS["upload_memory_size"] = DEFAULT_MEMORY_SIZE
LIMITS |= {
    "max_buffer_size": MAX_BUFFER_SIZE,
    "read_chunk_size": READ_CHUNK_SIZE,
    "ssl_handshake_timeout": HANDSHAKE_TIMEOUT,
    "ssl_shutdown_timeout": SHUTDOWN_TIMEOUT,
    "backlog": str(DEFAULT_BACKLOG),  # connections, not bytes
    "max_restarts": MAX_RESTARTS,
}
LIMITS |= {
    name: inspect.signature(function).parameters[name].default
    for function, names in (
        (BaseIOStream.__init__, ("max_write_buffer_size",)),
        (BaseIOStream.read_until, ("max_bytes",)),
        (TrustedProxies.__init__, ("max_hops",)),
        (TCPClient.__init__, ("happy_eyeballs_delay",)),
        (TCPClient.connect, ("timeout",)),
        (AccessLog.__init__, ("flush_interval", "flush_size", "max_pending_size")),
        (CachedResolver.initialize, ("ttl", "error_ttl", "max_entries")),
        (ClientSessions.__init__, ("max_sessions", "max_contexts")),
        (ResponseReader.__init__, ("max_interim_responses",)),
        (CORS.__init__, ("max_age",)),
        (SecurityHeaders.__init__, ("hsts_seconds",)),
        (RequestHandler.event_stream, ("max_waiting", "keep_alive")),
        (
            Rooms.__init__,
            (
                "max_rooms",
                "max_members",
                "max_name_length",
                "max_info_size",
                "presence_seconds",
            ),
        ),
        (broadcast, ("limit", "high_water")),
        (WSGIContainer.__init__, ("max_waiting_requests", "max_buffered_output")),
    )
    for name in names
}


def of(owner: Any, name: str) -> Any:
    """The default of an argument."""
    return inspect.signature(owner).parameters[name].default


def said(default: Any) -> str:
    """A default as the page says it."""
    if default is None:
        return "none"
    for size, unit in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if type(default) is int and default >= size and default % size == 0:
            return f"{default // size} {unit}"
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_on_the_page(name: str) -> None:
    assert {default for row, default in ROW.findall(PAGE) if row == name} == {said(LIMITS[name])}


def test_nothing_else_is() -> None:
    assert {name for name, _ in ROW.findall(PAGE)} - LIMITS.keys() == {"websocket_ping_timeout"}


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (MAX_LANGUAGE_RANGES, "{} languages of an ``Accept-Language``"),
        (LONGEST_TAG, "The code of a language has {} characters"),
        (MAX_DIGITS, "have {} digits at the most"),
        (FLUSH_SIZE, "when there are more than {} of it"),
        (MAX_BEHIND_BODY, "if that is not more than {}."),
        (str(CHUNK_SIZE), "``template.stream()`` collects {} characters"),
        (MAX_DEPTH, "tags stand in each other {} deep"),
        (MOST_FILES, "``templates check`` reads {} files"),
        (str(LONGEST), "name for its request has {} characters"),
        (str(MAX_LINE), "``wsgi.errors`` that is longer than {} characters"),
        (of(Sessions, "idle_seconds") / DAY, "lives {} days without being used"),
        (of(Sessions, "max_seconds") / DAY, "and {} days in all"),
        (of(Sessions, "max_bytes"), "In a store it has at most {}"),
        (MAX_COOKIE_SIZE, "in a cookie what browsers take: {}"),
        (MAX_FLASHES, "the last {} wait to be shown"),
        (str(of(MemoryStore, "max_entries")), "keeps {} values"),
        (of(MemoryStore, "max_bytes"), "values (``max_entries``) in {}"),
        (of(SQLiteStore, "timeout"), "waits {} seconds for other processes"),
        (of(SQLiteStore, "max_bytes"), "its file has at most {}"),
        (of(RedisStore, "timeout"), "gives an operation {} seconds"),
        (of(RedisStore, "max_connections"), "makes {} connections"),
        (SIGN_IN_LIFETIME / 60, "A user has {} minutes with the provider"),
        (MOST_PENDING, "{} sign-ins may go on in a browser"),
        (str(LONGEST_ANSWER), "has {} characters in each argument"),
        (str(LONGEST_NEXT), "the path to which they go afterwards {}."),
        (PROVIDER_TIMEOUT, "A provider has {} seconds for an answer"),
        (MAX_ANSWER, "which has {} at the most."),
        (SIGN_OUTS_KEPT / DAY, "and is remembered for {} days"),
        (DEFAULT_LEEWAY, "A token is renewed {} seconds before its end"),
        (REFUSALS_APART, "refuses it not more often than every {} seconds"),
        (LONGEST_WAIT, "but {} seconds at the most; the code"),
        (str(LONGEST_CODE), "the code has at most {} characters"),
        (INTERVAL, "we ask every {} seconds unless"),
        (KEPT / DAY, "``StoreTokens()`` keeps a token for {} days"),
        (RENEWING, "has {} seconds until another one may try"),
        (FILE_SIZE, "The file of ``FileTokens()`` has at most {}."),
        (SECRET_LIFETIME, "The secret for Apple is good for {} seconds"),
        (LONGEST_NAME, "with the browser has at most {} characters"),
        (MOST_STATES, "can end the last {} of them"),
        (STATE_SECONDS, "each for {} seconds"),
        (NONCE_SECONDS, "response may be {} seconds from now"),
        (of(Passkeys, "seconds"), "users have {} seconds to answer (``seconds``)"),
        (of(Passkeys, "max_per_user"), "and {} passkeys each (``max_per_user``)"),
        (handlers.MAX_MESSAGE_SIZE, "What a page sends has at most {} (``max_body_size``"),
        (MAX_BEGUN, "{} questions that are open in a browser"),
        (LONGEST_PASSKEY_NAME, "{} characters for the name of a passkey"),
        (LONGEST_ID, "{} bytes for its id"),
        (LONGEST_USER, "{} bytes for a site's own key of a user"),
        (str(max(RSA_BITS)), "{} bits for an RSA key"),
        (of(Cached, "seconds"), "a response is good for {} seconds"),
        (of(Cached, "max_size"), "its body has at most {}"),
        (of(Cached, "wait_seconds"), "is at work for waits {} seconds"),
        (MAX_VARY, "depend on more than {} headers"),
        (PASSING_SECONDS, "none that can be kept is known for {} seconds"),
        (MAX_PASSING, "of {} addresses at a time"),
        (SHORTEST_SECRET, "A secret has at least {} characters"),
        (FEWEST_DIFFERENT, "characters, {} different ones"),
        (MAX_FUTURE_SECONDS, "a time that is {} seconds ahead"),
        (str(MAX_COOKIE_SIZE), "has at most {} bytes as a cookie"),
        (DEFAULT_MAX_AGE_SECONDS, "are good for {} seconds (``MailTokens(max_age_seconds=...)``)"),
        (LONGEST_SUBJECT, "their subject has at most {} bytes"),
        (TURN_SIZE, "have their turn when it has made {}"),
        (MAX_CLIENTS, "{} requests go on at once (``max_clients``)"),
        (IDLE_TIMEOUT, "nobody uses is kept for {} seconds (``keep_alive_timeout``)"),
        (str(MAX_IDLE), "of which there are {} (``max_idle``)"),
        (DNS_CACHE, "are remembered for {} seconds (``dns_cache``)"),
        (Limits().max_header_size, "may have {} (``max_header_size``)"),
        (HTTPRequest._DEFAULTS["connect_timeout"], "has {} seconds until it has a connection"),
        (HTTPRequest._DEFAULTS["request_timeout"], "{} seconds until its response is whole"),
        (MAX_BUFFER_SIZE_OF_CLIENTS, "collected in memory {} (``max_buffer_size``)"),
        (STALL_TIMEOUT, "a ``download()`` may stand still for {} seconds"),
        (MAX_LINE_SIZE, "may have {} (``max_size`` of ``lines()``)"),
        (MAX_CONTEXTS, "{} contexts made of options for TLS"),
        (QUIET, "nobody has used for {} second is looked at"),
        (REFUSAL_SIZE, "of a refusal {} are kept"),
        (REFUSAL_PATIENCE, "not waited for longer than {} seconds"),
        (AHEAD_LIMIT, "or has asked, wait in {}, each"),
        (BEHIND_HIGH_WATER, "who awaits that waits from {} on"),
        (MOST_BEHIND, "beyond {} the next one is refused"),
        (HTTPRequest._DEFAULTS["connect_timeout"], "has {} seconds to connect"),
        (Backoff().maximum, "connect again <reconnecting>` at most {} seconds pass"),
        (Backoff().max_asked, "and {} more if the server asks"),
        (PIECE, "inflated in pieces of {}, up to the limit"),
        (MAX_STREAMS, "more than {} final blocks"),
        (CompressionOptions().server_max_window_bits, "(``max_window_bits``, {}) each way"),
        (CompressionOptions().mem_level, "looking things up in them (``mem_level``, {})"),
        (RELEASE_AFTER, "given back after {} to 10 seconds"),
        (PING_INTERVAL, "and a server gets a ping every {} seconds"),
        (str(of(PubSub.subscribe, "max_waiting")), "{} messages wait for one that listens"),
        (of(PubSub.subscribe, "max_waiting_bytes"), "with {} (``max_waiting_bytes``)"),
        (of(MemoryPubSub, "max_subscriptions"), "{} listen (``max_subscriptions``)"),
        (of(RedisPubSub, "max_publishing"), "lets {} messages wait to be sent"),
        (of(RedisPubSub, "timeout"), "gives it {} seconds to publish"),
        (of(RedisPubSub, "ping_seconds"), "said nothing for {} seconds"),
        (of(RedisPresence, "timeout"), "gives the server {} seconds (``timeout``)"),
        (MAX_CONNECTIONS, "by {} connections at the most"),
        (PIECE_COST, "of which each piece counts {} more"),
        (str(texts.MAX_LENGTH), "A password has at most {} characters"),
        (password_rules.MIN_LENGTH, "one that is chosen at least {} (``min_length``"),
        (passwords.MAX_RUNNING, "hashes {} at a time (``max_running``)"),
        (passwords.MAX_WAITING, "while {} wait (``max_waiting``)"),
        (", ".join(throttling.ACCOUNT_LIMITS), "lets an account fail {} (``account``)"),
        (", ".join(throttling.ADDRESS_LIMITS), "an address {} (``address``)"),
        (throttling.TRUSTED_DAYS, "is known for {} days (``trusted_days``)"),
        (leaked.TIMEOUT, "A list of stolen passwords has {} seconds for an answer"),
        (leaked.MAX_ANSWER, "(``timeout`` of ``LeakedPasswords()``), and {}."),
        (bearer.MAX_LENGTH, "A bearer token has at most {} (``max_length``"),
        (api_key_auth.MAX_LENGTH, "a key {} characters"),
        (of(Health.check, "timeout"), "A health check has {} seconds"),
        (checks.GRACE, "who asks is answered after {} more"),
        (checks.MEMORY, "What it has found out is good for {} second,"),
        (SEND_TIMEOUT, "The service manager may take {} seconds"),
        (of(SlowRequests, "most"), "``SlowRequests`` tells of {} requests (``most``"),
        (stacks.WAITS, "and shows {} coroutines of each"),
        (stacks.DEEPEST, "``LoopWatch`` shows {} calls"),
        (api_keys.USED_INTERVAL, "is used once in {} seconds (``used_interval``)"),
    ],
)
def test_what_is_fixed_is_as_the_page_says(limit: Any, sentence: str) -> None:
    assert sentence.format(said(limit)) in " ".join(PAGE.split())
