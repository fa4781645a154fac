"""HTTP/1.1 on connections: a server's, and one exchange of messages for whoever has a stream.

A server's connection is the sans-I/O reader and writer of :mod:`tornadolike.http1` on a transport. It serves its
requests strictly one after another. What it is doing is its *phase*:

====================  ======================================================================= ==========
phase                 what is going on                                                        time-out
====================  ======================================================================= ==========
``IDLE``              nothing; the next request may come                                      idle
``HEAD``              a part of a head has come (or nothing yet on a new connection): 408     header
``BODY``              a body is coming: 408                                                   body
``HANDLING``          a request is with the application; what comes meanwhile waits, bounded  (none)
``WRITING``           answers wait for the peer to read them; no more are made until it does  write
``LINGERING``         we have said our last; the peer may still be talking                    linger
``ENDED``             the connection is lost                                                  (none)
``UPGRADED``          the connection belongs to another protocol, or has become a stream      (none)
====================  ======================================================================= ==========

In whatever phase: as long as something waits for the peer to take it, it is the *write* time-out that
runs, anew whenever the peer takes a byte. A byte now and then is not enough, though: a body has to come, and
what waits has to be taken, at a least pace (:mod:`.pace`).

A request that has arrived whole goes to the application in one call, and if it is answered in that call
the next one in the buffer follows at once; all answers of one wake-up leave in one write (*corked*).
A peer that does not read its answers gets no further ones: what waits for it is bounded.
Whatever is answered later is written when it is ready, and continues with the next request from a
callback of the loop, never from inside the task that finished the answer.

An input that breaks the protocol is answered by the status it deserves, and the connection closes: our
side first, then, so that a reset does not overtake the answer, the peer's (RFC 9112 section 9.6).

A peer that ends its side is, as a rule, gone; but it may also have said all that it wanted to and wait
for the answers. So the application is told that nobody waits any more, and yet what it answers within
the linger time-out is sent, to this and to the requests that came behind it.

Over TLS there is no such half: what a peer says last is its goodbye, and who has said it (or has ended
without it) is gone. Our own last word is a goodbye too. Behind it the transport reads on, and throws away
what comes, until the peer has answered; that is LINGERING here, with the same time-outs. Before its
handshake is done a connection is none: it is in ``Serving.handshakes``, and :mod:`.opening` looks after it.

The rooms, each of which uses only those before it. What the connections of a server share:

* :mod:`.refusals`: requests that never get to an application, for its logs;
* :mod:`.phases`: the names of the above; :mod:`.pace`: whether a peer is fast enough;
* :mod:`.serving`: parameters, and who is connected;
* :mod:`.context`: who is at the other end.

One connection, a class in five floors, and what comes before it:

* :mod:`.responses`: from a response to bytes in the right order; :mod:`.files`: and files among them;
* :mod:`.requests`: from the reader's events to the application, and what that may ask for meanwhile; with
  :mod:`.stream_face`, what looks like the connection's stream;
* :mod:`.handing_over`: how HTTP leaves a connection: to another protocol, or as a stream;
* :mod:`.connection`: :class:`ServerConnection`: one request after another, phases, time-outs;
* :mod:`.express`: :class:`ExpressConnection`: that, which begins on the native express lane;
* :mod:`.opening`: the first bytes of a connection that should speak TLS, or begins with a PROXY header.

What stands between a connection and a delegate, if somebody wants it:

* :mod:`.decompressing`: content codings, taken off before a delegate sees them;
* :mod:`.bodies`: that, and pieces of a bounded size.

Of Tornado's module there are:

* :mod:`.parameters`: :class:`HTTP1ConnectionParameters`, and small parsers;
* :mod:`.adopted`: :class:`HTTP1ServerConnection`, the above on a stream that somebody has;
* :mod:`.sides`: what a client and a server have of their own; :mod:`.outgoing`: the message that is written;
  :mod:`.exchange`: :class:`HTTP1Connection`, one request and its response over a stream, for either of them.
"""

from .adopted import HTTP1ServerConnection, adopt
from .bodies import BodyPreparer
from .connection import ServerConnection
from .context import ConnectionContext
from .decompressing import DecompressingDelegate
from .exchange import HTTP1Connection
from .express import ExpressConnection, may_be_express
from .opening import TLSOpening, opening_for
from .parameters import (
    DIGITS,
    HEXDIGITS,
    HTTP1ConnectionParameters,
    is_transfer_encoding_chunked,
    parse_hex_int,
    parse_int,
    serving_parameters,
)
from .refusals import Refusal
from .serving import Counts, Serving, ServingParameters

__all__ = [
    "DIGITS",
    "HEXDIGITS",
    "BodyPreparer",
    "ConnectionContext",
    "Counts",
    "DecompressingDelegate",
    "ExpressConnection",
    "HTTP1Connection",
    "HTTP1ConnectionParameters",
    "HTTP1ServerConnection",
    "Refusal",
    "ServerConnection",
    "Serving",
    "ServingParameters",
    "TLSOpening",
    "adopt",
    "is_transfer_encoding_chunked",
    "may_be_express",
    "opening_for",
    "parse_hex_int",
    "parse_int",
    "serving_parameters",
]
