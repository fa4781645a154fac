"""The way of a message through a WebSocket's connection: from the socket to the program, and back.

:class:`ConversationFields` holds what is needed for each message of what ``SendingConnection`` and
``DeliveringConnection`` keep, under the same names. The hot methods of the two are here; the rules of what runs when are
told in ``websocket.connection.delivering``.

Over a plain socket there is a shorter way still. The transport then has the loop call the connection itself
(:meth:`.Wire.let_watch`), which receives, and sends, without the transport. What is received so goes into one room of
the process, and has left it before any Python code runs: mostly it is one message, of which the program's own object is
made from there. The transport stays what it was, and is asked before each step whether it would do the same: it would
not while it is paused, has bytes that were given back to it, has something waiting to be sent, or is closing.
Everything but a plain success (errors, the end, what the kernel did not take) is its own.

Lifetime: the loop's table keeps the connection, that its transport, which owns the descriptor. The transport marks
itself as closing, and leaves that table, before it closes the descriptor; so who asks it first never uses one that has
become somebody else's.
"""

from collections import deque
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.contextvars cimport PyContext_Enter, PyContext_Exit
from cpython.object cimport PyObject
from libc.errno cimport EAGAIN, EINTR, errno

from .counters cimport born, count_deaths, kind_of
from .frames cimport FINAL_BINARY, FINAL_TEXT, utf8_whole
from .messages cimport CoreFields, open_state
from .watching cimport Watched

cdef extern from "Python.h":
    PyObject* Py_False          # (in Cython `<PyObject*>False` is a null pointer)
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void* PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    Py_ssize_t Py_SIZE(object several)

cdef extern from "slots.h":
    Py_ssize_t slot_offset(object member) except -1
    PyObject* slot_of(object owner, Py_ssize_t offset) noexcept

cdef extern from "sys/uio.h" nogil:
    cdef struct iovec:
        void* iov_base
        size_t iov_len

cdef extern from *:
    """
    #include <string.h>
    #include <sys/types.h>
    #include <sys/socket.h>
    #include <sys/uio.h>
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    static ssize_t send_vector(int fd, struct iovec *pieces, int count) {
        struct msghdr message;
        memset(&message, 0, sizeof message);
        message.msg_iov = pieces;
        message.msg_iovlen = count;
        return sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    """
    enum: MSG_NOSIGNAL
    ssize_t recv(int fd, void* room, size_t size, int flags) nogil
    ssize_t send(int fd, const void* data, size_t size, int flags) nogil
    ssize_t send_vector(int fd, iovec* pieces, int count) nogil
    char* strerror(int number)

cdef enum:
    READ = 1
    TURN = 256
    CORK_LIMIT = 65536
    READ_SIZE = 127 * 1024
    MOST_PIECES = 64

cdef int CONVERSATION = kind_of("ConversationFields")

# What was received, until it is objects. (No Python code runs meanwhile, and nobody else holds the GIL.)
cdef unsigned char room[READ_SIZE]

cdef object stalled_callback = None, stalled_peer = None
cdef object reference_write = None, reference_unsent = None, prepared_message = None
cdef object socket_transport = None, real_socket = None
cdef object closed_error = None, CancelledError = None
cdef object receive_data = None         # what a transport does that has nothing special to do
cdef Py_ssize_t waiting_at, closing_at, refusal_at, events_at, receive_at, protocol_at, size_at


def install_sending(write_message, unsent, prepared, closed):
    """Hand in the reference's ``write_message`` and ``unsent``; PreparedMessage and WebSocketClosedError."""
    global reference_write, reference_unsent, prepared_message, closed_error
    reference_write, reference_unsent, prepared_message, closed_error = write_message, unsent, prepared, closed


def install_delivering(callback, peer, cancelled):
    """Hand in the reasons to wait (a callback is running, the peer does not read), and asyncio.CancelledError."""
    global stalled_callback, stalled_peer, CancelledError
    stalled_callback, stalled_peer, CancelledError = callback, peer, cancelled


def install_transport(transport, socket):
    """Hand in the class of transports whose sockets are read and written here, and that of their sockets."""
    global socket_transport, real_socket, receive_data
    global waiting_at, closing_at, refusal_at, events_at, receive_at, protocol_at, size_at
    waiting_at = slot_offset(transport._waiting)
    closing_at = slot_offset(transport._closing)
    refusal_at = slot_offset(transport._refusal)
    events_at = slot_offset(transport._events)
    receive_at = slot_offset(transport._receive)
    protocol_at = slot_offset(transport._protocol)
    size_at = slot_offset(transport._waiting_size)
    socket_transport, real_socket, receive_data = transport, socket, transport._receive_data


