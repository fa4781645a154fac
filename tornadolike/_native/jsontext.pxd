"""JSON of what handlers write. See jsontext.pyx."""

# Of a dict, as escape.json_encode() gives it: a str of ASCII only. None if the reference is to do it.
cdef object encode_json(dict value)
