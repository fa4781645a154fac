"""HotRequest: the part of :class:`.HTTPServerRequest` that every request has.

It stands before the reference among the bases of that class, and has its plainest attributes: method, uri, path, query,
version, body, connection, the parsed fields. A native connection fills them in with numbers and pointers
(:meth:`HotRequest.fill`); a text is made of them when somebody reads one, and kept. All else (headers, cookies, form,
host) is the reference's, and works on these attributes.

Ownership. The target of a request that a native connection has filled in is *borrowed*: it points into the room where
the connection reads, which is used again for the next bytes. As long as the request is served, in the call that brought
it, the room is left alone; behind that the connection asks whether somebody still has the request, and has it
:meth:`keep <HotRequest.keep>` what it needs, in bytes of its own. A request that nobody has, and of which nothing was
set, is used again for the next one (:func:`give_back`): it comes as if it were new. The section is shared and never
changed.

Of the query's arguments the first call of ``get_argument()`` makes a dict that only native code knows (``parsed``). It is
as good as :attr:`arguments` until somebody has seen these and may have changed them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_REFCNT
from cpython.unicode cimport PyUnicode_DecodeLatin1

from .counters cimport born, count_deaths, kind_of
from .fields cimport Section
from .query cimport parse_query
from .scanner cimport GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS, NO_METHOD, Head

cdef extern from "lazydict.h":
    ctypedef int (*inquiry)(object) except -1
    int lazydict_clear(object, inquiry) except -1
    PyObject** ATTRIBUTES_OF(HotRequest)
    void no_attributes(PyObject**)
    int is_weakly_known(object)
    object new_object(object cls, object no_arguments)
    ctypedef struct PyTypeObject:
        inquiry tp_clear
    int install_lazydict(PyTypeObject*, Py_ssize_t, inquiry) except -1

cdef int REQUEST = kind_of("HotRequest")
cdef object request_class = None            # HTTPServerRequest
cdef object body_config = None              # default_parse_body_config
cdef object compute_arguments = None
cdef object compute_query_arguments = None
cdef tuple nothing = ()
cdef object NONE = object()                 # stands for a None that was set, where None says that nothing was
cdef object DELETED = object()              # mock.patch deletes what it has patched, and then sets what was there

# By their numbers in scanner.Method.
cdef tuple METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
cdef dict NUMBERS = {name: number for number, name in enumerate(METHODS)}


def install(cls, parse_body_config, arguments, query_arguments):
    """What is needed of the upper rooms; httputil.request hands it in.

    :arg cls: HTTPServerRequest.
    :arg parse_body_config: httputil.forms.default_parse_body_config.
    :arg arguments: the reference's functions of a request that give these.
    """
    global request_class, body_config, compute_arguments, compute_query_arguments
    request_class, body_config = cls, parse_body_config
    compute_arguments, compute_query_arguments = arguments, query_arguments


cdef inline object given(object value):
    """What is kept of a value that was set."""
    return NONE if value is None else value


cdef inline object told(object value, str name):
    """What is told of a value that was kept."""
    if value is NONE:
        return None
    if value is DELETED:
        raise AttributeError(name)
    return value


cdef dict copied(dict parsed):
    """Arguments that may be changed."""
    return {name: (<list>values).copy() for name, values in parsed.items()}


cdef class HotRequest:
    """What every request has."""

    def __cinit__(self):
        born(REQUEST)
        no_attributes(ATTRIBUTES_OF(self))
        self.method_number = NO_METHOD
        self.minor = 1

    cdef int fill(self, const Head* head, Section section, object connection, double now) except -1:
        """Become this request, with what it has borrowed."""
        self.method_number = head.method
        self.minor = head.minor
        self.target = head.target
        self.target_size = head.target_size
        self.path_size = head.path_size
        self.borrowed = True
        self.section = section
        self._connection = connection
        self.started = now
        return 0

    cdef int keep(self) except -1:
        """Copy what is borrowed."""
        if self.borrowed:
            self.kept = PyBytes_FromStringAndSize(self.target, self.target_size)
            self.target = PyBytes_AS_STRING(self.kept)
            self.borrowed = False
        return 0

    cdef int set_body(self, bytes body) except -1:
        """The body has come whole; this is no change that anybody has made."""
        self._body = body
        return 0

    cdef bint has_body(self) except -1:
        """Whether there is a body."""
        cdef object body = self._body
        return body is not None and (PyBytes_GET_SIZE(body) > 0 if type(body) is bytes else bool(self.body))

    cdef object if_none_match(self):
        """That field of the head; None if there is none."""
        cdef object fields
        if self.own_fields is None and self.section is not None:
            return self.section.if_none_match
        fields = self._fields
        return fields.get("If-None-Match")

    cdef dict query_only(self, bint whole):
        """The arguments of the query (if ``whole``, of query and form) as nobody has seen or changed them.

        None if the reference has to tell: somebody has seen them, some may be in a body, or there are too many.
        """
        cdef object own = <object>ATTRIBUTES_OF(self)[0] if ATTRIBUTES_OF(self)[0] is not NULL else None
        if self.asked_whole if whole else self.asked_query:
            # What was told once is told again, whatever has become of the rest meanwhile, but not once it was given
            # away and may have been changed.
            if own is None or ("arguments" if whole else "query_arguments") not in own:
                return self.parsed
            return None
        if own is not None and (
            "arguments" in own or "query_arguments" in own or "body_arguments" in own or "_form" in own
        ):
            return None
        if whole and self.has_body():
            return None
        if self.parsed is None and not self.parse():
            return None
        if whole:
            self.asked_whole = True
        else:
            self.asked_query = True
        return self.parsed

    cdef bint parse(self) except -1:
        """Parse the query, if it is one; the reference says what is wrong with others."""
        cdef object query, limit = body_config().urlencoded.max_arguments
        cdef bytes raw
        if self.target is not NULL and self._query is None:
            if self.path_size >= self.target_size - 1:
                self.parsed = {}
            else:
                self.parsed = parse_query(
                    self.target + self.path_size + 1, self.target_size - self.path_size - 1, limit
                )
        else:
            query = self.query
            if type(query) is not str or not (<str>query).isascii():
                return False
            raw = (<str>query).encode()
            self.parsed = parse_query(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), limit)
        return self.parsed is not None

    # These two are in __dict__ once they were asked for, where rooms above look for them.

    @property
    def arguments(self):
        own = self.__dict__
        found = own.get("arguments")
        if found is None:
            found = copied(self.parsed) if self.asked_whole else compute_arguments(self)
            own["arguments"] = found
        return found

    @arguments.setter
    def arguments(self, value):
        self.__dict__["arguments"] = value

    @arguments.deleter
    def arguments(self):
        self.__dict__.pop("arguments", None)

    @property
    def query_arguments(self):
        own = self.__dict__
        found = own.get("query_arguments")
        if found is None:
            found = copied(self.parsed) if self.asked_query else compute_query_arguments(self)
            own["query_arguments"] = found
        return found

    @query_arguments.setter
    def query_arguments(self, value):
        self.__dict__["query_arguments"] = value

    @query_arguments.deleter
    def query_arguments(self):
        self.__dict__.pop("query_arguments", None)

    # Each attribute is what was set, else what the head says, of which a text is made once.

    @property
    def method(self):
        if self.method_number >= 0:
            return METHODS[self.method_number]
        return told(self._method, "method")

    @method.setter
    def method(self, value):
        self.touched = True
        # Not that of an equal object of another class, which is kept as it is.
        self.method_number = NUMBERS.get(value, NO_METHOD) if type(value) is str else NO_METHOD
        self._method = value

    @method.deleter
    def method(self):
        self.touched = True
        self.method_number = NO_METHOD
        self._method = DELETED

    @property
    def uri(self):
        if self._uri is None:
            if self.target is NULL:
                raise AttributeError("uri")
            self._uri = PyUnicode_DecodeLatin1(self.target, self.target_size, NULL)
        return told(self._uri, "uri")

    @uri.setter
    def uri(self, value):
        self.touched = True
        self._uri = given(value)

    @uri.deleter
    def uri(self):
        self.touched = True
        self._uri = DELETED

    @property
    def path(self):
        if self._path is None:
            if self.target is NULL:
                raise AttributeError("path")
            self._path = PyUnicode_DecodeLatin1(self.target, self.path_size, NULL)
        return told(self._path, "path")

    @path.setter
    def path(self, value):
        self.touched = True
        self._path = given(value)

    @path.deleter
    def path(self):
        self.touched = True
        self._path = DELETED

    @property
    def query(self):
        cdef Py_ssize_t start
        if self._query is None:
            if self.target is NULL:
                raise AttributeError("query")
            start = min(self.path_size + 1, self.target_size)
            self._query = PyUnicode_DecodeLatin1(self.target + start, self.target_size - start, NULL)
        return told(self._query, "query")

    @query.setter
    def query(self, value):
        # What was made of the query before stays, as in the reference, where it is computed once.
        self.touched = True
        self._query = given(value)

    @query.deleter
    def query(self):
        self.touched = True
        self._query = DELETED

    @property
    def version(self):
        if self._version is None:
            return "HTTP/1.1" if self.minor == 1 else "HTTP/1.0"
        return told(self._version, "version")

    @version.setter
    def version(self, value):
        self.touched = True
        self._version = given(value)

    @version.deleter
    def version(self):
        self.touched = True
        self._version = DELETED

    @property
    def body(self):
        return b"" if self._body is None else told(self._body, "body")

    @body.setter
    def body(self, value):
        self.touched = True
        self._body = given(value)

    @body.deleter
    def body(self):
        self.touched = True
        self._body = DELETED

    @property
    def connection(self):
        return told(self._connection, "connection")

    @connection.setter
    def connection(self, value):
        self.touched = True
        self._connection = value

    @connection.deleter
    def connection(self):
        self.touched = True
        self._connection = DELETED

    @property
    def _fields(self):
        if self.own_fields is not None:
            return told(self.own_fields, "_fields")
        if self.section is None:
            raise AttributeError("_fields")
        return self.section.fields

    @_fields.setter
    def _fields(self, value):
        self.touched = True
        self.own_fields = given(value)

    @_fields.deleter
    def _fields(self):
        self.touched = True
        self.own_fields = DELETED

    @property
    def _start_time(self):
        return self.started

    @_start_time.setter
    def _start_time(self, double value):
        self.touched = True
        self.started = value

    @_start_time.deleter
    def _start_time(self):
        self.touched = True

    def _forget_form(self):
        """The body was not what it seemed: forget what was told of it."""
        self.asked_whole = False
        for name in ("_form", "arguments", "body_arguments", "files"):
            self.__dict__.pop(name, None)

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
    "method", "uri", "path", "query", "version", "body", "connection", "_fields", "_start_time",
)


# Requests that are used again

cdef HotRequest spare = None


cdef HotRequest new_request():
    """The next request object: the one that was given back, else a new one."""
    global spare
    cdef HotRequest request = spare
    if request is not None:
        spare = None
        return request
    return <HotRequest>new_object(request_class, nothing)


cdef int give_back(HotRequest request) except -1:
    """The connection that has had this request is done with it, and has the last reference if nobody else has one."""
    global spare
    cdef HotRequest before = spare
    if (
        before is not None
        or Py_REFCNT(request) != 1
        or request.touched
        or type(request) is not request_class
        or is_weakly_known(request)
    ):
        return 0
    # Whatever goes with these may run code of the author's, which does not know of this request any more.
    no_attributes(ATTRIBUTES_OF(request))
    # (Not those that are None: before 3.12 each would count references to None up and down, one after another.)
    if request._uri is not None:
        request._uri = None
    if request._path is not None:
        request._path = None
    if request._query is not None:
        request._query = None
    if request._body is not None:
        request._body = None
    if request.parsed is not None:
        request.parsed = None
    if request.kept is not None:
        request.kept = None
    request._connection = request.section = None
    request.target = NULL
    request.method_number = NO_METHOD
    request.borrowed = request.asked_whole = request.asked_query = False
    if spare is None and Py_REFCNT(request) == 1:
        spare = request
    return 0


cdef inquiry original_clear = (<PyTypeObject*>HotRequest).tp_clear


cdef int clear(object self) except -1:
    return lazydict_clear(self, original_clear)


cdef int _prepare_class() except -1:
    cdef HotRequest one = HotRequest.__new__(HotRequest)
    return install_lazydict(<PyTypeObject*>HotRequest, <char*>ATTRIBUTES_OF(one) - <char*><PyObject*>one, clear)


count_deaths(HotRequest, REQUEST)
_prepare_class()