cdef class ConversationFields(Watched):
    """What a connection needs for each message. It owns no memory, and no descriptor, beside its Python objects."""

    def __cinit__(self):
        born(CONVERSATION)
        self.fd = -1

    # Receiving

    cdef int on_events(self, int events) except -1:
        cdef object transport = self._transport
        if transport is None:
            return 0                # it is lost, and what was still reported concerns nobody
        if (
            events == READ
            and self.is_over_socket(transport)
            and slot_of(transport, receive_at) is <PyObject*>receive_data
            and slot_of(transport, protocol_at) is <PyObject*>self
            and (<object>slot_of(transport, events_at)) & READ
        ):
            return self.receive(transport)
        transport._on_events(events)
        return 0

    cdef int receive(self, object transport) except -1:
        """What the transport's own ``_receive_data`` does."""
        cdef object event
        cdef CoreFields core
        cdef ssize_t size = recv(self.fd, room, READ_SIZE, 0)
        cdef int problem = errno
        if size <= 0:
            if size == 0:
                transport._on_end()
            elif not is_for_later(problem):
                transport._fail(system_error(problem))
            return 0
        try:
            core = self._core
            event = None
            if core is not None and self._stall is None and not self._ahead:
                if core.is_between() and core.state is open_state:
                    event = core.only_message(room, size)
                elif core.add_to_message(room, size):
                    if self._keepalive is not None:
                        self._keepalive.heard = True
                    return 0
            if event is None:
                self.take_data(PyBytes_FromStringAndSize(<char*>room, size))
            else:
                if self._keepalive is not None:
                    self._keepalive.heard = True
                self.deliver_in_context(event)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            transport._protocol_failed(error, "data_received")
        return 0

    cdef int take_data(self, bytes data) except -1:
        if self._keepalive is not None:
            self._keepalive.heard = True
        self.core().take(data)
        if self._stall is None:
            self.deliver_in_context(None)
        else:
            self._context.run(self._look_ahead)
        return 0

    cdef int deliver_in_context(self, object event) except -1:
        cdef object context = self._context
        PyContext_Enter(context)
        try:
            self.deliver(event)
        finally:
            PyContext_Exit(context)
        return 0

    cdef int deliver(self, object event) except -1:
        """Hand over what has arrived, ``event`` first if it is not None."""
        cdef CoreFields core = self.core()
        cdef object delegate = self._delegate, result, kind
        cdef bint ahead = bool(self._ahead)
        cdef int left = TURN
        self._stall = None
        self._corked = True
        try:
            while True:
                if event is None:
                    event = self._next_event() if ahead else core.next()
                    if event is None:
                        break
                kind = type(event)
                if kind is str or kind is bytes:
                    if self._muted:
                        event = None
                        continue
                    try:
                        result = delegate.on_message(event)
                    except (Exception, CancelledError) as error:
                        event = None
                        self._callback_failed(error)
                        continue
                else:
                    result = self._handle(event)
                event = None
                if result is not None and result is not self and not self._has_finished(result):
                    self._stall = stalled_callback
                    if core._at < PyBytes_GET_SIZE(core._data) or core._chunks:
                        self._look_ahead()
                    return 0
                if self._writing_paused:
                    self._stall = stalled_peer
                    return 0
                left -= 1
                if not left:
                    self._next_turn()
                    return 0
        finally:
            self._corked = False
            self.flush()
        if self._reading_paused:
            self._resume_reading()
        return 0

    cdef CoreFields core(self):
        """The protocol's state: what was never initialised has none."""
        if self._core is None:
            raise AttributeError("_core")
        return self._core

    cdef inline bint is_over_socket(self, object transport) noexcept:
        """Whether this is a transport whose slots may be looked into, and whose socket is read and written here."""
        return self.fd >= 0 and type(transport) is socket_transport

    # Sending

    cdef bint sends_directly(self) noexcept:
        """Whether the transport would send at once."""
        cdef object transport = self._transport
        cdef PyObject* waiting
        if not self.is_over_socket(transport):
            return False
        waiting = slot_of(transport, waiting_at)
        return (
            (waiting is <PyObject*>None or (waiting is not NULL and nothing_waits(<object>waiting)))
            and slot_of(transport, closing_at) is Py_False
            and slot_of(transport, refusal_at) is <PyObject*>None
        )

    cdef Py_ssize_t unsent_bytes(self) except -1:
        """What the property ``unsent`` says."""
        cdef object transport = self._transport
        cdef CoreFields core = self.core()
        if transport is None:
            return 0
        if self.is_over_socket(transport):
            return <object>slot_of(transport, size_at) + core.unsent + core.behind
        return transport.get_write_buffer_size() + core.unsent + core.behind

    cdef int flush(self) except -1:
        cdef CoreFields core = self.core()
        cdef list pieces = core._out
        cdef bytes data
        if not pieces:
            return 0
        if self._transport is None:
            core.outgoing()
        elif not self.sends_directly():
            self._transport.write(core.outgoing())
        elif len(pieces) == 1 or len(pieces) > MOST_PIECES:
            self.send_piece(core.outgoing())
        else:
            core._out = []
            core.unsent = 0
            self.send_pieces(pieces)
        return 0

    cdef int send_piece(self, bytes data) except -1:
        """What the transport's ``write`` does that sends at once."""
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        cdef ssize_t sent = send(self.fd, PyBytes_AS_STRING(data), size, MSG_NOSIGNAL)
        cdef int problem = errno
        if sent < 0:
            if not is_for_later(problem):
                self._transport._write_failed(system_error(problem))
                return 0
            sent = 0
        if sent < size:
            self._transport._wait_with((memoryview(data)[sent:],))
        return 0

    cdef int send_pieces(self, list pieces) except -1:
        """The same for several, which need not be joined unless the kernel does not take all of them."""
        cdef iovec vector[MOST_PIECES]
        cdef int count = 0
        cdef Py_ssize_t size = 0
        cdef ssize_t sent
        cdef int problem
        cdef bytes piece
        for piece in pieces:
            vector[count].iov_base = PyBytes_AS_STRING(piece)
            vector[count].iov_len = PyBytes_GET_SIZE(piece)
            size += PyBytes_GET_SIZE(piece)
            count += 1
        sent = send_vector(self.fd, vector, count)
        problem = errno
        if sent < 0:
            if not is_for_later(problem):
                self._transport._write_failed(system_error(problem))
                return 0
            sent = 0
        if sent < size:
            self._transport._wait_with((memoryview(b"".join(pieces))[sent:],))
        return 0

    cdef bint say(self, object message, object binary) except -1:
        """Send a message, if it is one for which nothing has to be decided: False if the reference has to."""
        cdef CoreFields core = self._core
        cdef bytes data
        cdef dict frames
        cdef object frame
        if core is None or self._ended or core.state is not open_state or core._in_pieces:
            return False
        if not core._masked or core.extension is not None:
            return False
        if type(message) is str:
            if PyUnicode_IS_COMPACT_ASCII(message):
                core.put(
                    FINAL_BINARY if binary else FINAL_TEXT,
                    <const unsigned char*>PyUnicode_DATA(message), PyUnicode_GET_LENGTH(message),
                )
            else:
                data = (<str>message).encode()
                core.put(
                    FINAL_BINARY if binary else FINAL_TEXT,
                    <const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data),
                )
        elif type(message) is bytes:
            data = <bytes>message
            if not binary and (
                utf8_whole(<const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
                != PyBytes_GET_SIZE(data)
            ):
                return False
            core.put(
                FINAL_BINARY if binary else FINAL_TEXT,
                <const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data),
            )
        elif type(message) is prepared_message:
            frames = message._frames
            frame = frames.get(None)
            if frame is None:
                frame = message.frame(None)
            if not self._corked and not core._out and self.sends_directly():
                self.send_piece(frame)
                return True
            core._out.append(frame)
            core.unsent += PyBytes_GET_SIZE(frame)
        else:
            return False
        if not self._corked or core.unsent > CORK_LIMIT:
            self.flush()
        return True


