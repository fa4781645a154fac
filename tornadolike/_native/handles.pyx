"""Handles natively: asyncio's objects, filled and run without the interpreter.

The classes stay those of :mod:`tornadolike.ioloop.handles`, written in Python, for asyncio's own are, and whoever asks
``isinstance(handle, asyncio.Handle)`` must hear yes. Their objects consist of slots, and CPython tells where each slot
is (the member descriptor of the class). So a handle is made here by allocating it and putting seven pointers in place.

Ownership: a slot owns what it points at, as always. A handle that has run, that nobody else holds, and that nobody
refers to weakly is emptied and kept in a list of spare ones: taking one from there costs a fifth of allocating and
freeing it. The spare ones are hidden from the garbage collector and hold nothing.

What is not a handle of exactly these classes runs by its own method ``_run``, and so do all if somebody has replaced
that method in a class.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF

cdef extern from "Python.h":
    int Py_REFCNT(PyObject*) nogil
    PyTypeObject* Py_TYPE(PyObject*) nogil
    PyObject* Py_True
    PyObject* Py_False
    PyObject* Py_None
    PyObject* PyContext_CopyCurrent()
    int PyContext_Enter(PyObject*)
    int PyContext_Exit(PyObject*)
    bint PyContext_CheckExact(PyObject*)
    bint PyTuple_CheckExact(PyObject*)
    bint PyLong_CheckExact(PyObject*)
    void PyObject_GC_Track(void*)
    void PyObject_GC_UnTrack(void*)
    PyObject* PyType_GenericAlloc(PyTypeObject*, Py_ssize_t)

cdef extern from "calling.h":
    PyObject* call_with(PyObject*, PyObject*)
    Py_ssize_t slot_offset(object)
    bint has_no_weakrefs(PyObject*)
    PyObject* class_attribute(PyTypeObject*, object)
    int raise_pending() except -1

DEF SPARE = 128

cdef struct Spare:
    PyObject* kept[SPARE]
    int count

cdef Spare spare_handles
cdef Spare spare_timers
spare_handles.count = spare_timers.count = 0

# Handed in by install(), which keeps them alive.
cdef object HANDLE = None
cdef object TIMER = None
cdef object reference_run = None
cdef object reference_timer_run = None
cdef object report = None
cdef object is_coroutine = None
cdef str RUN = "_run"
cdef PyTypeObject* handle_type = NULL
cdef PyTypeObject* timer_type = NULL

# Where the slots are; the first seven are the same in both classes.
cdef Py_ssize_t callback_at, args_at, cancelled_at, loop_at, traceback_at, repr_at, context_at
cdef Py_ssize_t when_at, scheduled_at


def install(handle_class, timer_class, report_error, iscoroutine):
    """Called once by the Python room, with its two classes, its function for errors, and asyncio's."""
    global HANDLE, TIMER, reference_run, reference_timer_run, report, is_coroutine, handle_type, timer_type
    global callback_at, args_at, cancelled_at, loop_at, traceback_at, repr_at, context_at, when_at, scheduled_at
    callback_at = _offset(handle_class, "_callback")
    args_at = _offset(handle_class, "_args")
    cancelled_at = _offset(handle_class, "_cancelled")
    loop_at = _offset(handle_class, "_loop")
    traceback_at = _offset(handle_class, "_source_traceback")
    repr_at = _offset(handle_class, "_repr")
    context_at = _offset(handle_class, "_context")
    when_at = _offset(timer_class, "_when")
    scheduled_at = _offset(timer_class, "_scheduled")
    HANDLE, TIMER, report, is_coroutine = handle_class, timer_class, report_error, iscoroutine
    reference_run, reference_timer_run = handle_class._run, timer_class._run
    handle_type, timer_type = <PyTypeObject*>HANDLE, <PyTypeObject*>TIMER


cdef Py_ssize_t _offset(cls, str name) except -1:
    cdef Py_ssize_t offset = slot_offset(getattr(cls, name))
    if offset <= 0:
        raise RuntimeError(f"{cls!r} has no slot {name!r}: this interpreter needs TORNADOLIKE_PURE=1")
    return offset


cdef inline PyObject** slot(PyObject* handle, Py_ssize_t offset) noexcept:
    return <PyObject**>(<char*>handle + offset)


cdef inline void put(PyObject* handle, Py_ssize_t offset, PyObject* value) noexcept:
    """Into an empty slot."""
    Py_INCREF(<object>value)
    slot(handle, offset)[0] = value


cdef PyObject* _allocate(PyTypeObject* cls, Spare* spare) except NULL:
    cdef PyObject* handle
    if spare.count:
        spare.count -= 1
        handle = spare.kept[spare.count]
        PyObject_GC_Track(handle)
        return handle
    if cls == NULL:
        raise RuntimeError("install() was not called")
    return PyType_GenericAlloc(cls, 0)


