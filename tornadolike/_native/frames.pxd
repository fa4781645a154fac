"""Frames of the WebSocket protocol, in C: what frames.pyx and the rooms of messages share."""

cdef extern from "masking.h" nogil:
    void mask_bytes(unsigned char* to, const unsigned char* source, Py_ssize_t size, const unsigned char* key)

cdef extern from "utf8.h" nogil:
    # The bytes that are whole characters (what follows may become one), or -1.
    Py_ssize_t utf8_whole(const unsigned char* data, Py_ssize_t size)

cdef enum:
    FIN = 0x80
    TEXT = 1
    BINARY = 2
    FINAL_TEXT = 0x81
    FINAL_BINARY = 0x82
    SHORT = 125
    LONGEST_HEAD = 14

cdef struct Frame:
    int first                       # FIN, reserved bits, opcode
    const unsigned char* key        # the mask, or NULL
    const unsigned char* payload
    Py_ssize_t size                 # of the payload
    Py_ssize_t end                  # how many bytes the whole frame has

# A whole message in one frame at the beginning of `data`, text or binary, with no other reserved bits than `reserved`,
# masked as it must be. False for all else, which is for the reference to judge.
cdef inline bint find_message(
    const unsigned char* data, Py_ssize_t size, bint masked, int reserved, Py_ssize_t limit, Frame* frame
) noexcept nogil:
    cdef int second, place
    cdef Py_ssize_t start = 6 if masked else 2, length
    if size < start:
        return False
    frame.first = data[0]
    if frame.first & ~reserved != FINAL_TEXT and frame.first & ~reserved != FINAL_BINARY:
        return False
    second = data[1]
    if (second >= 0x80) != masked:
        return False
    length = second & 0x7F
    if length == 126:
        start += 2
        if size < start:
            return False
        length = data[2] << 8 | data[3]
        if length <= SHORT:
            return False            # not written in the shortest way: the reference says so
    elif length == 127:
        start += 8
        if size < start or data[2] or data[3]:      # (no buffer is that long)
            return False
        length = 0
        for place in range(4, 10):
            length = length << 8 | data[place]
        if length <= 0xFFFF:
            return False
    if length > limit or size - start < length:
        return False
    frame.key = data + start - 4 if masked else NULL
    frame.payload = data + start
    frame.size = length
    frame.end = start + length
    return True

# Write the head of an unmasked frame into `room` (of LONGEST_HEAD bytes); how long it is.
cdef inline Py_ssize_t write_head(unsigned char* room, int first, Py_ssize_t length, int flag) noexcept nogil:
    cdef int shift
    cdef Py_ssize_t at = 2
    room[0] = <unsigned char>first
    if length <= SHORT:
        room[1] = <unsigned char>(flag | length)
        return 2
    if length <= 0xFFFF:
        room[1] = <unsigned char>(flag | 126)
        shift = 8
    else:
        room[1] = <unsigned char>(flag | 127)
        shift = 56
    while shift >= 0:
        room[at] = <unsigned char>((<unsigned long long>length >> shift) & 0xFF)
        at += 1
        shift -= 8
    return at

cdef bytes unmasked(const unsigned char* payload, Py_ssize_t size, const unsigned char* key)
cdef bytes framed(int first, const unsigned char* payload, Py_ssize_t size)
