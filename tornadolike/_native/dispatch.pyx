"""From a request to a handler and back, natively where all that stands between is known.

A :class:`Dispatcher` does for the express lane what ``Application.__call__`` does: it finds the handler for a path
(:mod:`.ways`), makes it, and runs it in a context of its own (:mod:`.handler`). It does so only for an application whose
class has overridden nothing of that, whatever class it is and whenever it is patched; and only for paths of which the
application's own tables tell all (:class:`tornadolike.web.routes.Answers`). Everything else is given to the application,
which is the reference.

Ownership: a dispatcher belongs to one server's lanes, and knows its application, which does not know of it.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_TYPE
from cpython.tuple cimport PyTuple_GET_ITEM

from .counters cimport born, count_deaths, kind_of
from .facts cimport attributes_of, attributes_version, dict_version
from .handler cimport HotHandler, give_back_handler, new_handler
from .plans cimport Plan, plan_of

cdef extern from "calling.h":
    Py_ssize_t slot_offset(object descriptor)

cdef extern from "types.h":
    unsigned int version_of(PyTypeObject*)


cdef extern from "Python.h":
    int PyContext_Enter(object) except -1
    int PyContext_Exit(object) except -1
    void Py_INCREF(object) noexcept
    void Py_XDECREF(PyObject*) noexcept

cdef extern from "contexts.h":
    object context_for(PyObject** spare)
    void context_done(PyObject** spare, PyObject* context)
    int contexts_prepare() except -1

contexts_prepare()

cdef PyObject* spare_context = NULL     # of the request before, as long as the lane is at work


cdef void drop_spare_context() noexcept:
    """It is not kept while nothing happens: with it the values of its variables would be."""
    global spare_context
    cdef PyObject* context = spare_context
    spare_context = NULL
    Py_XDECREF(context)


cdef int DISPATCHER = kind_of("Dispatcher")
cdef object application_class = None
cdef object changes = None
cdef Py_ssize_t count_at = -1               # where it has its count
cdef object ends = None
cdef dict originals = {}

cdef tuple NAMES = (
    "__call__", "_begin", "_begin_anew", "_go_on", "_find", "_renew_answers", "__getattribute__", "__getattr__",
)


def install(cls, rule_changes, fail_types):
    """What is needed of the upper rooms; web.application hands it in.

    :arg cls: Application.
    :arg rule_changes: routing.changes.changes.
    :arg fail_types: web.failures.ENDS.
    """
    global application_class, changes, ends, count_at
    application_class, changes, ends = cls, rule_changes, fail_types
    count_at = slot_offset(type(rule_changes).count)
    if count_at < 0:
        raise TypeError("routing.changes.Changes has to have its count in a slot")
    for name in NAMES:
        originals[name] = getattr(cls, name, None)


cdef inline PyObject* changes_now() noexcept:
    """How many changes of rules there have been: the very number that is kept there."""
    return (<PyObject**>(<char*><PyObject*>changes + count_at))[0]


cdef class Dispatcher:
    """Serves an application's requests.

    :arg application: an :class:`.Application`.
    :arg starter: takes the first steps of coroutines in the loop of these requests; None if that has other ways.
    """

    def __cinit__(self, application, starter):
        born(DISPATCHER)
        self.application = application
        self.starter = starter if isinstance(starter, Starter) else None
        self.own = application.__dict__

    cdef int serve(self, Exchange connection, HotRequest request) except -1:
        cdef object found = None
        if self.is_up_to_date():
            found = self.ways.find(request.target, request.path_size)
        if found is None:
            self.application(request)
            self.learn(request)
        else:
            self.run(<tuple>found, request)
        return 0

    cdef bint is_up_to_date(self) except -1:
        """Whether what is known of the application is so still, or again."""
        cdef unsigned int version = version_of(Py_TYPE(self.application))
        if (
            self.own_version
            and attributes_of(<PyObject*>self.application) == <PyObject*>self.own
            and self.own_version == dict_version(<PyObject*>self.own)
            and version == self.version
            and changes_now() == <PyObject*>self.made_at
        ):
            return self.plain
        self.own_version = 0
        self.own = self.application.__dict__
        for name in NAMES:
            if name in self.own:
                return False
        if not version or version != self.version:
            self.look()
        if not self.plain:
            return False
        answers = self.own.get("_answers")
        if answers is None or answers.made_at != changes.count:
            return False  # the application makes them anew, for this request
        if answers is not self.answers or self.made_at is not changes.count:
            self.answers = answers
            self.made_at = changes.count
            self.ways = Ways(*answers.native_ways())
            for path, found in answers.by_path.items():
                self.ways.keep(path.encode(), found)
        if self.version:
            self.own_version = attributes_version(<PyObject*>self.application, <PyObject*>self.own)
        return True

    cdef int look(self) except -1:
        """Look at the application's class."""
        cdef object cls = type(self.application)
        self.plain = isinstance(self.application, application_class)
        for name in NAMES:
            if getattr(cls, name, None) is not originals[name]:
                self.plain = False
        self.version = version_of(Py_TYPE(self.application))
        return 0

    def learn(self, request):
        """The application has answered a request: what it has kept of that is known here, too."""
        cdef object path, found
        if self.answers is None or not self.plain or self.own.get("_answers") is not self.answers:
            return
        path = request.path
        found = self.answers.by_path.get(path)
        if found is not None:
            self.ways.keep(path.encode("latin1"), found)

    cdef int run(self, tuple found, HotRequest request) except -1:
        """Have the handler that was found answer."""
        cdef object cls = <object>PyTuple_GET_ITEM(found, 0)
        cdef object context = context_for(&spare_context)
        cdef PyObject* used
        cdef object rest = None, begun
        cdef bint bare = False
        cdef HotHandler handler = None
        cdef Plan plan
        PyContext_Enter(context)
        try:
            if <object>PyTuple_GET_ITEM(found, 4) is not None:
                begun = self.application._begin(request, found)
                if begun is not None:
                    handler, rest = begun
            else:
                plan = plan_of(<PyTypeObject*>cls)
                try:
                    handler = new_handler(
                        cls, plan, self.application, request, <dict>PyTuple_GET_ITEM(found, 1)
                    )
                except ends:
                    raise
                except BaseException as error:
                    begun = self.application._begin_anew(request, found, error)
                    if begun is not None:
                        handler, rest = begun
                else:
                    rest = handler.begin(
                        <tuple>PyTuple_GET_ITEM(found, 2), <dict>PyTuple_GET_ITEM(found, 3),
                        &bare if self.starter is not None else NULL,
                    )
                    if rest is None and not handler.finished:
                        handler._stay_told()
        finally:
            PyContext_Exit(context)
        if bare:
            rest = self.starter.begin_with(rest, context, handler, end_handler, rest_of_handler)
            if rest is not None:
                handler._goes_on(rest)
            elif not handler.finished:
                handler._stay_told()
        elif rest is not None:
            self.application._go_on(context, handler, rest)
        if handler is not None and handler.finished:
            rest = None
            give_back_handler(handler)
            Py_INCREF(context)
            used, context = <PyObject*>context, None
            context_done(&spare_context, used)
        return 0


count_deaths(Dispatcher, DISPATCHER)


cdef int end_handler(object handler, object result) except -1:
    """The method's coroutine has ended at once."""
    if not (<HotHandler>handler).finished:
        (<HotHandler>handler).end()
    return 0


cdef object rest_of_handler(object handler, object awaitable):
    """It has not, or something went wrong: the reference does what comes then."""
    return handler._execute_rest(awaitable, prepared=True)
