# cython: binding=False, embedsignature=True, embedsignature.format=clinic
"""HotHandler: what of a :class:`.RequestHandler` nearly every request needs.

It stands before the reference among the bases of that class, and does natively what is common: a status, some headers, a
body in one piece or several, an Etag, a whole response. All else is the reference's, which works on the same state
(:mod:`.state`): whenever something is unusual, the native method calls the one behind it, before it has changed anything.

What a class (or somebody who patches it, or the instance) has put in the place of the framework's methods is called. It
is known from the class's :class:`~.plans.Plan`; hooks that are not overridden are not called at all, for they do
nothing.

Ownership. A handler owns its application and request by plain references; the request knows its connection, and the
connection its request: who finishes a response breaks no circle here, because nobody below knows the handler but by
callbacks that are taken back. A handler that nobody has any more behind its request is used for the next one of its class,
as long as there are requests in the room of the lane; it comes as if it were new.

Reentrancy: a hook that is called (``write``, ``compute_etag``, ``log_function``, ``on_finish``) may do anything to the
handler, finish it too. Behind each call the state is read anew.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError, PyDict_SetItem
from cpython.list cimport PyList_GET_SIZE
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_TYPE
from cpython.unicode cimport PyUnicode_DecodeUTF8

cimport cython

from sys import intern
from types import CoroutineType

from .digest cimport ETAG_LINE, put_etag
from .exchange cimport Exchange
from .facts cimport Facts, are_good, dict_version, facts_of, is_logged
from .jsontext cimport encode_json
from .plans cimport (
    CREATING, DEFAULT_HEADERS, INITIALIZING, RUNNING, PREPARING, DECODING, WRITING, FINISHING, ENDING, ETAG, CONDITIONS,
    SETTING, LOGGING, ON_FINISH, ARGUMENTS, QUERY_ARGUMENTS, AUTO_FINISH,
    PLACES, EVERYTHING, PREPARE, FINISHED, METHOD_COUNT, Plan, names_a_hook, plan_of,
)
from .request cimport HotRequest
from .scanner cimport GET, HEAD, OPTIONS
from .state cimport LINES_SIZE, HandlerState, bytes_of

cdef extern from "lazydict.h":
    PyObject** ATTRIBUTES_OF(HandlerState)
    int is_weakly_known(object)
    object new_object(object cls, object no_arguments)

cdef extern from "types.h":
    unsigned int version_of(PyTypeObject*)

cdef extern from "Python.h":
    object PyObject_Vectorcall(object, PyObject**, size_t, PyObject*)
    bint PyUnicode_IS_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object) noexcept
    void* PyUnicode_1BYTE_DATA(object) noexcept
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)
    Py_ssize_t PyTuple_GET_SIZE(object)
    Py_ssize_t Py_REFCNT(object) noexcept

cdef enum:
    MAX_NAMES = 2000        # header names that are remembered
    MAX_CALL = 8            # arguments of a method that are passed without a tuple
    INFO = 20               # logging's
    HOLDERS = 2             # of a body: the state (or its list), and who asks for the Etag


# From the rooms above (install())
cdef object reference = None                # the class behind HotHandler
cdef str JSON = None
cdef object header_text = None
cdef object canonical_names = None
cdef dict responses = None
cdef object REQUIRED = None                 # the default of an argument that has none
cdef object fail_types = None               # ENDS
cdef Facts recent_facts = None
cdef Py_ssize_t largest = 0                 # RequestHandler.max_etag_size; a class with another one has changed ETAG
cdef object request_class = None            # HTTPServerRequest
cdef object Coroutine = CoroutineType
cdef tuple nothing = ()

# Header names as authors write them -> canonical ones; of each of these there is one object, which is never forgotten.
cdef dict good_names = {}
cdef dict usual_names = {}                  # those of these of which nothing is UNUSUAL
# What the default headers have, and what has a meaning for how the message is sent.
cdef frozenset UNUSUAL = frozenset((
    "Server", "Content-Type", "Date", "Etag", "Content-Length", "Connection", "Transfer-Encoding", "Trailer", "Upgrade",
))

class _Required:
    """The default of an argument that has none."""

    def __repr__(self):
        return "required"


_REQUIRED = _Required()



def install(reference_class, whole_request, names):
    """What is needed of the upper rooms; web.handler hands it in.

    :arg reference_class: the class that stands behind HotHandler.
    :arg whole_request: HTTPServerRequest; a class of somebody's own that is derived from it may have other attributes.
    :arg names: a dict of all others, by the names that they have here.
    """
    global reference, JSON, header_text, canonical_names, responses, REQUIRED, fail_types, largest, request_class
    reference = reference_class
    request_class = whole_request
    JSON, header_text, canonical_names = names["JSON"], names["header_text"], names["canonical_names"]
    responses, REQUIRED, fail_types = names["responses"], names["REQUIRED"], names["ENDS"]
    largest = reference.max_etag_size


# What does not change for every request

cdef inline Facts known_facts(object application):
    """What is known of an application; None if nothing can be known."""
    global recent_facts
    if not are_good(recent_facts, <PyObject*>application):
        recent_facts = facts_of(application)
    return recent_facts


cdef inline bint is_plain_text(object text) except -1:
    """Whether it may be a field's value as it is: ASCII without control characters but the tab."""
    cdef Py_ssize_t size, i
    cdef const unsigned char* at
    if not PyUnicode_IS_ASCII(text):
        return False
    at = <const unsigned char*>PyUnicode_1BYTE_DATA(text)
    size = PyUnicode_GET_LENGTH(text)
    for i in range(size):
        if (at[i] < 0x20 and at[i] != 9) or at[i] == 0x7f:
            return False
    return True


