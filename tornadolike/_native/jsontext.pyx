"""JSON of what handlers write."""


cdef object encode_json(dict value):
    return None
