"""Options that make no sense: each is refused by its name, whether a request or its client says it."""

import datetime
import inspect
import math
import re

import pytest

from tests.httpclient.behaviours.engines import ENGINES, Engine
from tests.httpclient.house import scripted
from tests.running import LOOPS, run_on
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.checks import CHECKS, MAX_SECONDS, check_options, pairs_of, seconds
from tornadolike.httpclient.plan import plan_for

URL = "http://localhost/"
FLAGS = ["no", 5, None.__class__]
TEXTS = [5, b"x", ["x"]]
PATHS = [5, "", "a\0b", ["x"]]
TIMES = ["1", -1, math.nan, True, -math.inf]

WRONG = {
    "headers": [5, "a: b", [("a", "b")], {"a": 5}, {5: "a"}, {"a": None}, {"a": ["b"]}],
    "auth_username": [5, ["x"]],
    "auth_password": [5, ["x"]],
    "auth_mode": [5, "ntlm"],
    "connect_timeout": TIMES,
    "request_timeout": TIMES,
    "tls_timeout": TIMES,
    "first_byte_timeout": TIMES,
    "stall_timeout": TIMES,
    "follow_redirects": FLAGS,
    "decompress_response": FLAGS,
    "allow_nonstandard_methods": FLAGS,
    "idempotent": FLAGS,
    "validate_cert": FLAGS,
    "allow_ipv6": FLAGS,
    "trust_env": FLAGS,
    "expect_100_continue": FLAGS,
    "max_redirects": ["1", -1, 1.5, True],
    "max_body_size": ["1", -1, 1.5, True],
    "user_agent": TEXTS,
    "network_interface": [*TEXTS, ""],
    "streaming_callback": [5, "x"],
    "header_callback": [5, "x"],
    "prepare_curl_callback": [5, "x"],
    "proxy_host": TEXTS,
    "proxy_port": ["x", -1, 70000, 1.5],
    "proxy_username": [5],
    "proxy_password": [5],
    "proxy_auth_mode": [5, "ntlm"],
    "ca_certs": PATHS,
    "client_key": PATHS,
    "client_cert": PATHS,
    "unix_socket": PATHS,
    "ssl_options": [5, "x"],
    "cookies": [5, "a=b", {"a": 5}, [("a", "b")]],
    "auth": [5, "x"],
    "proxy": [5, "", {}],
    "retries": [3, True, "x"],
    "trace": [5, print],
}
"""Values of the options that a client has, too."""

WRONG_ARGUMENTS = {
    "url": [5, ["x"], None],
    "method": [5, ["x"], None],
    "body": [5, {}, ["a"], bytearray(b"x")],
    "body_producer": [5, "x"],
    "if_modified_since": ["yesterday", ["x"], math.nan, 1e30, datetime.timedelta(1)],
    "use_gzip": FLAGS,
    "params": [5, "a=b", [("a",)], {"a": "\ud800"}],
    "json": [{1, 2}, b"x", math.nan],
    "form": [5, "a", "ab", {"a": {}}, [("a",)]],
    "files": [5, "ab", {"a": "text"}, {5: b"x"}],
}
"""Values of the others."""

BESIDE = {
    "auth_mode": {"auth_username": "a", "auth_password": "b"},
    "proxy_auth_mode": {"proxy_host": "p", "proxy_port": 1},
    **{key: {"method": "POST"} for key in ("body", "body_producer", "json", "form", "files")},
}
NAMED_OTHERWISE = {
    "use_gzip": "decompress_response",
    "body_producer": "what is sent|content",
    "json": "JSON",
    "cookies": "cookie",
    "files": "files|content|names in a form",
    "form": "form",
}


def each(table):
    return [(option, value) for option, values in table.items() for value in values]


def named(option):
    return NAMED_OTHERWISE.get(option, option)


def test_every_option_has_a_wrong_value():
    arguments = set(inspect.signature(HTTPRequest).parameters)
    assert WRONG.keys() | WRONG_ARGUMENTS.keys() == arguments
    assert CHECKS.keys() <= WRONG.keys()