cdef PyObject* _make(PyTypeObject* cls, Spare* spare, loop, callback, args, context) except NULL:
    cdef PyObject* copied = NULL
    cdef PyObject* handle
    if context is None:
        copied = PyContext_CopyCurrent()
        if copied == NULL:
            raise_pending()
    try:
        handle = _allocate(cls, spare)
    except:
        Py_XDECREF(copied)
        raise
    if copied != NULL:
        slot(handle, context_at)[0] = copied
    else:
        put(handle, context_at, <PyObject*>context)
    put(handle, callback_at, <PyObject*>callback)
    put(handle, args_at, <PyObject*>args)
    put(handle, loop_at, <PyObject*>loop)
    put(handle, cancelled_at, Py_False)
    put(handle, repr_at, Py_None)
    put(handle, traceback_at, Py_None)
    return handle


cdef object new_handle(object loop, object callback, object args, object context):
    cdef PyObject* handle = _make(handle_type, &spare_handles, loop, callback, args, context)
    made = <object>handle
    Py_DECREF(made)
    return made


cdef object new_timer(object loop, object when, object callback, object args, object context):
    cdef PyObject* handle = _make(timer_type, &spare_timers, loop, callback, args, context)
    put(handle, when_at, <PyObject*>when)
    put(handle, scheduled_at, Py_False)
    made = <object>handle
    Py_DECREF(made)
    return made


cdef bint is_timer(PyObject* handle) noexcept:
    return Py_TYPE(handle) == timer_type


cdef bint is_cancelled(PyObject* handle) except -1:
    cdef PyObject* flag
    if Py_TYPE(handle) == handle_type or Py_TYPE(handle) == timer_type:
        flag = slot(handle, cancelled_at)[0]
        if flag == Py_False:
            return False
        if flag == Py_True:
            return True
    return bool((<object>handle)._cancelled)


cdef int set_scheduled(PyObject* handle, bint scheduled) except -1:
    cdef PyObject* before
    if Py_TYPE(handle) != timer_type:
        (<object>handle)._scheduled = scheduled
        return 0
    before = slot(handle, scheduled_at)[0]
    put(handle, scheduled_at, Py_True if scheduled else Py_False)
    Py_XDECREF(before)
    return 0


cdef bint may_run() noexcept:
    return (
        class_attribute(handle_type, RUN) == <PyObject*>reference_run
        and class_attribute(timer_type, RUN) == <PyObject*>reference_timer_run
    )


cdef int run(PyObject* handle) except -1:
    cdef PyObject* callback
    cdef PyObject* args
    cdef PyObject* context
    cdef PyObject* result
    if Py_TYPE(handle) != handle_type and Py_TYPE(handle) != timer_type:
        (<object>handle)._run()
        return 0
    callback = slot(handle, callback_at)[0]
    args = slot(handle, args_at)[0]
    context = slot(handle, context_at)[0]
    if (
        callback == NULL or args == NULL or context == NULL
        or not PyTuple_CheckExact(args) or not PyContext_CheckExact(context)
    ):
        (<object>handle)._run()
        return 0
    # Cancelled by what it calls, the handle lets go of them.
    Py_INCREF(<object>callback)
    Py_INCREF(<object>args)
    Py_INCREF(<object>context)
    result = NULL
    if PyContext_Enter(context) == 0:
        result = call_with(callback, args)
        if PyContext_Exit(context) != 0:
            Py_XDECREF(result)
            result = NULL
    try:
        if result == NULL:
            _failed(<object>handle, <object>callback)
        elif result != Py_None and Py_TYPE(handle) == timer_type and not PyLong_CheckExact(result):
            _returned(<object>handle, <object>callback, <object>result, <object>context)
    finally:
        Py_XDECREF(result)
        Py_DECREF(<object>callback)
        Py_DECREF(<object>args)
        Py_DECREF(<object>context)
    return 0


cdef int _failed(handle, callback) except -1:
    try:
        raise_pending()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        report(handle, callback, error)
    return 0


cdef int _returned(handle, callback, result, context) except -1:
    """Tornado's timers take coroutine functions."""
    try:
        if is_coroutine(result):
            context.run(handle._loop.adopt, result, callback)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        report(handle, callback, error)
    return 0


cdef inline void _keep(PyObject* handle, Spare* spare, bint timer) noexcept:
    cdef PyObject* held[9]
    cdef Py_ssize_t[9] places
    cdef int i, count = 7
    places[0], places[1], places[2], places[3] = callback_at, args_at, context_at, loop_at
    places[4], places[5], places[6] = cancelled_at, repr_at, traceback_at
    if timer:
        places[7], places[8], count = when_at, scheduled_at, 9
    PyObject_GC_UnTrack(handle)
    for i in range(count):
        held[i] = slot(handle, places[i])[0]
        slot(handle, places[i])[0] = NULL
    # Only now: a finalizer may make handles, and then this is one of the spare ones.
    spare.kept[spare.count] = handle
    spare.count += 1
    for i in range(count):
        Py_XDECREF(held[i])


cdef void release(PyObject* handle) noexcept:
    cdef PyTypeObject* cls = Py_TYPE(handle)
    if Py_REFCNT(handle) == 1 and has_no_weakrefs(handle):
        if cls == handle_type and spare_handles.count < SPARE:
            _keep(handle, &spare_handles, False)
            return
        if cls == timer_type and spare_timers.count < SPARE:
            _keep(handle, &spare_timers, True)
            return
    Py_DECREF(<object>handle)
