"""Field sections: the twin of :class:`tornadolike.http1.fields.FieldSection`, and of the cache of them.

On a connection that is kept alive the field sections of one request after another are, as a rule, equal to the byte. A
:class:`Section` says once and for all what such bytes mean; :class:`Sections` remembers some hundred of them, by
content, for all connections of a server. A native reader asks :meth:`Sections.find` with bytes in its own room: what is
found costs one hash (or, for the one that was found before, one comparison), and nothing is made.

What is well-formed and usual is read here. At the first doubt :class:`Section` asks the reference, which knows why
something is refused, or why not; and takes over what it says. The reference and what else is needed of the upper rooms
are handed in by :func:`install`.

Ownership: a section owns its bytes and what was made of them. It is shared by many requests and by several connections;
nobody may change it or its dict. The cache owns its sections by one list, and drops all of them at once when it is full
(which costs less than keeping track of which was used last); whoever still has one keeps it by his own reference.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError
from cpython.list cimport PyList_GET_ITEM
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcmp

from .counters cimport born, count_deaths, kind_of

import os

cdef extern from "bytescan.h" nogil:
    const char* find_control(const char* at, const char* end)
    uint64_t hash_bytes(const char* at, size_t size, const uint64_t* seed)

cdef int SECTION = kind_of("Section"), SECTIONS = kind_of("Sections")
cdef object reference = None            # FieldSection
cdef object canonical = None            # name as it came -> canonical name; raises for what is no name
cdef object is_authority = None
cdef object read_length = None
cdef object read_coding = None
cdef object read_connection = None
cdef object input_error = None
cdef object NO_CODING = None
cdef object NO_LENGTH = None
cdef object ZERO = None
cdef object NUMBER = None

cdef uint64_t seed[2]
cdef bytes _chance = os.urandom(16)
seed[0] = (<const uint64_t*>PyBytes_AS_STRING(_chance))[0]
seed[1] = (<const uint64_t*>PyBytes_AS_STRING(_chance))[1]

cdef enum:
    MOST_ENTRIES = 512
    MOST_BYTES = 2048       # of a section that is remembered


def install(section, names, authority, error, readers, coding, lengths):
    """What is needed of the upper rooms; http1.fields hands it in.

    :arg section: the reference class.
    :arg names: httputil.headers.field_names.
    :arg authority: httputil.authority.is_authority.
    :arg error: HTTPInputError.
    :arg readers: read_coding, read_length, read_connection.
    :arg coding: Coding.NONE.
    :arg lengths: Length.NONE, ZERO, NUMBER.
    """
    global reference, canonical, is_authority, input_error, read_coding, read_length, read_connection
    global NO_CODING, NO_LENGTH, ZERO, NUMBER
    reference, canonical, is_authority, input_error = section, names, authority, error
    read_coding, read_length, read_connection = readers
    NO_CODING = coding
    NO_LENGTH, ZERO, NUMBER = lengths


cdef inline object field(dict fields, str name):
    """The value of a field by its canonical name, or None."""
    cdef PyObject* value = PyDict_GetItemWithError(fields, name)
    return None if value is NULL else <object>value


cdef class Section:
    """The fields of one request (or of several that are equal), and what they say about it.

    See :class:`tornadolike.http1.fields.FieldSection`, and for what is only here fields.pxd.
    """

    def __cinit__(self):
        born(SECTION)

    def __init__(self, str text not None, Py_ssize_t max_count):
        cdef bytes raw = None
        try:
            raw = text.encode("latin1")
        except UnicodeEncodeError:
            pass  # The reference refuses it, or whatever it does with it.
        if raw is None or not self.read(raw, max_count):
            self.adopt(raw, reference(text, max_count))

    cdef int read(self, bytes raw, Py_ssize_t max_count) except -1:
        """Read what is usual: 1 if it was that, 0 if the reference is to be asked."""
        cdef dict fields = parse_lines(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), max_count)
        cdef const char* digits
        cdef Py_ssize_t size, i
        cdef object value
        if fields is None:
            return 0
        self.raw = raw
        self.fields = fields
        self.hash = hash_bytes(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), seed)

        value = field(fields, "Host")
        self.has_host = value is not None
        if value is not None and (type(value) is not str or (value and not is_authority(value))):
            return 0

        self.coding = NO_CODING if field(fields, "Transfer-Encoding") is None else read_coding(fields)
        if field(fields, "Content-Length") is None:
            self.length = NO_LENGTH
            self.content_length = None
        else:
            self.length, self.content_length = read_length(fields)

        value = field(fields, "Connection")
        if value is None or value == "keep-alive" or value == "Keep-Alive":
            self.close = False
            self.keep_alive = value is not None
        else:
            self.close, self.keep_alive = read_connection(fields)

        value = field(fields, "Expect")
        if value is None:
            self.expect = None
        else:
            self.expect = (value if type(value) is str else ",".join(value)).lower()
        self.conclude()
        return 1

    cdef int adopt(self, bytes raw, found) except -1:
        """Take over what the reference has read."""
        self.raw = raw
        if raw is not None:
            self.hash = hash_bytes(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), seed)
        self.fields = found.fields
        self.coding, self.length, self.content_length = found.coding, found.length, found.content_length
        self.close, self.keep_alive, self.has_host = found.close, found.keep_alive, found.has_host
        self.expect = found.expect
        self.conclude()
        return 0

    cdef int conclude(self) except -1:
        """What follows from the rest."""
        cdef dict fields = self.fields
        cdef bint empty = self.length is NO_LENGTH or self.length is ZERO
        cdef bint usual = (
            self.has_host and self.coding is NO_CODING and not self.close and self.expect is None
        )
        self.plain = usual and empty
        self.whole_or_nothing = usual and (empty or self.length is NUMBER)
        self.body_size = -1
        if self.coding is NO_CODING and (self.length is NUMBER or self.length is ZERO):
            self.body_size = self.content_length
        self.if_none_match = field(fields, "If-None-Match")
        self.cookie = field(fields, "Cookie")
        return 0

    def stays_open(self, str version):
        """Whether the client leaves the connection open behind a request of this version."""
        return not self.close and (version == "HTTP/1.1" or self.keep_alive)

    def check_expectation(self):
        """Raise :exc:`HTTPInputError` (417) if something else is expected than 100 Continue."""
        if self.expect is not None and self.expect != "100-continue":
            reference.check_expectation(self)

    def with_host(self, str host):
        """The fields with another Host."""
        return {**self.fields, "Host": host}


cdef dict parse_lines(const char* at, Py_ssize_t size, Py_ssize_t max_count):
    cdef const char* end = at + size
    cdef const char* colon
    cdef const char* value
    cdef const char* line_end
    cdef const char* value_end
    cdef Py_ssize_t count = 0
    cdef PyObject* found
    cdef dict fields = {}
    if at == end:
        return fields
    while True:
        count += 1
        if count > max_count:
            return None
        line_end = find_control(at, end)
        if line_end != end and (end - line_end < 2 or line_end[0] != c"\r" or line_end[1] != c"\n"):
            return None
        colon = <const char*>memchr(at, c":", line_end - at)
        if colon is NULL or colon == at:
            return None
        text = PyUnicode_DecodeLatin1(at, colon - at, NULL)
        found = PyDict_GetItemWithError(canonical, text)
        if found is not NULL:
            name = <object>found
        else:
            try:
                name = canonical[text]
            except input_error:
                return None
        value = colon + 1
        value_end = line_end
        while value < value_end and (value[0] == c" " or value[0] == c"\t"):
            value += 1
        while value < value_end and ((value_end - 1)[0] == c" " or (value_end - 1)[0] == c"\t"):
            value_end -= 1
        text = PyUnicode_DecodeLatin1(value, value_end - value, NULL)
        found = PyDict_GetItemWithError(fields, name)
        if found is NULL:
            fields[name] = text
        elif type(<object>found) is list:
            (<list><object>found).append(text)
        else:
            fields[name] = [<object>found, text]
        if line_end == end:
            return fields
        at = line_end + 2


cdef class Sections:
    """Field sections that were read before, by their bytes: the twin of http1.fields.FieldSectionCache.

    A table of at most ``2 * MAX_ENTRIES`` places, probed one after another. The hash is seeded, and even where all
    entries collide a search compares no more than their hashes.
    """

    MAX_ENTRIES = MOST_ENTRIES
    MAX_BYTES = MOST_BYTES

    def __cinit__(self, Py_ssize_t max_count):
        born(SECTIONS)
        self.max_count = max_count
        self.last = None
        self.places = [None] * 8
        self.mask = 7
        self.count = 0

    cdef Section find(self, const char* raw, Py_ssize_t size):
        cdef Section section = self.last
        cdef uint64_t hash
        cdef bytes kept
        # Most come from one client after another of the same kind.
        if section is not None and same(section, raw, size):
            return section
        if size <= MOST_BYTES:
            hash = hash_bytes(raw, size, seed)
            section = self.search(raw, size, hash)
            if section is not None:
                self.last = section
                return section
        kept = PyBytes_FromStringAndSize(raw, size)
        section = Section.__new__(Section)
        if not section.read(kept, self.max_count):
            return None
        self.remember(section)
        return section

    cdef inline Section search(self, const char* raw, Py_ssize_t size, uint64_t hash):
        cdef Py_ssize_t place = <Py_ssize_t>(hash & <uint64_t>self.mask)
        cdef PyObject* found
        while True:
            found = PyList_GET_ITEM(self.places, place)
            if <object>found is None:
                return None
            if (<Section>found).hash == hash and same(<Section>found, raw, size):
                return <Section>found
            place = (place + 1) & self.mask

    cdef int remember(self, Section section) except -1:
        """Put in a section that may not be there yet (while it was read another thread may have put it in)."""
        cdef list places
        cdef Py_ssize_t size = PyBytes_GET_SIZE(section.raw)
        if size > MOST_BYTES:
            return 0
        if self.search(PyBytes_AS_STRING(section.raw), size, section.hash) is not None:
            return 0
        if self.count >= MOST_ENTRIES:
            self.clear()
        if 2 * (self.count + 1) > self.mask + 1:
            places = [None] * (2 * (self.mask + 1))
            for one in self.places:
                if one is not None:
                    put(places, one)
            self.places = places
            self.mask = len(places) - 1
        put(self.places, section)
        self.count += 1
        self.last = section
        return 0

    # As the reference, which is a dict

    def __getitem__(self, bytes raw not None):
        section = self.find(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))
        if section is None:
            section = Section.__new__(Section)
            section.adopt(raw, reference(raw.decode("latin1"), self.max_count))
            self.remember(section)
        return section

    def get(self, raw, default=None):
        """The section of these bytes, if it is remembered."""
        cdef Section section = None
        cdef Py_ssize_t size
        if isinstance(raw, bytes):
            size = PyBytes_GET_SIZE(raw)
            section = self.search(PyBytes_AS_STRING(raw), size, hash_bytes(PyBytes_AS_STRING(raw), size, seed))
        return default if section is None else section

    def __contains__(self, raw):
        return self.get(raw) is not None

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.keys())

    def keys(self):
        """The bytes of all that are remembered, in no order."""
        return [(<Section>one).raw for one in self.places if one is not None]

    def values(self):
        """All that are remembered."""
        return [one for one in self.places if one is not None]

    def items(self):
        """Both."""
        return [((<Section>one).raw, one) for one in self.places if one is not None]

    cpdef clear(self):
        """Forget all of them."""
        self.places, dropped = [None] * 8, self.places
        self.mask = 7
        self.count = 0
        self.last = None


cdef inline bint same(Section section, const char* raw, Py_ssize_t size) noexcept:
    return PyBytes_GET_SIZE(section.raw) == size and memcmp(PyBytes_AS_STRING(section.raw), raw, size) == 0


cdef int put(list places, Section section) except -1:
    """Into the first free place; there is one."""
    cdef Py_ssize_t mask = len(places) - 1
    cdef Py_ssize_t place = <Py_ssize_t>(section.hash & <uint64_t>mask)
    while places[place] is not None:
        place = (place + 1) & mask
    places[place] = section
    return 0


count_deaths(Section, SECTION)
count_deaths(Sections, SECTIONS)
FieldSection = Section
FieldSectionCache = Sections
