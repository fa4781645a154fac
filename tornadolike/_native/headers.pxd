"""The header map, for native code that looks into it. See headers.pyx."""

cdef class HotHeaders:
    cdef public object _fields          # dict[str, str | list[str]]: canonical names

# "content-type" -> "Content-Type", remembered.
cdef object canonical(object name)