cdef inline bint nothing_waits(object waiting) noexcept:
    """Whether the queue of a transport is empty. (What else may be there is a file that is being sent.)"""
    return type(waiting) is deque and Py_SIZE(waiting) == 0


cdef inline bint is_for_later(int problem) noexcept nogil:
    """Whether a call has failed only for now. (EWOULDBLOCK is the same number.)"""
    return problem == EAGAIN or problem == EINTR


cdef object system_error(int number):
    return OSError(number, strerror(number).decode("utf-8", "replace"))


# The methods, as Python has them

def data_received(ConversationFields self, data):
    """The peer has sent bytes."""
    self.take_data(<bytes>data if type(data) is bytes else bytes(data))


def _deliver(ConversationFields self):
    """Hand over what has arrived, until nothing is left or there is a reason to wait."""
    self.deliver(None)


def _flush(ConversationFields self):
    """Write what was said."""
    self.flush()


def write_message(ConversationFields self, message, binary=False):
    """Send a message. Raises as :meth:`.Outgoing.send_message`."""
    if self.say(message, binary):
        return self
    return reference_write(self, message, binary)


def watch(ConversationFields connection, transport):
    """Have the loop call the connection itself, if its transport is one over a plain socket."""
    cdef object kind = type(connection)
    if (
        # (A class that has methods of its own for this wants them called.)
        kind.data_received is data_received and kind._deliver is _deliver and kind._flush is _flush
        and type(transport) is socket_transport
        and type(transport._sock) is real_socket
        and transport._context is None
    ):
        connection.fd = transport._fd
        transport.let_watch(connection)


def send_to_all(targets, message, most):
    """Send a message to each of ``targets``: see the reference in ``websocket.broadcasting``."""
    cdef Py_ssize_t sent = 0, gone = 0
    cdef list slow = [], failed = []
    cdef object target, waiting, kind = None
    cdef bint is_ours = False
    for target in targets:
        if target is None:
            gone += 1
            continue
        try:
            if type(target) is not kind:
                # Some may be of classes that have methods of their own, and any method may have been replaced.
                kind = type(target)
                is_ours = (
                    isinstance(target, ConversationFields)
                    and kind.write_message is write_message and kind.unsent is reference_unsent
                )
            waiting = (<ConversationFields>target).unsent_bytes() if is_ours else target.unsent
            if waiting > most:
                slow.append(target)
                continue
            if not is_ours or not (<ConversationFields>target).say(message, False):
                target.write_message(message)
        except closed_error:
            gone += 1
        except Exception as error:
            failed.append((target, error))
        else:
            sent += 1
    return sent, gone, slow, failed


count_deaths(ConversationFields, CONVERSATION)
