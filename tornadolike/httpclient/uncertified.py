"""TLS with those who must not learn who we are: what a request says about it, without our certificate."""

import ssl
from typing import Final
from weakref import WeakKeyDictionary

from .requests import SSLOptions

_OURS: Final = frozenset({"certfile", "keyfile"})
_copies: Final[WeakKeyDictionary[ssl.SSLContext, ssl.SSLContext]] = WeakKeyDictionary()
"""One for each context: connections are kept by the context that they have."""


def without_certificate(options: SSLOptions | None) -> SSLOptions | None:
    """These options without our certificate.

    Of a context nobody can say whether there is one in it. So there is a copy: with its versions, its ciphers and the
    way in which it verifies. It trusts whom the context trusts, as far as it tells, and whom the system trusts.
    """
    if isinstance(options, ssl.SSLContext):
        copy = _copies.get(options)
        if copy is None:
            copy = _copies[options] = _copied(options)
        return copy
    if options is None:
        return None
    return {name: said for name, said in options.items() if name not in _OURS} or None


def _copied(context: ssl.SSLContext) -> ssl.SSLContext:
    copy = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    copy.options = context.options
    copy.minimum_version = context.minimum_version
    copy.maximum_version = context.maximum_version
    copy.verify_flags = context.verify_flags
    copy.check_hostname = False  # with which the mode could not be set
    copy.verify_mode = context.verify_mode
    copy.check_hostname = context.check_hostname
    ciphers = [
        cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"
    ]
    if ciphers:
        copy.set_ciphers(":".join(ciphers))
    if context.verify_mode != ssl.CERT_NONE:
        # (A context that looks into a folder of the system's tells only whom of those it has met.)
        copy.load_default_certs()
        trusted = b"".join(context.get_ca_certs(binary_form=True))
        if trusted:
            copy.load_verify_locations(cadata=trusted)
    return copy
