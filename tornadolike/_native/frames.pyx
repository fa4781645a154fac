"""The leaves of the WebSocket protocol: the twins of ``websocket.frames``.

Bytes and integers go in and come out, and nothing is kept. Each takes a step where the reference takes one for each
byte, or makes an object for each field; what they accept, refuse and return is the same.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef object protocol_failure = None
cdef enum:
    PROTOCOL_ERROR = 1002
    INVALID_PAYLOAD = 1007


def install(failure):
    """Hand in the exception that says: the peer broke the protocol."""
    global protocol_failure
    protocol_failure = failure


cdef inline const unsigned char* start_of(bytes data) noexcept:
    return <const unsigned char*>PyBytes_AS_STRING(data)


cdef inline bytes plain(object data):
    """Any bytes-like object as bytes, which can be looked into."""
    return <bytes>data if type(data) is bytes else memoryview(data).tobytes()


cdef bytes unmasked(const unsigned char* payload, Py_ssize_t size, const unsigned char* key):
    """A copy of a payload, without its mask (NULL: it has none)."""
    cdef bytes copy = PyBytes_FromStringAndSize(<const char*>payload if key is NULL else NULL, size)
    if key is not NULL and size:        # (all empty bytes are one object, and nobody writes to that)
        mask_bytes(<unsigned char*>PyBytes_AS_STRING(copy), payload, size, key)
    return copy


cdef bytes framed(int first, const unsigned char* payload, Py_ssize_t size):
    """An unmasked frame."""
    cdef unsigned char head[LONGEST_HEAD]
    cdef Py_ssize_t length = write_head(head, first, size, 0)
    cdef bytes frame = PyBytes_FromStringAndSize(NULL, length + size)
    cdef char* room = PyBytes_AS_STRING(frame)
    memcpy(room, head, length)
    memcpy(room + length, payload, size)
    return frame


def apply_mask(mask, data):
    """``data`` XORed with the four bytes of ``mask`` over and over; undoes itself."""
    cdef bytes key = plain(mask), text = plain(data)
    if PyBytes_GET_SIZE(key) != 4:
        raise ValueError(f"a mask has 4 bytes, not {len(key)}")
    return unmasked(start_of(text), PyBytes_GET_SIZE(text), start_of(key))


def check_utf8(tail, data):
    """Check the next piece of a text; return the beginning of a character that is cut off at its end."""
    cdef bytes text = plain(data)
    cdef Py_ssize_t size, whole
    if len(tail):
        text = plain(tail) + text
    size = PyBytes_GET_SIZE(text)
    whole = utf8_whole(start_of(text), size)
    if whole < 0:
        raise protocol_failure(INVALID_PAYLOAD, "text is not UTF-8")
    if whole == size:
        return b""
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(text) + whole, size - whole)


def read_whole_message(bytes data not None, Py_ssize_t at, bint masked, int reserved, limit):
    """The first byte, the unmasked payload and the end of a message in one frame that begins at ``at``, or None."""
    cdef Frame frame
    if at < 0 or not find_message(
        start_of(data) + at, PyBytes_GET_SIZE(data) - at, masked, reserved, 0xFFFF, &frame
    ):
        return None                 # (longer ones are not for this function)
    if frame.size > limit:          # any number, however large
        return None
    return frame.first, unmasked(frame.payload, frame.size, frame.key), at + frame.end


def read_head(bytes data not None, Py_ssize_t at):
    """The length of the payload of the frame at ``at``, and where its length field ends, or None."""
    cdef const unsigned char* head = start_of(data)
    cdef unsigned long long length
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), end = at + 2, place
    if at < 0 or size < end:
        return None
    length = head[at + 1] & 0x7F
    if length <= SHORT:
        return length, end
    end = at + (4 if length == 126 else 10)
    if size < end:
        return None
    length = 0
    for place in range(at + 2, end):
        length = length << 8 | head[place]
    if length <= <unsigned long long>(SHORT if end == at + 4 else 0xFFFF) or length >> 63:
        raise protocol_failure(PROTOCOL_ERROR, "length is not written in the shortest way")
    return length, end


def encode_frame(int first, payload, mask=b""):
    """A frame whose first byte is ``first`` (FIN, reserved bits, opcode), masked if ``mask`` is given."""
    cdef bytes text = plain(payload), key = plain(mask), frame
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text), length
    cdef unsigned char head[LONGEST_HEAD]
    cdef unsigned char* room
    if not 0 <= first <= 0xFF:
        raise ValueError("bytes must be in range(0, 256)")
    if not PyBytes_GET_SIZE(key):
        return framed(first, start_of(text), size)
    if PyBytes_GET_SIZE(key) != 4:
        raise ValueError(f"a mask has 4 bytes, not {len(key)}")
    length = write_head(head, first, size, 0x80)
    frame = PyBytes_FromStringAndSize(NULL, length + 4 + size)
    room = <unsigned char*>PyBytes_AS_STRING(frame)
    memcpy(room, head, length)
    memcpy(room + length, start_of(key), 4)
    mask_bytes(room + length + 4, start_of(text), size, start_of(key))
    return frame


def encode_message(payload, binary):
    """An unmasked message in one frame: what a server sends."""
    cdef bytes text = plain(payload)
    return framed(FINAL_BINARY if binary else FINAL_TEXT, start_of(text), PyBytes_GET_SIZE(text))
