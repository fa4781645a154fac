"""What is said to libcurl about TLS: the options of Python's :mod:`ssl`, as its own."""

import functools
import ssl
from collections.abc import Iterator
from typing import Any, Final

import pycurl

from ..httpclient.requests import SSLOptions

_SERVER: Final = {
    "ca_certs": pycurl.CAINFO,
    "capath": pycurl.CAPATH,
    "certfile": pycurl.SSLCERT,
    "keyfile": pycurl.SSLKEY,
    "ciphers": pycurl.SSL_CIPHER_LIST,
    "verify": pycurl.SSL_VERIFYPEER,
    "verify_host": pycurl.SSL_VERIFYHOST,
}
_PROXY: Final = {
    "ca_certs": pycurl.PROXY_CAINFO,
    "capath": pycurl.PROXY_CAPATH,
    "certfile": pycurl.PROXY_SSLCERT,
    "keyfile": pycurl.PROXY_SSLKEY,
    "ciphers": pycurl.PROXY_SSL_CIPHER_LIST,
    "verify": pycurl.PROXY_SSL_VERIFYPEER,
    "verify_host": pycurl.PROXY_SSL_VERIFYHOST,
}
_NAMED: Final = ("certfile", "keyfile", "ciphers")


def tls_settings(
    options: SSLOptions | None, *, of_proxy: bool = False
) -> Iterator[tuple[int, Any]]:
    """What to set for TLS with the server, or with the proxy: libcurl's options and their values.

    :arg options: a dictionary as :func:`~tornadolike.tls.ssl_options_to_context` takes it; None for what the system
        trusts.

    Raises :exc:`ValueError` for a context, and for options that libcurl has no like of.
    """
    if isinstance(options, ssl.SSLContext):
        raise ValueError(
            "an ssl.SSLContext cannot be used by libcurl: give ssl_options as a dictionary, or "
            "ca_certs, client_cert, client_key and validate_cert"
        )
    options = options or {}
    known = {*_NAMED, "cert_reqs", "ca_certs"}
    if unknown := sorted(options.keys() - known):
        raise ValueError(
            f"ssl_options of the client over curl may have {', '.join(sorted(known))}, not {', '.join(unknown)}"
        )
    names = _PROXY if of_proxy else _SERVER
    verifies = options.get("cert_reqs", ssl.CERT_REQUIRED) != ssl.CERT_NONE
    yield names["verify"], int(verifies)
    yield names["verify_host"], 2 if verifies else 0
    if verifies:
        ca_certs = options.get("ca_certs")
        trusted = {"ca_certs": ca_certs} if ca_certs is not None else _trusted_by_the_system()
        for name, path in trusted.items():
            yield names[name], path
    for name in _NAMED:
        if name in options:
            yield names[name], options[name]


@functools.cache
def _trusted_by_the_system() -> dict[str, str]:
    """Whom Python's own TLS trusts: a libcurl from a wheel looks where another system has its certificates."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return {"ca_certs": paths.cafile}  # one file is read once, and kept
    return {"capath": paths.capath} if paths.capath else {}
