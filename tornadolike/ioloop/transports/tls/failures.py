""":func:`explain`: which side gave up a TLS connection, and why, in words for whoever has to mend it.

What OpenSSL says of a failure names its own rules ("tlsv1 alert unknown ca") and leaves open who has
refused whom. There are two kinds: an alert (RFC 8446, section 6.2) is what the *peer* has to say of us;
everything else is what *we* found wrong with the peer.

Exceptions keep their type and text. The explanation is a note of theirs (:meth:`BaseException.add_note`),
so it is printed with a traceback, and stands in ``error.__notes__``.
"""

import asyncio
import re
import ssl
from typing import Any, Final

from ....log import gen_log
from ...core import Core

LATE: Final = "SSL handshake is taking longer than"
"""How the text of a time-out's exception begins, which is asyncio's."""

# What the peer says of us, by the name of its alert.
_ALERTS: Final = {
    "UNKNOWN_CA": "does not trust the authority that signed our certificate",
    "BAD_CERTIFICATE": "refused our certificate, perhaps because it is for another name",
    "UNSUPPORTED_CERTIFICATE": "refused our certificate: it accepts no such kind, or not for this purpose",
    "CERTIFICATE_REVOKED": "refused our certificate: it was revoked",
    "CERTIFICATE_EXPIRED": "refused our certificate: by its clock it has expired",
    "CERTIFICATE_UNKNOWN": "refused our certificate and does not say why",
    "CERTIFICATE_REQUIRED": "wants a certificate of ours and got none: load one into our context",
    "ACCESS_DENIED": "knows our certificate but does not let us in",
    "PROTOCOL_VERSION": "speaks none of the versions of TLS that we allow",
    "HANDSHAKE_FAILURE": "found nothing that both can do: our ciphers, curves or kind of certificate do "
    "not match, or it wants a certificate of ours",
    "INSUFFICIENT_SECURITY": "wants stronger ciphers than we offer",
    "UNRECOGNIZED_NAME": "does not serve the name that was asked for (server_hostname)",
    "NO_APPLICATION_PROTOCOL": "speaks none of the application protocols that we offer (ALPN)",
    "DECRYPT_ERROR": "could not verify what we signed or encrypted",
    "INTERNAL_ERROR": "has a problem of its own",
}

# What we found wrong with the peer, by OpenSSL's reason.
_NO_TLS: Final = "does not speak TLS: is this the right port?"
_VERSIONS: Final = "speaks none of the versions of TLS that our context allows"
_FINDINGS: Final = {
    "HTTP_REQUEST": "speaks plain HTTP where TLS is expected: its URL should begin with https://",
    "HTTPS_PROXY_REQUEST": "takes this port, where TLS is expected, for an HTTP proxy's",
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "UNKNOWN_PROTOCOL": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _VERSIONS,
    "VERSION_TOO_LOW": _VERSIONS,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "has shown no certificate, which our context requires",
    "NO_SHARED_CIPHER": "offers no cipher that goes with our context and with the key of our certificate "
    "(is one loaded?)",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "sent a record that was changed on its way",
    "BAD_SERVER_NAME": "asks for a name (SNI) with bytes that are not ASCII",
    "UNEXPECTED_EOF_WHILE_READING": "ended the connection without TLS's goodbye",
}

_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
"""Results of OpenSSL's verification which mean that no authority was found that we trust."""


def explain(error: BaseException, *, server_side: bool) -> str | None:
    """One sentence on ``error``, which has ended a TLS connection or its handshake.

    :arg server_side: whether we are the server.

    None where nothing can be said that the error does not say itself.
    """
    peer = "the client" if server_side else "the server"
    if isinstance(error, ssl.SSLCertVerificationError):
        # (Python sets these, but not for those who raise such an exception themselves.)
        why = getattr(error, "verify_message", _text_of(error)).rstrip(".")
        hint = ""
        if getattr(error, "verify_code", None) in _UNKNOWN_ISSUER:
            hint = " (our context trusts no authority that signed it: see load_verify_locations)"
        return f"we refused {peer}'s certificate: {why}{hint}"
    if isinstance(error, ssl.SSLZeroReturnError):
        return f"{peer} said goodbye in the middle of the TLS handshake"
    if isinstance(error, ssl.SSLError):
        return _explain_reason(_reason_of(error), peer)
    if isinstance(error, TimeoutError) or str(error).startswith(LATE):
        return f"we gave up: {peer} did not go on with the TLS handshake in time"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"{peer} broke off the TLS handshake without saying why; it may not speak TLS at all"
    return None


def _reason_of(error: ssl.SSLError) -> str:
    """OpenSSL's name of what happened; Python does not know all of them, but always has the text."""
    reason: str | None = getattr(error, "reason", None)
    if reason:
        return reason
    text = re.sub(r"^\[SSL\] | \(_ssl\.c:\d+\)$", "", _text_of(error))
    return text.upper().replace(" ", "_")


def _text_of(error: ssl.SSLError) -> str:
    """(As a string, an :exc:`ssl.SSLError` that was made with nothing but a text shows that as a tuple.)"""
    return str(error.args[-1]) if error.args else ""


def _explain_reason(reason: str, peer: str) -> str:
    alert = re.match(r"(?:TLSV1|TLSV13|SSLV3|SSL/TLS)_(?:ALERT_)?(.+)", reason)
    if alert is not None:
        words = alert[1].lower().replace("_", " ")
        return f"{peer} gave up: it {_ALERTS.get(alert[1], f'sent the alert {words!r}')}"
    if reason == "CALLBACK_FAILED":
        return (
            "we gave up: our callback for the name that was asked for (SNI) refused it, or failed"
        )
    if reason in _FINDINGS:
        return f"we gave up: {peer} {_FINDINGS[reason]}"
    return f"we gave up: something is wrong with what {peer} sent, or with our context"


def note(error: BaseException, *, server_side: bool) -> None:
    """Add what :func:`explain` says to the notes of ``error``, once."""
    sentence = explain(error, server_side=server_side)
    if sentence is not None and sentence not in getattr(error, "__notes__", ()):
        error.add_note(sentence)


def log_failed_handshake(address: Any, error: BaseException) -> None:
    """For servers: log at INFO that the handshake with the client at ``address`` has failed, and why.

    (The path of a client's Unix socket may have line breaks.)
    """
    sentence = explain(error, server_side=True)
    gen_log.info("TLS handshake with %r failed: %s", address, sentence or error)


def logging_waiter(loop: Core, address: Any) -> asyncio.Future[None]:
    """A ``waiter`` for :class:`~.protocol.TLSProtocol` that logs if the handshake fails, for servers."""
    waiter: asyncio.Future[None] = loop.create_future()

    def log(waiter: asyncio.Future[None]) -> None:
        error = waiter.exception()
        if error is not None:
            log_failed_handshake(address, error)

    waiter.add_done_callback(log)
    return waiter
