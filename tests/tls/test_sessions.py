"""What a client keeps to have its next connection sooner."""

import contextlib
import gc
import ssl
import time
import weakref

import pytest

from tests.tls.conftest import BOTH_VERSIONS, Site
from tests.tls.shaking import Ends, shake_hands
from tornadolike.tls import ClientSessions, ServerCertificates
from tornadolike.tls import sessions as module


@pytest.fixture
def server(site: Site) -> ssl.SSLContext:
    return ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test")).context


class Client:
    """Connects to servers, each time with what it has kept."""

    def __init__(self, server: ssl.SSLContext, context: ssl.SSLContext, **limits: int) -> None:
        self.server = server
        self.context = context
        self.sessions = ClientSessions(**limits)

    def connect(self, name: str = "a.test", port: int = 443) -> Ends:
        session = self.sessions.take(self.context, name, port)
        ends = shake_hands(self.server, self.context, name, session)
        self.sessions.keep(self.context, name, port, ends.client)
        # OpenSSL forgets a session (by its number) whose connection did not end well.
        with contextlib.suppress(ssl.SSLWantReadError):
            ends.client.unwrap()
        ends.server.unwrap()
        return ends

    def resumes(self, name: str = "a.test", port: int = 443) -> bool:
        return bool(self.connect(name, port).client.session_reused)


@BOTH_VERSIONS
def test_the_next_connection_resumes(site: Site, server, version):
    client = Client(server, site.client(maximum_version=version))
    assert [client.resumes() for _ in range(4)] == [False, True, True, True]
    assert client.resumes("A.test")


@BOTH_VERSIONS
def test_a_session_is_of_one_server_and_one_port(site: Site, server, version):
    client = Client(server, site.client(maximum_version=version))
    assert not client.resumes("a.test")
    assert not client.resumes("b.test")
    assert not client.resumes("a.test", 8443)
    assert client.resumes("a.test")
    assert client.resumes("b.test")
    assert client.resumes("a.test", 8443)


@BOTH_VERSIONS
def test_a_session_is_for_one_connection(site: Site, server, version):
    client = Client(server, site.client(maximum_version=version))
    client.connect()
    assert client.sessions.take(client.context, "a.test", 443) is not None
    assert client.sessions.take(client.context, "a.test", 443) is None


def test_a_ticket_that_was_used_is_not_kept_again(site: Site, server):
    """A server that resumes and gives no new ticket leaves the client with the old one."""
    client = Client(server, site.client())
    client.connect()
    server.num_tickets = 0
    assert client.resumes()
    assert not client.resumes()


def test_a_session_by_its_number_is_kept_again(site: Site, server):
    """With TLS 1.2 the server knows it, and nobody else sees more of it than of a new one."""
    server.options |= ssl.OP_NO_TICKET
    client = Client(server, site.client(maximum_version=ssl.TLSVersion.TLSv1_2))
    assert [client.resumes() for _ in range(3)] == [False, True, True]


def test_the_newest_is_kept(site: Site, server):
    client = Client(server, site.client())
    older, newer = (shake_hands(server, client.context, "a.test").client for _ in range(2))
    for connection in (older, newer):
        client.sessions.keep(client.context, "a.test", 443, connection)
    assert client.sessions.take(client.context, "a.test", 443) == newer.session


@BOTH_VERSIONS
@pytest.mark.parametrize("change", ["verify_mode", "verify_flags", "check_hostname"])
def test_what_was_not_verified_does_not_help_who_verifies(site: Site, server, version, change):
    """OpenSSL would resume, and verify nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if change != "verify_mode":
        context = site.client(maximum_version=version, check_hostname=False)
    client = Client(server, context)
    client.connect("wrong.test")
    if change == "verify_mode":
        context.verify_mode = ssl.CERT_REQUIRED
    elif change == "verify_flags":
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    else:
        context.check_hostname = True
    with pytest.raises(ssl.SSLCertVerificationError):
        client.connect("wrong.test")


def test_contexts_have_nothing_in_common(site: Site, server):
    first = Client(server, site.client())
    first.connect()
    assert first.sessions.take(site.client(), "a.test", 443) is None


def test_what_is_too_old_is_not_given(site: Site, server, monkeypatch):
    client = Client(server, site.client())
    client.connect()
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 8000)
    assert client.sessions.take(client.context, "a.test", 443) is None


def test_nothing_to_keep(site: Site):
    client = site.client()
    sessions = ClientSessions()
    connection = client.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.test")
    sessions.keep(client, "a.test", 443, connection)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    sessions.keep(client, "a.test", 443, connection)
    assert sessions.take(client, "a.test", 443) is None


def test_before_the_tickets_have_come(site: Site, server):
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = site.client()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = context.wrap_bio(to_client, to_server, server_hostname="a.test")
    for end in (theirs, ours):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()
    theirs.do_handshake()
    sessions = ClientSessions()
    sessions.keep(context, "a.test", 443, theirs)
    assert sessions.take(context, "a.test", 443) is None


def test_servers_that_were_not_called_for_long_make_room(site: Site, server):
    client = Client(server, site.client(), max_sessions=2)
    connection = shake_hands(server, client.context, "a.test").client
    for port in (1, 2, 1, 3):
        client.sessions.keep(client.context, "a.test", port, connection)
    kept = [port for port in (1, 2, 3) if client.sessions.take(client.context, "a.test", port)]
    assert kept == [1, 3]


def test_contexts_that_were_not_used_for_long_make_room(site: Site, server):
    sessions = ClientSessions(max_contexts=2)
    contexts = [site.client() for _ in range(3)]
    for context in (contexts[0], contexts[1], contexts[0], contexts[2]):
        ends = shake_hands(server, context, "a.test")
        sessions.keep(context, "a.test", 443, ends.client)
    kept = [sessions.take(context, "a.test", 443) is not None for context in contexts]
    assert kept == [True, False, True]


def test_contexts_that_are_made_for_one_connection_do_not_pile_up(site: Site, server):
    sessions = ClientSessions(max_contexts=2)
    contexts = [site.client() for _ in range(4)]
    for context in contexts:
        ends = shake_hands(server, context, "a.test")
        sessions.keep(context, "a.test", 443, ends.client)
    del context, ends
    alive = [weakref.ref(context) for context in contexts]
    contexts.clear()
    gc.collect()
    assert [ref() is not None for ref in alive] == [False, False, True, True]
    sessions.clear()
    gc.collect()
    assert not any(ref() for ref in alive)


def test_a_context_whose_sessions_were_taken_is_let_go(site: Site, server):
    sessions = ClientSessions()
    context = site.client()
    sessions.keep(context, "a.test", 443, shake_hands(server, context, "a.test").client)
    sessions.take(context, "a.test", 443)
    alive = weakref.ref(context)
    del context
    gc.collect()
    assert alive() is None


def test_the_memory_of_what_was_used_is_bounded(site: Site, server, monkeypatch):
    monkeypatch.setattr(module, "MAX_SPENT", 3)
    client = Client(server, site.client())
    for _ in range(6):
        client.connect()
    assert len(client.sessions._spent) == 3


@pytest.mark.parametrize("limit", ["max_sessions", "max_contexts"])
def test_limits_that_leave_no_room(limit):
    with pytest.raises(ValueError, match=f"{limit} should be at least 1, got 0"):
        ClientSessions(**{limit: 0})
