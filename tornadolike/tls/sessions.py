""":class:`ClientSessions`: what a client keeps of a connection to have the next one sooner.

With a session the server's certificate is not sent and verified again, and the keys are agreed on at less
cost. So whom it was verified for is part of what a session is kept under, and what was not verified
does not help those who want it to be.
"""

import ssl
import time
from collections import OrderedDict
from typing import Final

MAX_SESSIONS: Final = 256
"""How many servers' sessions are kept for one context."""

MAX_CONTEXTS: Final = 8
"""For how many contexts sessions are kept. A session holds its context, with all the authorities it trusts."""

MAX_SPENT: Final = 1024
"""How many sessions that were given out are remembered, not to be kept again."""

Server = tuple[str, int, ssl.VerifyMode, ssl.VerifyFlags, bool]


class ClientSessions:
    """TLS sessions of connections that were, for those that come: at most one for each server.

    A session belongs to the context it was made with, and to the server's name and port. It is for one
    connection (RFC 8446, appendix C.4: whoever sees a ticket twice knows that the two are one client's),
    which gives a new one.

    .. code-block:: python

        session = sessions.take(context, "example.com", 443)
        ...  # connect with it, and at the end, when the server's tickets have come:
        sessions.keep(context, "example.com", 443, ssl_object)

    When there is no more room, what was kept longest goes. For one thread.

    :arg max_sessions: how many are kept for each context, by default 256.
    :arg max_contexts: for how many contexts, by default 8. Use one context for many connections: sessions
        are no good with another.

    Raises :exc:`ValueError` for numbers below 1.
    """

    def __init__(self, max_sessions: int = MAX_SESSIONS, max_contexts: int = MAX_CONTEXTS) -> None:
        for name, value in (("max_sessions", max_sessions), ("max_contexts", max_contexts)):
            if value < 1:
                raise ValueError(f"{name} should be at least 1, got {value}")
        self._max_sessions = max_sessions
        self._max_contexts = max_contexts
        self._spent: OrderedDict[bytes, None] = OrderedDict()
        self._kept: OrderedDict[ssl.SSLContext, OrderedDict[Server, ssl.SSLSession]] = OrderedDict()

    def take(
        self, context: ssl.SSLContext, server_hostname: str, port: int
    ) -> ssl.SSLSession | None:
        """The session for a new connection to a server, which is not kept any more; None if there is none."""
        sessions = self._kept.get(context)
        if sessions is None:
            return None
        session = sessions.pop(_server(context, server_hostname, port), None)
        if not sessions:
            del self._kept[context]
        if session is None or session.time + session.timeout <= time.time():
            return None
        self._spent[session.id] = None
        if len(self._spent) > MAX_SPENT:
            self._spent.popitem(last=False)
        return session

    def keep(
        self,
        context: ssl.SSLContext,
        server_hostname: str,
        port: int,
        connection: ssl.SSLObject | ssl.SSLSocket,
    ) -> None:
        """Keep the newest session of a connection, if it has one that can be resumed.

        To be called at the end of a connection that went well: with TLS 1.3 a session comes after the
        handshake, with the first bytes that are read, or not at all.
        """
        session = self._new_session(connection)
        if session is None:
            return
        sessions = self._kept.setdefault(context, OrderedDict())
        self._kept.move_to_end(context)
        server = _server(context, server_hostname, port)
        sessions[server] = session
        sessions.move_to_end(server)
        if len(sessions) > self._max_sessions:
            sessions.popitem(last=False)
        if len(self._kept) > self._max_contexts:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Keep none of them."""
        self._kept.clear()
        self._spent.clear()

    def _new_session(self, connection: ssl.SSLObject | ssl.SSLSocket) -> ssl.SSLSession | None:
        try:
            session = connection.session
        except ValueError:  # the handshake is not done
            return None
        if session is None or not (session.has_ticket or session.id):
            return None
        if connection.version() == "TLSv1.3" and session.id in self._spent:
            return None  # the server gave no other
        return session


def _server(context: ssl.SSLContext, server_hostname: str, port: int) -> Server:
    checks = context.verify_mode, context.verify_flags, context.check_hostname
    return server_hostname.lower(), port, *checks
