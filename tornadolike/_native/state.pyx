"""HandlerState: what every handler has, in places of its own.

Python code reads and sets all of it by the names that the reference uses (``_status_code``, ``_header_map``, ``_finished``
and so on), so that the reference works on it as on its own attributes. Native code knows it better: the headers are a few
pairs as long as they can be, and the body is what was written, as long as that is one piece.

Ownership. A handler owns all of this by references. The names of its own headers are borrowed from who remembers them for
ever (handler.pyx). A body that is one piece of ASCII text is sent from that text. ``__dict__`` is made when it is needed
(c/lazydict.h).
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.string cimport memcpy
from libc.time cimport time_t, time as time_now

from sys import intern

from .counters cimport born, count_deaths, kind_of

cdef extern from "lazydict.h":
    PyObject** ATTRIBUTES_OF(HandlerState)
    ctypedef int (*inquiry)(object) except -1
    int lazydict_clear(object, inquiry) except -1
    void no_attributes(PyObject**)
    ctypedef struct Type "PyTypeObject":
        inquiry tp_clear
    int install_lazydict(Type*, Py_ssize_t, inquiry) except -1

cdef extern from "Python.h":
    Py_ssize_t PyUnicode_GET_LENGTH(object) noexcept
    void* PyUnicode_1BYTE_DATA(object) noexcept
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL

cdef int HANDLER = kind_of("HotHandler")

# From the rooms above (install())
cdef object HTML = None
cdef object SERVER = None
cdef object headers_class = None            # HTTPHeaders
cdef object date_now = None
cdef object sending_of = None               # what is to be awaited, of a native connection

cdef object CONTENT_TYPE = intern("Content-Type")
cdef str date_text = None
cdef time_t date_second = 0
cdef object NONE = object()                 # stands for a None that was set
cdef object DELETED = object()              # mock.patch deletes what it has patched, and then sets what was there


def install(html, server, headers, http_date_now, make_sending):
    """What is needed of the upper rooms; web.handler hands it in.

    :arg html: the default content type.
    :arg server: what the field Server says.
    :arg headers: HTTPHeaders.
    :arg http_date_now: a function that makes the text of a Date field.
    :arg make_sending: a function that says of a native connection what is to be awaited behind a response.
    """
    global HTML, SERVER, headers_class, date_now, sending_of
    HTML, SERVER, headers_class, date_now, sending_of = html, server, headers, http_date_now, make_sending


cdef str date_of_now():
    """The date for a header. It is made once a second."""
    global date_text, date_second
    cdef time_t now = time_now(NULL)
    if now != date_second or date_text is None:
        date_text = date_now()
        date_second = now
    return date_text


cdef inline object told(object value, object default, str name):
    """What is told of a value that was kept."""
    if value is None:
        return default
    if value is NONE:
        return None
    if value is DELETED:
        raise AttributeError(name)
    return value


cdef inline object given(object value):
    return NONE if value is None else value


cdef class HandlerState:
    """The state of a handler."""

    def __cinit__(self):
        born(HANDLER)
        no_attributes(ATTRIBUTES_OF(self))
        self.status = 200

    def __dealloc__(self):
        self.forget_own()

    cdef int forget(self) except -1:
        """Be as if it were new. What goes with this may run code of the author's."""
        no_attributes(ATTRIBUTES_OF(self))
        self._application = self._request = None
        self.status = 200
        self.digits[0] = 0
        self.finished = self.headers_written = False
        self.forget_own()
        # (Not those that are None: before 3.12 each would count references to None up and down, one after another.)
        if self.odd_status is not None:
            self.odd_status = None
        if self.reason is not None:
            self.reason = None
        if self.content_type is not None:
            self.content_type = None
        if self.etag is not None:
            self.etag = None
        if self.header_map is not None:
            self.header_map = None
        if self.fields is not None:
            self.fields = None
        if self.first is not None:
            self.first = None
        if self.pieces is not None:
            self.pieces = None
        if self.sending is not None:
            self.sending = None
        if self.connection_to_ask is not None:
            self.connection_to_ask = None
        if self.before_head is not None:
            self.before_head = None
        if self.new_cookies is not None:
            self.new_cookies = None
        if self.trailers is not None:
            self.trailers = None
        if self.positional is not None:
            self.positional = None
        if self.named is not None:
            self.named = None
        return 0

    # The head

    cdef object status_now(self):
        return self.status if self.status >= 0 else told(self.odd_status, 200, "_status_code")

    cdef object reason_now(self):
        return "OK" if self.reason is None else told(self.reason, "OK", "_reason")

    cdef bint put_own(self, PyObject* name, object text) except -1:
        """Set a usual header to a text of ASCII; false if that needs a dict."""
        cdef int i
        if self.has_etag():
            return False  # which it would have to stand behind
        for i in range(self.own_count):
            if self.own_names[i] == name:
                Py_DECREF(<object>self.own_values[i])
                break
        else:
            i = self.own_count
            if i == MAX_OWN:
                return False
            self.own_names[i] = name
            self.own_count = i + 1
        Py_INCREF(text)
        self.own_values[i] = <PyObject*>text
        return True

    cdef void forget_own(self) noexcept:
        cdef int i, count = self.own_count
        self.own_count = 0
        for i in range(count):
            Py_DECREF(<object>self.own_values[i])  # (a str: nothing of the author's runs)

    cdef int make_fields(self) except -1:
        """Have the headers in a dict."""
        cdef int i
        cdef dict fields = {"Server": SERVER, CONTENT_TYPE: self.type_of_content(), "Date": date_of_now()}
        for i in range(self.own_count):
            fields[<object>self.own_names[i]] = <object>self.own_values[i]
        self.forget_own()
        if self.has_etag():
            fields["Etag"] = self.take_etag()
            self.etag = None
        self.fields = fields
        return 0

    cdef Py_ssize_t put_lines(self, char* room) except -2:
        """Write what stands behind the default headers: its size, -1 if it is too much."""
        cdef int i
        cdef Py_ssize_t at = 0, size, name_size
        cdef const char* etag
        for i in range(self.own_count):
            name_size = PyUnicode_GET_LENGTH(<object>self.own_names[i])
            size = PyUnicode_GET_LENGTH(<object>self.own_values[i])
            if at + name_size + size + 4 > LINES_SIZE:
                return -1
            memcpy(room + at, PyUnicode_1BYTE_DATA(<object>self.own_names[i]), name_size)
            at += name_size
            memcpy(room + at, b": ", 2)
            memcpy(room + at + 2, PyUnicode_1BYTE_DATA(<object>self.own_values[i]), size)
            memcpy(room + at + 2 + size, b"\r\n", 2)
            at += size + 4
        if self.digits[0] != 0:
            etag, size = self.digits, ETAG_SIZE
        elif self.etag is not None:
            etag = PyUnicode_AsUTF8AndSize(self.etag, &size)
        else:
            return at
        if at + size + 8 > LINES_SIZE:
            return -1
        memcpy(room + at, b"Etag: ", 6)
        memcpy(room + at + 6, etag, size)
        memcpy(room + at + 6 + size, b"\r\n", 2)
        return at + size + 8

    cdef bint has_etag(self) noexcept:
        return self.etag is not None or self.digits[0] != 0

    cdef object take_etag(self):
        """The Etag as a text, as which it is kept from here; None if there is none."""
        if self.digits[0] != 0:
            self.etag = self.digits[:ETAG_SIZE].decode("ascii")
            self.digits[0] = 0
        return self.etag

    cdef object type_of_content(self):
        return HTML if self.content_type is None else told(self.content_type, HTML, "_content_type")

    # The body

    cdef int add(self, object piece) except -1:
        if self.pieces is not None:
            self.pieces.append(piece.encode() if type(piece) is str else piece)
        elif self.first is None:
            self.first = piece
        else:
            self.listed().append(piece.encode() if type(piece) is str else piece)
        return 0

    cdef list listed(self):
        """The body as a list of bytes, as which it stays."""
        cdef object first = self.first
        if self.pieces is None:
            self.pieces = []
            if first is not None:
                self.pieces.append((<str>first).encode() if type(first) is str else first)
                self.first = None
        return self.pieces

    cdef object body(self):
        """The body in one piece: bytes, or a str of ASCII."""
        cdef list pieces = self.pieces
        if pieces is None:
            return b"" if self.first is None else self.first
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # The state, by the names that Python code uses

    @property
    def application(self):
        """The :class:`.Application` whose handler this is."""
        return told(self._application, None, "application")

    @application.setter
    def application(self, value):
        self._application = value

    @application.deleter
    def application(self):
        self._application = DELETED

    @property
    def request(self):
        """The :class:`.HTTPServerRequest` that is answered."""
        return told(self._request, None, "request")

    @request.setter
    def request(self, value):
        self._request = value

    @request.deleter
    def request(self):
        self._request = DELETED

    @property
    def _status_code(self):
        return self.status_now()

    @_status_code.setter
    def _status_code(self, value):
        if type(value) is int and 0 <= value <= 0xffff:
            self.status = value
        else:
            self.status = -1
            self.odd_status = given(value)

    @_status_code.deleter
    def _status_code(self):
        self.status = 200

    @property
    def _reason(self):
        return self.reason_now()

    @_reason.setter
    def _reason(self, value):
        self.reason = given(value)

    @_reason.deleter
    def _reason(self):
        self.reason = None

    @property
    def _content_type(self):
        return self.type_of_content()

    @_content_type.setter
    def _content_type(self, value):
        self.content_type = given(value)

    @_content_type.deleter
    def _content_type(self):
        self.content_type = None

    @property
    def _etag(self):
        return self.take_etag()

    @_etag.setter
    def _etag(self, value):
        self.digits[0] = 0
        self.etag = value

    @_etag.deleter
    def _etag(self):
        self.digits[0] = 0
        self.etag = None

    @property
    def _header_map(self):
        if self.own_count > 0:
            self.make_fields()
        if self.header_map is None and self.fields is not None:
            self.header_map = headers_class.from_fields(self.fields)
        return self.header_map

    @_header_map.setter
    def _header_map(self, value):
        cdef object fields = value._fields if type(value) is headers_class else None
        self.forget_own()
        self.header_map = value
        self.fields = fields if type(fields) is dict else None

    @_header_map.deleter
    def _header_map(self):
        self.forget_own()
        self.header_map = self.fields = None

    @property
    def _write_buffer(self):
        return self.listed()

    @_write_buffer.setter
    def _write_buffer(self, list value not None):
        self.first = None
        self.pieces = value

    @_write_buffer.deleter
    def _write_buffer(self):
        self.first = self.pieces = None

    @property
    def _finished(self):
        return self.finished

    @_finished.setter
    def _finished(self, value):
        self.finished = value

    @_finished.deleter
    def _finished(self):
        self.finished = False

    @property
    def _headers_written(self):
        return self.headers_written

    @_headers_written.setter
    def _headers_written(self, value):
        self.headers_written = value

    @_headers_written.deleter
    def _headers_written(self):
        self.headers_written = False

    @property
    def _sending(self):
        if self.connection_to_ask is not None:
            # Nobody has wanted to know until now.
            self.sending = sending_of(self.connection_to_ask)
            self.connection_to_ask = None
        return self.sending

    @_sending.setter
    def _sending(self, value):
        self.connection_to_ask = None
        self.sending = value

    @_sending.deleter
    def _sending(self):
        self.connection_to_ask = self.sending = None

    @property
    def _before_head(self):
        return self.before_head

    @_before_head.setter
    def _before_head(self, value):
        self.before_head = value

    @_before_head.deleter
    def _before_head(self):
        self.before_head = None

    @property
    def _new_cookies(self):
        return self.new_cookies

    @_new_cookies.setter
    def _new_cookies(self, value):
        self.new_cookies = value

    @_new_cookies.deleter
    def _new_cookies(self):
        self.new_cookies = None

    @property
    def _trailers(self):
        return self.trailers

    @_trailers.setter
    def _trailers(self, value):
        self.trailers = value

    @_trailers.deleter
    def _trailers(self):
        self.trailers = None

    @property
    def path_args(self):
        """The values of the groups of the rule's pattern that have no names, as texts."""
        if self.positional is None:
            self.positional = []
        return told(self.positional, None, "path_args")

    @path_args.setter
    def path_args(self, value):
        self.positional = given(value)

    @path_args.deleter
    def path_args(self):
        self.positional = None

    @property
    def path_kwargs(self):
        """The values of the groups of the rule's pattern that have names, as texts."""
        if self.named is None:
            self.named = {}
        return told(self.named, None, "path_kwargs")

    @path_kwargs.setter
    def path_kwargs(self, value):
        self.named = given(value)

    @path_kwargs.deleter
    def path_kwargs(self):
        self.named = None

    # What copy() and pickle ask for: these attributes are in no dict.

    def __getstate__(self):
        cdef dict state = dict(self.__dict__)
        for name in _STATE:
            try:
                state[name] = getattr(self, name)
            except AttributeError:
                continue
        return state

    def __setstate__(self, state):
        for name, value in state.items():
            setattr(self, name, value)


cdef tuple _STATE = (
    "application", "request", "_status_code", "_reason", "_content_type", "_etag", "_header_map", "_write_buffer",
    "_finished", "_headers_written", "_sending", "_before_head", "_new_cookies", "_trailers",
    "path_args", "path_kwargs",
)


cdef inquiry original_clear = (<Type*>HandlerState).tp_clear


cdef int clear(object self) except -1:
    return lazydict_clear(self, original_clear)


cdef int _prepare_class() except -1:
    cdef HandlerState one = HandlerState.__new__(HandlerState)
    return install_lazydict(<Type*>HandlerState, <char*>ATTRIBUTES_OF(one) - <char*><PyObject*>one, clear)


count_deaths(HandlerState, HANDLER)
_prepare_class()