cdef object canonical_name(str name):
    """A header's name as it is sent; None if the reference has to look at it, which knows it from then on."""
    cdef PyObject* found = PyDict_GetItemWithError(good_names, name)
    return None if found is NULL else <object>found


cdef int remember_name(str name) except -1:
    """The reference has found nothing wrong with this name."""
    if len(good_names) < MAX_NAMES and len(name) < 100:
        canonical = good_names[name] = intern(canonical_names[name])
        if canonical not in UNUSUAL:
            usual_names[name] = canonical
    return 0


cdef object text_of(bytes value, bint strip):
    """An argument as text; None if the reference has to look at it: it is no UTF-8, or has control characters."""
    cdef const unsigned char* at = <const unsigned char*>PyBytes_AS_STRING(value)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(value), i
    cdef object text
    for i in range(size):
        if at[i] < 0x20 and (at[i] < 9 or at[i] > 13):
            return None
    try:
        text = PyUnicode_DecodeUTF8(<const char*>at, size, NULL)
    except UnicodeDecodeError:
        return None
    if strip and size and (at[0] <= 0x20 or at[size - 1] <= 0x20 or at[0] >= 0x80 or at[size - 1] >= 0x80):
        text = (<str>text).strip()
    return text


cdef inline bint has_current_plan(HotHandler self) noexcept:
    """Whether the plan that is known is that of the class as it is now."""
    return self.known is not None and self.known.version and self.known.version == version_of(Py_TYPE(self))


cdef inline int changed_of(HotHandler self) except -1:
    """The hooks that are not as they are in the framework, as it is now; EVERYTHING if this instance has one of its own."""
    cdef PyObject* own = ATTRIBUTES_OF(self)[0]
    if has_current_plan(self) and (
        own is NULL or self.own_version and self.own_version == dict_version(own)
    ):
        return self.known.changed
    return self.look()


cdef inline object call_hook(HotHandler self, int number):
    """Call prepare() or on_finish(), which somebody has overridden."""
    cdef PyObject* places[2]
    cdef PyObject* borrowed = NULL
    cdef object function
    if changed_of(self) != EVERYTHING:
        borrowed = self.known.methods[number]
    if borrowed is NULL:
        return self.prepare() if number == PREPARE else self.on_finish()
    function = <object>borrowed
    places[1] = <PyObject*>self
    return PyObject_Vectorcall(function, &places[1], 1 | (<size_t>1 << (8 * sizeof(size_t) - 1)), NULL)