def fetch(defaults, options):
    """What is raised for this, and what was sent."""
    sent = []

    async def main():
        client = scripted(defaults=defaults)
        sent.append(client.engine.hops)
        await client.fetch(options.pop("url", URL), **options)

    with pytest.raises((TypeError, ValueError)) as caught:
        run_on(LOOPS["IOLoop"], main())
    assert sent in ([], [[]])
    return str(caught.value)


@pytest.mark.parametrize(("option", "value"), each(WRONG | WRONG_ARGUMENTS), ids=ascii)
def test_wrong_in_a_request(option, value):
    said = fetch({}, {**BESIDE.get(option, {}), option: value})
    assert re.search(named(option), said)


@pytest.mark.parametrize(("option", "value"), each(WRONG), ids=ascii)
def test_wrong_as_a_default(option, value):
    said = fetch({**BESIDE.get(option, {}), option: value}, {})
    assert re.search(named(option), said)


@pytest.mark.parametrize("option", ["follow_redirects", "max_redirects", "ca_certs"])
def test_wrong_when_it_is_said_afterwards(option):
    request = HTTPRequest(URL)
    setattr(request, option, object())
    with pytest.raises(TypeError, match=option):
        plan_for(request, HTTPRequest._DEFAULTS)


def test_a_credential_is_not_shown():
    with pytest.raises(TypeError) as caught:
        plan_for(HTTPRequest(URL, auth_password=["secret"]), HTTPRequest._DEFAULTS)
    assert "secret" not in str(caught.value)


def test_what_is_good():
    for option, good in (
        ("validate_cert", 0),
        ("follow_redirects", 1),
        ("user_agent", ""),
        ("proxy_host", ""),
        ("proxy_port", 0),
        ("auth_username", b"me"),
        ("connect_timeout", math.inf),
        ("request_timeout", 3),
        ("ca_certs", b"/etc/ca"),
        ("headers", {"a": b"b"}),
        ("trace", object()),  # is looked at elsewhere
        ("max_redirects", None),
    ):
        check_options({option: good}, [option])
    assert HTTPRequest(URL.encode(), b"PUT").url == URL


def test_seconds():
    assert [seconds("x", value) for value in (None, 0, 2, 2.5)] == [0.0, 0.0, 2, 2.5]
    # No clock goes on for as long, and curl has no number for it.
    assert [seconds("x", value) for value in (math.inf, MAX_SECONDS, 1e300)] == [0.0] * 3


def test_pairs():
    assert pairs_of("x", {"a": 1}) == pairs_of("x", [("a", 1)]) == [("a", 1)]
    assert pairs_of("x", iter([("a", 1)])) == [("a", 1)]
    assert pairs_of("x", {}) == []


BOTH = {
    "max_clients": [0, -1, "5", 1.5, None],
    "max_header_size": [0, "5"],
    "max_body_size": [-1, "5"],
    "max_idle": [-1, "5"],
    "keep_alive_timeout": TIMES,
    "defaults": [5, "x", ["x"]],
    "cookies": [5, "x", {}],
    "raise_error": FLAGS,
    "base_url": [5, "x", b"http://a/"],
}
ONLY_OURS = {
    "max_clients_per_host": [0, "5"],
    "max_buffer_size": [-1, "5", 1.5],
    "dns_cache": TIMES,
    "bounds": [5],
    "resolver": [5],
    "hostname_mapping": [5],
}


@pytest.mark.parametrize(("argument", "value"), each(BOTH | ONLY_OURS), ids=ascii)
@pytest.mark.parametrize("engine", ENGINES)
def test_arguments_of_a_client(engine, argument, value):
    if engine == "curl" and argument in ONLY_OURS:
        argument, value = "http_version", value

    async def main():
        Engine(engine)._kind()(force_instance=True, **{argument: value})

    with pytest.raises((TypeError, ValueError), match=argument):
        run_on(LOOPS["IOLoop"], main())
