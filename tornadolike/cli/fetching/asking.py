"""From the command line to a request, and to the client that sends it."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Final

from ...httpclient.building import producer_of
from ...httpclient.client import AsyncHTTPClient
from ...httpclient.requests import HTTPRequest
from ...httpclient.retries import Retries
from ...httputil import HTTPHeaders
from ...util import import_object
from .telling import Teller

ENGINES: Final = {
    "simple": "tornadolike.simple_httpclient.SimpleAsyncHTTPClient",
    "curl": "tornadolike.curl_httpclient.CurlAsyncHTTPClient",
}

PATIENCE: Final = 60.0
"""Seconds without a byte, before the response or in it, after which a server is given up."""


def client_of(options: argparse.Namespace) -> AsyncHTTPClient:
    """The client for one fetch. Raises :exc:`ImportError` if it needs what is not installed."""
    kind: Any = import_object(ENGINES[options.engine])
    client: AsyncHTTPClient = kind(force_instance=True)
    return client


def request_of(options: argparse.Namespace) -> HTTPRequest:
    """What is to be asked for. Raises :exc:`ValueError` and :exc:`OSError` for what cannot be."""
    headers = HTTPHeaders()
    for line in options.header:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"a header is NAME: VALUE, not {re.split('[ =]', line)[0]!r}...")
        headers.add(name, value.strip())
    body = _body(options, headers)
    username, password = _user(options.user)
    return HTTPRequest(
        options.url if "://" in options.url else f"http://{options.url}",
        options.request or ("HEAD" if options.head else "POST" if body else "GET"),
        headers,
        user_agent=options.user_agent,
        auth_username=username,
        auth_password=password,
        auth_mode="digest" if options.digest else None,
        follow_redirects=options.location,
        max_redirects=options.max_redirects,
        connect_timeout=options.connect_timeout,
        request_timeout=options.timeout or 0,
        first_byte_timeout=PATIENCE,
        stall_timeout=PATIENCE,
        validate_cert=not options.insecure,
        ca_certs=options.cacert,
        client_cert=options.cert,
        client_key=options.key,
        decompress_response=options.compressed or (None if options.output else False),
        allow_nonstandard_methods=True,
        proxy=options.proxy,
        trust_env=options.proxy is None and not options.no_proxy,
        unix_socket=options.unix_socket,
        retries=Retries(attempts=options.retries + 1) if options.retries else None,
        trace=Teller(sys.stderr) if options.verbose else None,
        **body,
    )


def _body(options: argparse.Namespace, headers: HTTPHeaders) -> dict[str, Any]:
    """The arguments of the request that make its body."""
    if options.data:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return _data(options.data)
    if options.json is not None:
        headers.setdefault("Content-Type", "application/json")
        headers.setdefault("Accept", "application/json")
        return _data([options.json])
    if options.form:
        return _form(options.form)
    return {}


def _data(given: list[str]) -> dict[str, Any]:
    if len(given) == 1 and given[0].startswith("@"):
        name = given[0][1:]
        return {"body_producer": producer_of(sys.stdin.buffer if name == "-" else Path(name))}
    return {"body": "&".join(given)}


def _form(given: list[str]) -> dict[str, Any]:
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, Path]] = []
    for field in given:
        name, equals, value = field.partition("=")
        if not equals:
            raise ValueError(f"a field of a form is NAME=VALUE or NAME=@FILE, not {field!r}")
        if value.startswith("@"):
            files.append((name, Path(value[1:])))
        else:
            fields.append((name, value))
    return {"form": fields, "files": files or None}


def _user(given: str | None) -> tuple[str | None, str | None]:
    if given is None:
        return None, None
    name, _, password = given.partition(":")
    return name, password