cdef class HotHandler(HandlerState):
    """What is done for nearly every request."""

    cdef int look(self) except -1:
        """What changed_of() says, found out."""
        cdef PyObject* own = ATTRIBUTES_OF(self)[0]
        if not has_current_plan(self):
            self.known = plan_of(Py_TYPE(self))
        if own is not NULL:
            if names_a_hook(<dict>own):
                return EVERYTHING
            self.own_version = dict_version(own)
        return self.known.changed

    # The head

    def set_status(self, status_code, reason=None):
        """Set the status; ``reason`` is the phrase to send with it instead of the standard one.

        See :meth:`.ResponseHead.set_status`.
        """
        cdef PyObject* found
        if reason is None and type(status_code) is int and 100 <= status_code <= 999 and not changed_of(self) & PLACES:
            self.status = status_code
            found = PyDict_GetItemWithError(responses, status_code)
            self.reason = "Unknown" if found is NULL else <object>found
        else:
            reference.set_status(self, status_code, reason)

    def get_status(self):
        """The status as set so far."""
        if changed_of(self) & PLACES:
            return reference.get_status(self)
        return self.status_now()

    def set_header(self, name, value):
        """Set a header, replacing it if it is set. A datetime is written as HTTP writes dates.

        See :meth:`.ResponseHead.set_header`.
        """
        cdef object text = value
        cdef PyObject* usual
        if type(name) is not str or changed_of(self) & (PLACES | SETTING) or (
            self.header_map is not None and self.fields is None
        ):
            reference.set_header(self, name, value)
            return
        if self.fields is None and type(value) is str:
            usual = PyDict_GetItemWithError(usual_names, name)
            if usual is not NULL and is_plain_text(value) and self.put_own(usual, value):
                return
        if canonical_name(name) is None:
            text = header_text(name, value)
            remember_name(name)
        elif type(value) is int:
            text = str(value)
        elif type(value) is not str or not is_plain_text(value):
            text = header_text(name, value)
        self.put_header(name, text)

    cdef int put_header(self, str name, object text) except -1:
        """Set a header to a text that may stand there."""
        cdef object canonical
        cdef PyObject* usual
        if self.fields is None:
            if name == "Content-Type":  # and in no other spelling, as in the reference
                self.content_type = text
                return 0
            usual = PyDict_GetItemWithError(usual_names, name)
            if usual is not NULL and type(text) is str and PyUnicode_IS_ASCII(text) and self.put_own(usual, text):
                return 0
            self.make_fields()
        canonical = canonical_name(name)
        if canonical is None:
            canonical = canonical_names[name]
        PyDict_SetItem(self.fields, canonical, text)
        return 0

    # The body

    def write(self, chunk):
        """Add to the response: text (as UTF-8), bytes, or a dict as JSON (which sets the content type).

        See :meth:`.Response.write`.
        """
        if changed_of(self) & PLACES or not self.write_now(chunk):
            reference.write(self, chunk)

    cdef int write_now(self, object chunk) except -1:
        """Add to the body: 1 if it was done, 0 if it is unusual."""
        cdef object piece
        if self.finished:
            return 0
        if type(chunk) is str:
            piece = chunk if PyUnicode_IS_ASCII(chunk) else (<str>chunk).encode()
        elif type(chunk) is bytes:
            piece = chunk
        elif type(chunk) is dict:
            piece = encode_json(chunk)
            if piece is None:
                return 0
            self.add(piece)
            if changed_of(self) & SETTING or (
                self.header_map is not None and self.fields is None
            ):
                self.set_header("Content-Type", JSON)
            else:
                self.put_header("Content-Type", JSON)
            return 1
        else:
            return 0
        self.add(piece)
        return 1

    # The end

    def finish(self, chunk=None):
        """Complete the response, with ``chunk`` as the last of it. Awaiting the result is optional.

        See :meth:`.Response.finish`.
        """
        cdef int changed = changed_of(self)
        if changed & PLACES or self.finished:
            return reference.finish(self, chunk)
        if chunk is not None:
            # What has been written by then stands, whatever happens to the rest.
            if changed & WRITING or not self.write_now(chunk):
                self.write(chunk)
        if not self.finish_now():
            return reference.finish(self)
        return self._sending

    cdef int finish_now(self) except -1:
        """Send the response, if it is a usual one: 1 if that was done, and 0 if nothing was."""
        cdef object request = self._request
        cdef object connection, body, future
        cdef HotRequest hot
        cdef Facts facts
        cdef int method
        cdef const char* data
        cdef char[LINES_SIZE] room
        cdef const char* lines = room
        cdef Py_ssize_t size, lines_size = 0
        if (
            self.headers_written
            or self.finished
            or self.before_head is not None
            or self.trailers is not None
            or not 200 <= self.status <= 999
            or self.status == 204
            or self.status == 304
            or (self.header_map is not None and self.fields is None)
            or type(request) is not request_class
            or changed_of(self) & (ENDING | CONDITIONS)
        ):
            return 0
        hot = <HotRequest>request
        facts = known_facts(self._application)
        if facts is None or facts.transforms is NULL:
            if self._application.transforms:
                return 0
        elif PyList_GET_SIZE(<object>facts.transforms) > 0:
            return 0
        method = hot.method_number
        if self.status == 200 and (method == GET or method == HEAD) and not self.has_etag() and (
            self.fields is None or "Etag" not in self.fields
        ):
            self.make_etag()
            if hot.if_none_match() is not None and reference.check_etag_header(self):
                self._write_buffer = []
                self.set_status(304)
                self._clear_content()
        if self.finished or self.headers_written or self.status < 0 or (
            self.header_map is not None and self.fields is None
        ):
            return 0  # a hook has done this, and the reference knows what it says to that
        if self.new_cookies is not None:
            self._add_cookies(self._headers)
        body = self.body()
        connection = hot._connection
        future = None
        if isinstance(connection, Exchange):
            data = bytes_of(body, &size)
            if self.fields is None and self.own_count == 0 and self.has_etag_line:
                lines, lines_size = self.etag_line, ETAG_LINE
            elif self.fields is None:
                lines_size = self.put_lines(room)
                if lines_size < 0:
                    self.make_fields()
                    lines_size = 0
            if (<Exchange>connection).respond_now(
                self.status,
                self.reason_now(),
                self.type_of_content(),
                self.fields,
                lines,
                lines_size,
                self.own_count > 0,
                data,
                size,
            ):
                self.connection_to_ask = connection
                connection = None
        if connection is not None:
            future = hot.connection.respond(
                self.status,
                self.reason_now(),
                self.type_of_content(),
                self._header_map,
                b"" if self.header_map is not None or not self.has_etag() else f"Etag: {self.take_etag()}\r\n".encode(),
                (<str>body).encode() if type(body) is str else body,
            )
        self.headers_written = True
        self.finished = True
        self.sending = future
        try:
            self.log_now(facts)
        finally:
            if changed_of(self) & ON_FINISH:
                call_hook(self, FINISHED)
        return 1

    cdef int make_etag(self) except -1:
        """What set_etag_header() does."""
        cdef object etag, body
        cdef const char* data
        cdef Py_ssize_t size
        if changed_of(self) & ETAG:
            etag = self.compute_etag()
            if etag is None:
                return 0
            if type(etag) is not str:
                if isinstance(etag, bytes):
                    etag = etag.decode("latin1")
        else:
            body = self.body()
            data = bytes_of(body, &size)
            if size > largest:
                return 0
            put_etag(body, HOLDERS, data, size, self.etag_line)
            self.has_etag_line = True
            if self.fields is None and self.header_map is None:
                return 0
            etag = self.take_etag()
            self.etag = None
        if self.header_map is None and self.fields is None and etag.isascii() and etag.isprintable():
            self.etag = etag
        elif changed_of(self) & SETTING or type(etag) is not str or self.fields is None or not is_plain_text(etag):
            self.set_header("Etag", etag)
        else:
            PyDict_SetItem(self.fields, "Etag", etag)
        return 0

    cdef int log_now(self, Facts facts) except -1:
        """Say that the request is finished. The facts are those that were known of the application last."""
        if changed_of(self) & LOGGING:
            self._log()
            return 0
        if self.status >= 0:
            if not are_good(facts, <PyObject*>self._application):
                facts = known_facts(self._application)
            if facts is not None and facts.logs_plainly and not is_logged(
                INFO if self.status < 400 else INFO + 10 if self.status < 500 else INFO + 20
            ):
                return 0
        self.application.log_request(self)
        return 0

    # Running

    def _run_request(self, path_args, path_kwargs):
        """Run the request as far as it goes without waiting; give the rest as a coroutine if there is one."""
        if type(path_args) is not tuple or type(path_kwargs) is not dict:
            return reference._run_request(self, path_args, path_kwargs)
        return self.run(path_args, path_kwargs, NULL)

    cdef object begin(self, tuple path_args, dict path_kwargs, bint* bare):
        """Run the request as the application has it run: by _run_request(), whosever that is."""
        if changed_of(self) & RUNNING:
            return self._run_request(path_args, path_kwargs)
        return self.run(path_args, path_kwargs, bare)

    cdef object run(self, tuple path_args, dict path_kwargs, bint* bare):
        """What _run_request() does."""
        cdef HotRequest request
        cdef object waiting
        cdef int method
        cdef bint has_groups = PyTuple_GET_SIZE(path_args) > 0 or len(path_kwargs) > 0
        if changed_of(self) & RUNNING or type(self._request) is not request_class:
            return reference._run_request(self, path_args, path_kwargs)
        request = <HotRequest>self._request
        method = request.method_number
        if method < 0 or method >= METHOD_COUNT:
            return reference._run_request(self, path_args, path_kwargs)
        try:
            if has_groups and not self.take_groups(path_args, path_kwargs):
                self._decode_path(path_args, path_kwargs)
            if request.has_body():
                self._check_body_size()
                self._check_form()
            if method != GET and method != HEAD and method != OPTIONS:
                self._cross_origin_protection()
            if changed_of(self) & PREPARING:
                waiting = call_hook(self, PREPARE)
                if waiting is not None:
                    return self._execute_rest(waiting, prepared=False)
            if self.finished:
                return None  # by prepare(), or before it
            waiting = self.call(request, method, has_groups)
            if waiting is not None:
                if bare != NULL and type(waiting) is Coroutine:
                    bare[0] = True
                    return waiting
                return self._execute_rest(waiting, prepared=True)
            if not self.finished:
                self.end()
        except fail_types:
            raise
        except BaseException as error:
            self._fail(error)
        return None

    cdef int end(self) except -1:
        """The method has returned: finish what it has not finished."""
        if changed_of(self) & (FINISHING | AUTO_FINISH):
            if self._auto_finish and not self._finished:
                self.finish()
        elif not self.finish_now():
            reference.finish(self)
        return 0

    cdef object call(self, HotRequest request, int method, bint has_groups):
        """Call the method that answers the request."""
        cdef PyObject* places[MAX_CALL + 2]
        cdef object function, handle, positional, named
        cdef Py_ssize_t i, count
        positional = self.positional
        named = self.named
        cdef PyObject* borrowed = NULL
        if changed_of(self) != EVERYTHING and request.method_number == method:
            borrowed = self.known.methods[method]
        if borrowed is not NULL:
            if not has_groups:
                places[1] = <PyObject*>self
                function = <object>borrowed
                return PyObject_Vectorcall(function, &places[1], 1 | (<size_t>1 << (8 * sizeof(size_t) - 1)), NULL)
            if type(positional) is list and not named and PyList_GET_SIZE(positional) <= MAX_CALL:
                function = <object>borrowed
                # A copy, which owns them: the method may change the list.
                positional = tuple(<list>positional)
                count = PyTuple_GET_SIZE(positional)
                places[1] = <PyObject*>self
                for i in range(count):
                    places[2 + i] = PyTuple_GET_ITEM(positional, i)
                return PyObject_Vectorcall(
                    function, &places[1], (count + 1) | (<size_t>1 << (8 * sizeof(size_t) - 1)), NULL
                )
        handle = getattr(self, self._request.method.lower(), None) or self._unimplemented_method
        if has_groups:
            return handle(*self.path_args, **self.path_kwargs)
        return handle()

    cdef int take_groups(self, tuple path_args, dict path_kwargs) except -1:
        """What _decode_path() does: 1 if it was done, 0 if the reference is to do it."""
        cdef list positional = []
        cdef dict named = None
        cdef object value
        if changed_of(self) & DECODING:
            return 0
        for value in path_args:
            if type(value) is bytes:
                try:
                    value = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), NULL)
                except UnicodeDecodeError:
                    return 0
            elif value is not None:
                return 0
            positional.append(value)
        if path_kwargs:
            named = {}
            for name, value in path_kwargs.items():
                if isinstance(value, bytes):
                    if type(value) is not bytes:
                        return 0
                    try:
                        value = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), NULL)
                    except UnicodeDecodeError:
                        return 0
                named[name] = value
        self.positional = positional
        self.named = named
        return 1

    # Arguments

    @cython.binding(True)  # for the sake of inspect.signature(): its default is an object of ours
    def get_argument(self, name, default=_REQUIRED, strip=True):
        """The argument's last value from the query or a form; the default if there is none.

        See :meth:`.Arguments.get_argument`.
        """
        return self.argument(name, default, strip, True)

    @cython.binding(True)
    def get_query_argument(self, name, default=_REQUIRED, strip=True):
        """As :meth:`get_argument`, from the query only."""
        return self.argument(name, default, strip, False)

    cdef object argument(self, object name, object default, object strip, bint whole):
        cdef dict source
        cdef PyObject* found
        cdef object value, text = None
        if (
            type(name) is str
            and type(strip) is bool
            and not changed_of(self) & (DECODING | (ARGUMENTS if whole else QUERY_ARGUMENTS))
            and type(self._request) is request_class
        ):
            source = (<HotRequest>self._request).query_only(whole)
            if source is not None:
                found = PyDict_GetItemWithError(source, name)
                if found is NULL:
                    if default is not _REQUIRED and default is not REQUIRED:
                        return default
                else:
                    # All are looked at: one of them may be malformed.
                    for value in <list>found:
                        text = text_of(value, strip)
                        if text is None:
                            break
                    else:
                        return text
        if default is _REQUIRED:
            default = REQUIRED
        if whole:
            return reference.get_argument(self, name, default, strip)
        return reference.get_query_argument(self, name, default, strip)

