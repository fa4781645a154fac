"""A WebSocket's connection, natively: what stands before ``websocket.connection``. See conversation.pyx."""

from .messages cimport CoreFields
from .watching cimport Watched

cdef class ConversationFields(Watched):
    # Of SendingConnection
    cdef public CoreFields _core
    cdef public object _transport, _keepalive
    cdef public bint _corked, _ended, _writing_paused
    # Of DeliveringConnection
    cdef public object _ahead, _context, _delegate, _stall
    cdef public bint _muted, _reading_paused
    # The descriptor of a socket that is read and written here, or -1. The transport owns it.
    cdef int fd

    cdef int on_events(self, int events) except -1
    cdef int receive(self, object transport) except -1
    cdef int take_data(self, bytes data) except -1
    cdef int deliver_in_context(self, object event) except -1
    cdef int deliver(self, object event) except -1
    cdef CoreFields core(self)
    cdef bint is_over_socket(self, object transport) noexcept
    cdef bint sends_directly(self) noexcept
    cdef Py_ssize_t unsent_bytes(self) except -1
    cdef int flush(self) except -1
    cdef int send_piece(self, bytes data) except -1
    cdef int send_pieces(self, list pieces) except -1
    cdef bint say(self, object message, object binary) except -1
