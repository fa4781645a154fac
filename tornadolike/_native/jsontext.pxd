"""JSON as json.dumps() writes it. See jsontext.pyx."""

# The JSON of `value` as it may stand in a page, as bytes (of ASCII); None if the reference has to write it.
cdef bytes encode_json(object value)