cdef HotHandler new_handler(object cls, Plan plan, object application, object request, dict kwargs):
    """A handler for this request; what the class's own code raises is raised."""
    cdef HotHandler handler
    global spare
    if plan.changed & CREATING:
        return cls(application, request, **kwargs)
    handler = spare
    if handler is not None and Py_TYPE(handler) == <PyTypeObject*>cls:
        spare = None
    else:
        handler = <HotHandler>new_object(cls, nothing)
    handler.known = plan
    handler._application = application
    handler._request = request
    if plan.changed & DEFAULT_HEADERS:
        handler.set_default_headers()
    if kwargs:
        handler.initialize(**kwargs)
    elif plan.changed & INITIALIZING:
        handler.initialize()
    return handler


# Handlers that are used again

cdef HotHandler spare = None


cdef int give_back_handler(HotHandler handler) except -1:
    """The request is finished, and its caller has the last reference to the handler if nobody else has one."""
    global spare
    if (
        Py_REFCNT(handler) != 1
        or not has_current_plan(handler)
        or not handler.known.reusable
        or is_weakly_known(handler)
    ):
        return 0
    # Whatever goes with these may run code of the author's, which does not know of this handler any more.
    handler.forget()
    if Py_REFCNT(handler) == 1 and not is_weakly_known(handler):
        spare = handler
    return 0


cdef void drop_spare_handler() noexcept:
    """It is not kept while nothing happens: with it its class would be."""
    global spare
    spare = None
