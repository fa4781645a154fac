"""Tornado's ``ssl_options``: a dictionary, or a context, and the socket that is wrapped with it."""

import socket as _socket
import ssl
from typing import Any, Final

OPTIONS: Final = frozenset(
    {"ssl_version", "certfile", "keyfile", "cert_reqs", "ca_certs", "ciphers"}
)
"""What a dictionary of ``ssl_options`` may have."""


def ssl_options_to_context(
    ssl_options: dict[str, Any] | ssl.SSLContext, server_side: bool | None = None
) -> ssl.SSLContext:
    """The context that ``ssl_options`` mean.

    :arg ssl_options: a context, which is returned as it is, or a dictionary with any of these:

        ``certfile``, ``keyfile``
            our certificate with its chain and its key, as paths of PEM files. The key may be in
            ``certfile``.
        ``cert_reqs``
            :data:`ssl.CERT_REQUIRED` (a client's default), :data:`ssl.CERT_OPTIONAL` or
            :data:`ssl.CERT_NONE` (a server's). With the last a client verifies nothing.
        ``ca_certs``
            whom we trust, as the path of a PEM file. By default a client trusts whom the system
            trusts, and a server nobody.
        ``ciphers``
            for TLS 1.2, as OpenSSL writes them.
        ``ssl_version``
            one of :mod:`ssl`'s ``PROTOCOL_`` constants. A client verifies with each of them.

    :arg server_side: whether it is for the end that answers. Say it: with None the context is of the old
        kind that does for both ends and **verifies nothing**, and Python gives a
        :exc:`DeprecationWarning`.

    Raises :exc:`TypeError` or :exc:`ValueError` for options that are none or contradict each other, and
    what :mod:`ssl` raises for files (:exc:`OSError`, of which :exc:`ssl.SSLError` is one).
    """
    if isinstance(ssl_options, ssl.SSLContext):
        return ssl_options
    _check(ssl_options, server_side)
    context = ssl.SSLContext(ssl_options.get("ssl_version", _protocol(server_side)))
    if server_side is False:
        context.check_hostname = (
            True  # and so verifies: not all versions' contexts do of their own accord
        )
    if "certfile" in ssl_options:
        context.load_cert_chain(ssl_options["certfile"], ssl_options.get("keyfile"))
    if "cert_reqs" in ssl_options:
        if ssl_options["cert_reqs"] == ssl.CERT_NONE:
            context.check_hostname = False  # a client's default, which wants more than that
        context.verify_mode = ssl_options["cert_reqs"]
    if "ca_certs" in ssl_options:
        context.load_verify_locations(ssl_options["ca_certs"])
    elif server_side is False and context.verify_mode != ssl.CERT_NONE:
        context.load_default_certs()
    if "ciphers" in ssl_options:
        context.set_ciphers(ssl_options["ciphers"])
    # The first lets secrets be guessed by their size, the second has us work at the peer's will.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def _check(ssl_options: dict[str, Any], server_side: bool | None) -> None:
    if not isinstance(ssl_options, dict):
        raise TypeError(
            f"ssl_options should be a dictionary or an ssl.SSLContext, not {type(ssl_options).__name__}"
        )
    if unknown := sorted(ssl_options.keys() - OPTIONS):
        raise ValueError(
            f"ssl_options knows nothing of {', '.join(unknown)}. It may have "
            f"{', '.join(sorted(OPTIONS))}; for anything else pass an ssl.SSLContext"
        )
    asks = ssl_options.get("cert_reqs", ssl.CERT_NONE) != ssl.CERT_NONE
    if server_side and asks and "ca_certs" not in ssl_options:
        raise ValueError(
            "cert_reqs asks clients for a certificate, but without ca_certs none can be verified: "
            "add ca_certs, the file of the authority that signs them"
        )


def _protocol(server_side: bool | None) -> int:
    if server_side is None:
        return ssl.PROTOCOL_TLS
    return ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT


def ssl_wrap_socket(
    socket: _socket.socket,
    ssl_options: dict[str, Any] | ssl.SSLContext,
    server_hostname: str | None = None,
    server_side: bool | None = None,
    **kwargs: Any,
) -> ssl.SSLSocket:
    """A :class:`ssl.SSLSocket` in the place of ``socket``, whose descriptor it takes over.

    :arg ssl_options: as for :func:`ssl_options_to_context`.
    :arg server_hostname: whom a client wants to speak to, for SNI and the check of the certificate.
    :arg server_side: whether we are the end that answers. None is a client too, and verifies as one.
    :arg kwargs: for :meth:`ssl.SSLContext.wrap_socket`. With ``do_handshake_on_connect=False`` nothing
        is sent yet, as :class:`~tornadolike.iostream.SSLIOStream` needs it.

    Raises :exc:`ValueError` if the host name is missing where it is checked.
    """
    server_side = bool(server_side)
    context = ssl_options_to_context(ssl_options, server_side=server_side)
    return context.wrap_socket(
        socket, server_hostname=server_hostname, server_side=server_side, **kwargs
    )
