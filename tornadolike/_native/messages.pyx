"""The messages of a WebSocket: the hot half of ``websocket.protocol.WebSocketCore``.

:class:`CoreFields` holds what ``Outgoing`` and ``WebSocketCore`` keep, under the same names, and the reference works on
it as on slots of its own. So there is one state, and each step can be taken here or there. Here are the steps that
nearly all messages take:

* a frame that is a whole message, which is unmasked into the very object that the program is given;
* the payload of a frame that comes in several reads, which is unmasked, checked and added to its message;
* the frame of a message that is neither masked nor transformed.

All else, and all that is wrong, is left where it is for the reference, which says what it means.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcpy

from .counters cimport born, count_deaths, kind_of
from .frames cimport FINAL_BINARY, TEXT, Frame, find_message, framed, mask_bytes
from .frames cimport unmasked, utf8_whole

cdef extern from "Python.h":
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 highest)
    void* PyUnicode_DATA(object text)
    long PyLong_AsLongAndOverflow(object number, int* overflow) except? -1

cdef extern from "utf8.h" nogil:
    Py_ssize_t utf8_skip_ascii(const unsigned char* data, Py_ssize_t at, Py_ssize_t size)

cdef enum:
    INVALID_PAYLOAD = 1007

cdef int CORE = kind_of("CoreFields")

cdef object open_state = None, closed_state = None
cdef object reference_next_event = None


def install(opened, closed, next_event):
    """Hand in the states, and the reference's ``next_event``."""
    global open_state, closed_state, reference_next_event
    open_state, closed_state, reference_next_event = opened, closed, next_event


cdef inline bint is_ascii(const unsigned char* data, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t at = utf8_skip_ascii(data, 0, size)
    while at < size and data[at] < 0x80:
        at += 1
    return at == size


cdef object text_of(const unsigned char* payload, Py_ssize_t size, const unsigned char* key):
    """The text of a payload, unmasked straight into a string that is what nearly all text is: ASCII."""
    cdef object text
    cdef unsigned char* room
    if key is NULL:
        return PyUnicode_DecodeUTF8(<const char*>payload, size, NULL)
    if size < 2:                    # (there is only one string of each Latin character)
        return unmasked(payload, size, key).decode("utf-8")
    text = PyUnicode_New(size, 127)
    room = <unsigned char*>PyUnicode_DATA(text)
    mask_bytes(room, payload, size, key)
    if is_ascii(room, size):
        return text
    # It was no string yet, and nobody has seen it: what it holds are the plain bytes.
    return PyUnicode_DecodeUTF8(<const char*>room, size, NULL)


cdef class CoreFields:
    """What a ``WebSocketCore`` keeps. It owns no memory beside its Python objects."""

    def __cinit__(self):
        born(CORE)
        self._data = self._mask = self._tail = b""      # (bytes are looked into, which None would not bear)

    cdef int take(self, bytes data) except -1:
        if self.state is closed_state:
            return 0
        if self._at == PyBytes_GET_SIZE(self._data) and not self._chunks:
            self._data = data
            self._at = 0
        else:
            self._chunks.append(data)
        return 0

    cdef bint is_between(self) noexcept:
        return self._between and self._at == PyBytes_GET_SIZE(self._data) and not self._chunks

    cdef Py_ssize_t limit(self) except -2:
        """The most bytes of a message: any integer may have been given for it. -1: the reference knows best."""
        cdef int overflow = 0
        cdef long limit
        if type(self._max_message_size) is not int:
            return -1
        limit = PyLong_AsLongAndOverflow(self._max_message_size, &overflow)
        if overflow:
            return -1 if overflow < 0 else 0x7FFFFFFFFFFF
        return limit if limit >= 0 else -1

    cdef object plain_message(self, Frame* frame):
        """The message of a frame without reserved bits, or the event that says what is wrong with it."""
        if frame.first == FINAL_BINARY:
            return unmasked(frame.payload, frame.size, frame.key)
        try:
            return text_of(frame.payload, frame.size, frame.key)
        except UnicodeDecodeError:
            return self._fail(INVALID_PAYLOAD, "text is not UTF-8")

    cdef object only_message(self, const unsigned char* data, Py_ssize_t size):
        cdef Frame frame
        if not find_message(data, size, self._masked, 0, self.limit(), &frame) or frame.end != size:
            return None
        return self.plain_message(&frame)

    cdef object next(self):
        cdef Frame frame
        cdef bytes data = self._data
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        if self._between:
            if self._at < size:
                if find_message(
                    <const unsigned char*>PyBytes_AS_STRING(data) + self._at,
                    size - self._at, self._masked, 0, self.limit(), &frame,
                ):
                    self._at += frame.end
                    return self.plain_message(&frame)       # (`data` lives on in this function)
            elif not self._chunks and not self._ended:
                if size:
                    self._data = b""        # an idle connection holds no buffer
                self._at = 0
                return None
        return reference_next_event(self)

    cdef bint add_to_message(self, unsigned char* data, Py_ssize_t size) except -1:
        cdef bytearray message = self._message
        cdef Py_ssize_t before
        cdef unsigned char* room
        cdef bytes mask = self._mask
        if (
            message is None or self._between or self._reserved or size >= self._left or self._tail
            or self._chunks or self._at != PyBytes_GET_SIZE(self._data) or self.state is closed_state
        ):
            return False
        if self._opcode == TEXT:
            # Where a character is cut off, or wrong, the reference goes on with the same bytes.
            if PyBytes_GET_SIZE(mask):
                mask_bytes(data, data, size, <const unsigned char*>PyBytes_AS_STRING(mask))
            if utf8_whole(data, size) != size:
                if PyBytes_GET_SIZE(mask):
                    mask_bytes(data, data, size, <const unsigned char*>PyBytes_AS_STRING(mask))
                return False
        before = PyByteArray_GET_SIZE(message)
        PyByteArray_Resize(message, before + size)
        room = <unsigned char*>PyByteArray_AS_STRING(message) + before
        if self._opcode == TEXT or not PyBytes_GET_SIZE(mask):
            memcpy(room, data, size)
        else:
            mask_bytes(room, data, size, <const unsigned char*>PyBytes_AS_STRING(mask))
        if PyBytes_GET_SIZE(mask) and size & 3:
            self._mask = mask[size & 3:] + mask[:size & 3]
        self._left -= size
        return True

    cdef int put(self, int first, const unsigned char* payload, Py_ssize_t size) except -1:
        cdef bytes frame = framed(first, payload, size)
        self._out.append(frame)
        self.unsent += PyBytes_GET_SIZE(frame)
        return 0

    cdef bytes outgoing(self):
        cdef list out = self._out
        cdef bytes data
        if not out:
            return b""
        data = <bytes>out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self.unsent = 0
        return data


def receive_data(CoreFields self, data):
    """Take bytes that the peer sent. :meth:`next_event` says what they mean."""
    self.take(<bytes>data if type(data) is bytes else bytes(data))


def next_event(CoreFields self):
    """The next thing that happened, or None until there are more bytes (or for ever, when closed)."""
    return self.next()


def data_to_send(CoreFields self):
    """What is to be sent to the peer, once."""
    return self.outgoing()


count_deaths(CoreFields, CORE)
