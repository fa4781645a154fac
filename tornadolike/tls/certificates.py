""":class:`ServerCertificates`: which certificate a server shows to whom, and how it gets new ones.

A connection begins with one context, :attr:`ServerCertificates.context`, which has no certificate. When the
client has said whom it wants to speak to (SNI, RFC 6066, section 3), OpenSSL asks us, and the connection
gets the context with the certificate for that name. To have new certificates is to have other contexts
there, all at once, and only after all of them could be made: a connection that exists keeps its own.

Sessions belong to the context that the connection began with, and so outlive every reload. This has
another side: *OpenSSL resumes a session before it asks us*, and does not care for which name it was. A
session in which nobody asked the client for a certificate would be good for a name where one is required.
So all names here ask the same of clients. For names that differ in this there have to be two
:class:`ServerCertificates`, at two ports or addresses: the tickets of one are nothing to the other.
"""

import os
import ssl
import time
from collections.abc import Sequence
from typing import Final

from ..ioloop import PeriodicCallback
from ..log import gen_log
from .errors import CertificateError
from .files import CertificateFiles, Password, Path
from .loading import Sources
from .policy import CIPHERS, ServerPolicy

WATCH_INTERVAL: Final = 60.0
"""Seconds between two looks at the files."""

UNDER_WAY: Final = 60.0
"""Seconds after new ``ca_certs`` in which a handshake may end that began, and verified the client, before."""


class ServerCertificates:
    """The certificates of a server, by host name, and the context that shows them.

    .. code-block:: python

        certificates = ServerCertificates(
            ("/etc/letsencrypt/live/example.com/fullchain.pem", ".../privkey.pem"),
            ("shop.pem", "shop.key"),
        )
        application.listen(443, ssl_options=certificates.context)

    :arg files: for each certificate a tuple of two paths, of the certificate with its chain and of the
        key, or one path of a file with all of it. The names are those in the certificates (subject
        alternative names; ``*.example.com`` is for the names right below). For one name there may be
        certificates with keys of several kinds (RSA and ECDSA), of which each client gets one that it
        understands; of the same kind, the first counts. The first certificate is also for clients that
        ask for a name that none is for, or for none at all.
    :arg refuse_unknown_names: whether clients that ask for a name that no certificate is for are sent
        away, with an alert that says so.
    :arg ca_certs: the authorities that sign the certificates of clients; a path. With it, clients are
        asked for one.
    :arg cert_reqs: :data:`ssl.CERT_REQUIRED` (the default with ``ca_certs``) or
        :data:`ssl.CERT_OPTIONAL`, with which a client without a certificate is served too.
    :arg alpn_protocols: what is spoken here, as ALPN (RFC 7301) names it.
    :arg ciphers: for TLS 1.2, as OpenSSL writes them; by default none that is weak.
    :arg password: of the keys, or a function that returns it. It is never asked for at the terminal.

    Raises :exc:`CertificateError`.
    """

    context: ssl.SSLContext
    """To be passed to servers; it stays the same. It may be told more, before it is used:
    ``minimum_version`` (TLS 1.2), ``options``, ``num_tickets``, ``verify_flags``."""

    def __init__(
        self,
        *files: Path | tuple[Path, Path],
        refuse_unknown_names: bool = False,
        ca_certs: Path | None = None,
        cert_reqs: ssl.VerifyMode | None = None,
        alpn_protocols: Sequence[str] = ("http/1.1",),
        ciphers: str = CIPHERS,
        password: Password = None,
    ) -> None:
        if not files:
            raise ValueError("ServerCertificates needs the files of one certificate at least")
        if cert_reqs is None:
            cert_reqs = ssl.CERT_NONE if ca_certs is None else ssl.CERT_REQUIRED
        if (cert_reqs != ssl.CERT_NONE) != (ca_certs is not None):
            raise ValueError(
                "ca_certs and cert_reqs belong together: clients are asked for a certificate "
                "(CERT_OPTIONAL, CERT_REQUIRED) that an authority in ca_certs has signed"
            )
        policy = ServerPolicy(
            os.fspath(ca_certs) if ca_certs is not None else None,
            cert_reqs,
            tuple(alpn_protocols),
            ciphers,
        )
        self._sources = Sources(
            tuple(CertificateFiles.of(each) for each in files), policy, password
        )
        self._refuse_unknown_names = refuse_unknown_names
        self._sessions_since = 0.0
        self._complaint: str | None = None
        self._watching: PeriodicCallback | None = None
        self._loaded = self._sources.load()
        self.context = policy.new_context()
        self.context.sni_callback = self._choose

    @property
    def names(self) -> frozenset[str]:
        """The host names for which there are certificates."""
        return frozenset(self._loaded.by_name)

    def reload(self) -> None:
        """Have new connections get what is in the files now. Those that exist, and sessions, go on.

        If ``ca_certs`` has changed, sessions from before, and from the minute after, are not resumed:
        their clients might not be trusted any more.

        In every process of a server that has several. It takes a millisecond or so for each new
        certificate. Raises :exc:`CertificateError`, and then everything stays as it was.
        """
        loaded = self._sources.load(self._loaded)
        if loaded.trusted != self._loaded.trusted:
            self._sessions_since = time.time() + UNDER_WAY
        self._loaded = loaded
        self._complaint = None
        gen_log.info(
            "The TLS certificates were loaded: %d, for %d names, the first ends at %s",
            *(len(loaded.leaves), len(loaded.by_name), loaded.end()),
        )

    def watch(self, interval: float = WATCH_INTERVAL) -> None:
        """Look at the files every ``interval`` seconds, on the current loop, and :meth:`reload` changed ones.

        What cannot be used is logged as an error, once, and tried again: a certificate and its key are
        not replaced in one moment. In every process of a server that has several, after the fork.
        Raises :exc:`ValueError` for an interval that is not positive.
        """
        if interval <= 0:
            raise ValueError(f"interval should be positive, got {interval}")
        self.unwatch()
        self._watching = PeriodicCallback(self._look, interval * 1000)
        self._watching.start()

    def unwatch(self) -> None:
        """End what :meth:`watch` began. Idempotent."""
        if self._watching is not None:
            self._watching.stop()
            self._watching = None

    def _look(self) -> None:
        if self._sources.stamps() == self._loaded.stamps:
            self._complaint = None
            return
        try:
            self.reload()
        except CertificateError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                gen_log.error("The TLS certificates stay as they were: %s", error)

    # Choosing

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        """From OpenSSL, in the handshake. Returns an alert to send the client away."""
        if self._sessions_since and connection.session_reused and self._is_outdated(connection):
            return ssl.ALERT_DESCRIPTION_ACCESS_DENIED
        context = self._loaded.default if name is None else self._loaded.find(name)
        if context is None:
            if self._refuse_unknown_names:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            context = self._loaded.default
        connection.context = context
        return None

    def _is_outdated(self, connection: ssl.SSLObject | ssl.SSLSocket) -> bool:
        session = connection.session
        return session is None or session.time <= self._sessions_since  # it knows whole seconds
