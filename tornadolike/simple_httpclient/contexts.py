""":class:`Contexts`: what TLS options mean, made once and not for each connection.

To read whom the system trusts takes longer than a handshake, and sessions can be resumed only with the same context.
"""

import os
import ssl
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

from ..httpclient.requests import SSLOptions
from ..ioloop.transports.tls import make_client_context
from ..tls import ssl_options_to_context

MAX_CONTEXTS: Final = 32
"""Contexts that a client keeps; then the one that was used least recently is forgotten."""

_FILES: Final = ("certfile", "keyfile", "ca_certs")


class Contexts:
    """The contexts of one client, by the options that they were made of."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, ssl.SSLContext] = OrderedDict()

    def context(self, options: SSLOptions | None) -> ssl.SSLContext:
        """The context that these options mean; None means the default.

        A context stands for itself. One of files is made anew when they have changed. Raises :exc:`ValueError`,
        :exc:`TypeError` and :exc:`OSError` as :func:`~tornadolike.tls.ssl_options_to_context` does.
        """
        if isinstance(options, ssl.SSLContext):
            return options
        if not options:
            return make_client_context(True)
        key = options_key(options), *(_version(options.get(name)) for name in _FILES)
        context = self._made.pop(key, None)
        if context is None:
            context = ssl_options_to_context(options, server_side=False)
            if len(self._made) >= MAX_CONTEXTS:
                self._made.popitem(last=False)
        self._made[key] = context
        return context


def options_key(options: SSLOptions | None) -> Hashable:
    """The same for options that are the same."""
    return tuple(sorted(options.items())) if isinstance(options, dict) else options


def _version(path: Any) -> Hashable:
    """What changes when somebody writes the file."""
    if path is None:
        return None
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino
