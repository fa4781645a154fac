"""Two ends of TLS that shake hands in memory, with contexts as they are."""

import ssl
from typing import Any, NamedTuple


class Ends(NamedTuple):
    """What both ends have after the handshake."""

    server: ssl.SSLObject
    client: ssl.SSLObject


def shake_hands(
    server: ssl.SSLContext,
    client: ssl.SSLContext,
    name: str | None,
    session: ssl.SSLSession | None = None,
) -> Ends:
    """Do a handshake, and give the client what follows it (its tickets).

    Raises what the client's end raises, or else the server's.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name, session=session)
    failure: ssl.SSLError | None = None
    done = False
    while not done:
        try:
            theirs.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            if failure is not None:
                raise failure from None
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            failure = error
    if failure is not None:
        raise failure
    ours.write(b"x")
    assert theirs.read(1) == b"x"
    return Ends(ours, theirs)


def shown(ends: Ends) -> str:
    """The common name in the server's certificate."""
    return _common_name(ends.client.getpeercert())


def client_seen(ends: Ends) -> str | None:
    """The common name in the client's certificate, as the server has it."""
    certificate = ends.server.getpeercert()
    return _common_name(certificate) if certificate else None


def _common_name(certificate: Any) -> str:
    return dict(field[0] for field in certificate["subject"])["commonName"]
