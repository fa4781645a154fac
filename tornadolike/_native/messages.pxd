"""The protocol of a WebSocket, natively: what stands before ``websocket.outgoing.Outgoing``. See messages.pyx."""

from .frames cimport Frame

cdef class CoreFields:
    # Of Outgoing
    cdef public object role, state, extension
    cdef public list _out
    cdef public object _new_mask, _behind, _held_pong
    cdef public Py_ssize_t unsent, behind
    cdef public bint _masked, _in_pieces, _pongs_held
    # Of WebSocketCore
    cdef public bytes _data, _mask, _tail
    cdef public bytearray _message
    cdef public list _chunks
    cdef public object _max_message_size
    cdef public Py_ssize_t _at, _left
    cdef public int _agreed, _opcode, _reserved
    cdef public bint _between, _ended, _hold_close, close_held, _final

    cdef Py_ssize_t limit(self) except -2
    cdef object plain_message(self, Frame* frame)
    # What receive_data(), next_event() and data_to_send() do.
    cdef int take(self, bytes data) except -1
    cdef object next(self)
    cdef bytes outgoing(self)
    # Whether nothing is kept of what has arrived, and a message may begin with what comes next.
    cdef bint is_between(self) noexcept
    # A message that came whole in one read, cut out of `data`, of which nothing is kept: None if it is anything else.
    cdef object only_message(self, const unsigned char* data, Py_ssize_t size)
    # The next bytes of a message, if they are nothing but that: False if they are for take().
    cdef bint add_to_message(self, unsigned char* data, Py_ssize_t size) except -1
    # Frame a message of a server without an extension, to be sent with what was said before.
    cdef int put(self, int first, const unsigned char* payload, Py_ssize_t size) except -1

cdef object open_state
