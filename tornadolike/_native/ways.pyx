"""From the bytes of a path to what an application has for it.

:class:`Ways` knows what can be told without making a text of the path: paths that the author has written out, in a table
of their bytes; and rules whose patterns are simple (:func:`tornadolike.routing.patterns.groups`), which are tried in the
author's order. Of everything else it says that it does not know, and the application is asked, which knows all.

Ownership: a table owns its places; what these point to, its list ``paths`` owns. It is made anew when rules change.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp

from .counters cimport born, died, kind_of

import os

cdef int WAYS = kind_of("Ways")

cdef extern from "bytescan.h" nogil:
    uint64_t hash_bytes(const char* at, size_t size, const uint64_t* seed)

cdef uint64_t seed[2]
cdef bytes _chance = os.urandom(16)
seed[0] = (<const uint64_t*>PyBytes_AS_STRING(_chance))[0]
seed[1] = (<const uint64_t*>PyBytes_AS_STRING(_chance))[1]

cdef tuple NO_ARGUMENTS = ()


cdef class Ways:
    """What can be told of paths.

    :arg texts: the paths that are written out.
    :arg rules: the simple rules, as :meth:`tornadolike.web.routes.Shortcut.simple_rules` has them.
    """

    def __cinit__(self, texts, rules):
        cdef Py_ssize_t size = 8
        born(WAYS)
        self.paths, self.founds = [], []
        self.patterns = [Pattern(*rule) for rule in rules]
        while size < 2 * len(texts) + 2:
            size *= 2
        self.places = <Place*>calloc(size, sizeof(Place))
        if self.places == NULL:
            raise MemoryError
        self.mask = size - 1
        for text in texts:
            if text.isascii():  # others are never asked for
                self.put(text.encode(), None)

    def __dealloc__(self):
        free(self.places)
        died(WAYS)

    cdef Place* place_of(self, const char* path, Py_ssize_t size) noexcept:
        """Where a path is, or would be."""
        cdef uint64_t hash = hash_bytes(path, size, seed)
        cdef Py_ssize_t at = <Py_ssize_t>(hash & <uint64_t>self.mask)
        cdef Place* place
        while True:  # at least half of the places are free
            place = &self.places[at]
            if place.path == NULL or (
                place.hash == hash and place.size == size and memcmp(place.path, path, size) == 0
            ):
                return place
            at = (at + 1) & self.mask

    cdef int put(self, bytes path, object found) except -1:
        """Keep what is found for a path that is written out; nothing is kept of others."""
        cdef Place* place = self.place_of(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path))
        if place.path == NULL:
            self.paths.append(path)
            self.founds.append(found)
            place.hash = hash_bytes(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path), seed)
            place.path = PyBytes_AS_STRING(path)
            place.size = PyBytes_GET_SIZE(path)
            place.number = PyList_GET_SIZE(self.founds) - 1
        else:
            self.founds[place.number] = found
        return 0

    cdef object find(self, const char* path, Py_ssize_t size):
        cdef Place* place = self.place_of(path, size)
        cdef Py_ssize_t number
        cdef object found
        if place.path != NULL:
            return <object>PyList_GET_ITEM(self.founds, place.number)
        if memchr(path, c"%", size) != NULL:
            return None
        for number in range(PyList_GET_SIZE(self.patterns)):
            found = (<Pattern>PyList_GET_ITEM(self.patterns, number)).match(path, size)
            if found is not None:
                return found
        return None

    # For tests, and for what is seldom

    def knows(self, bytes path not None):
        """What is found for this path, or None."""
        return self.find(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path))

    def is_text(self, bytes path not None):
        """Whether it is one of those that are written out."""
        return self.place_of(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path)).path != NULL

    def keep(self, bytes path not None, found):
        """From now on this is found for a path that is written out."""
        if self.is_text(path):
            self.put(path, found)


cdef class Pattern:
    """A simple pattern: texts, and between them groups of any number of characters of a kind.

    :arg groups: as :class:`tornadolike.routing.patterns.Group`.
    """

    def __cinit__(self, groups, tail, target, kwargs, around):
        self.before = [group.before.encode() for group in groups]
        self.allowed = [group.allowed.ljust(256, b"\0") for group in groups]
        self.least = bytes([group.least for group in groups])
        self.names = [group.name for group in groups]
        self.named = self.names[0] is not None
        self.tail = tail.encode()
        self.target, self.kwargs, self.around = target, kwargs, around

    cdef object match(self, const char* path, Py_ssize_t size):
        """What is found, or None."""
        cdef Py_ssize_t count = PyList_GET_SIZE(self.before), number, length, start, at = 0
        cdef Py_ssize_t end = size - PyBytes_GET_SIZE(self.tail)
        cdef const char* text
        cdef const char* allowed
        cdef const char* least = PyBytes_AS_STRING(self.least)
        cdef list values
        if end < 0 or memcmp(path + end, PyBytes_AS_STRING(self.tail), size - end) != 0:
            return None
        values = []
        for number in range(count):
            text = PyBytes_AS_STRING(<object>PyList_GET_ITEM(self.before, number))
            length = PyBytes_GET_SIZE(<object>PyList_GET_ITEM(self.before, number))
            if end - at < length or memcmp(path + at, text, length) != 0:
                return None
            at += length
            allowed = PyBytes_AS_STRING(<object>PyList_GET_ITEM(self.allowed, number))
            start = at
            while at < end and allowed[<unsigned char>path[at]]:
                at += 1
            if at - start < least[number]:
                return None
            values.append(PyBytes_FromStringAndSize(path + start, at - start))
        if at != end:
            return None
        if self.named:
            return self.target, self.kwargs, NO_ARGUMENTS, dict(zip(self.names, values)), self.around
        return self.target, self.kwargs, tuple(values), {}, self.around
