"""The first step of a coroutine, at once and inside a real task, at next to no cost.

A handler that is a coroutine function and has nothing to wait for should cost little more than a function. But it
has to run inside a task from its first step on: :func:`asyncio.current_task`, :func:`asyncio.timeout`, task groups and
the libraries that build on them want one. To make a task costs more than all that such a handler does.

So a task is made in advance, and used for one coroutine after another. It is a real one, of asyncio's own class, that
**has never begun**: its first step, which its constructor wanted the loop to take, was taken back from the loop. What
stands in it as its coroutine is a :class:`Standing`, which has as yet nothing to run. For each coroutine

1. the task is entered as the current one, and put into the set that :func:`asyncio.all_tasks` asks;
2. the coroutine takes its first step, called by us and not by the task;
3. the task is left again, and taken out of the set.

If the coroutine has ended by then, and *nothing has happened to the task*, the task is as it was, and is there for the
next one. In all other cases it becomes what it was made for. We have it take its first step now, in which its Standing
tells it what has happened already: *repeats* the future that the coroutine waits for, its result, or its exception.
From there on it is a task like any other, that runs this coroutine; the next one gets a new one. Nobody can tell the
difference, except that a task whose coroutine has suspended has a Standing as its coroutine, which stands for it (its
``cr_frame`` and so on are the coroutine's), and that coroutines that do not suspend, one after another, may see the
same task and, on Python 3.11, the same name of it.

*What may have happened to it.* While the coroutine ran, its task could be had by whoever asked, and be kept,
cancelled, given callbacks, a name, attributes. Who keeps it is seen by its reference count, who keeps a weak reference
by the list of these. All else that can be done to a task is written somewhere into the object itself: so its bytes are
compared with what they were. That needs no knowledge of what asyncio's structure looks like, and if one day something
in it changes all the time, there will be a new task for each coroutine, and nothing wrong.

*Contexts.* A task has its context for life, so all coroutines that have the same task run in the same context. They
may, as long as it holds what a context of their own would hold. Contexts keep their variables in a structure that never
changes and is shared by copies: while nobody has set a variable, two contexts are equal byte by byte. If somebody has,
before the coroutine or in it, they differ, and the task is not used for it, or not again.

*When there is no such first step*: inside another task, in debug mode, with a task factory, while the loop does not
run, for what is no coroutine of Python's, where ``asyncio.Task`` was replaced, and on interpreters that keep their
tasks in another way. Then all is left to ``loop.start_task()``, which is the reference for everything here.

Ownership: a :class:`Starter` belongs to its loop and holds the task; the loop drops it when it is closed. There is one
for each loop, used in the loop's thread. It is reentrant, as the first thing that it sees inside a coroutine that it
runs is that there is a current task.
"""

import sys
from contextvars import Context as Context_
from types import CoroutineType
from weakref import getweakrefs

from cpython.dict cimport PyDict_DelItem, PyDict_SetItem
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from cpython.set cimport PySet_Add, PySet_Discard
from libc.string cimport memcmp

from .counters cimport born, count_deaths, kind_of

cdef int STARTER = kind_of("Starter"), STANDING = kind_of("Standing"), BEGUN = kind_of("Begun")

cdef extern from "Python.h":
    # Both: -1 with an exception, 0 for a result, 1 for what was yielded.
    int PyIter_Send(object iterator, object value, PyObject** result) except -1
    PyObject* PyDict_GetItemWithError(object mapping, object key) except? NULL
    Py_ssize_t PyDict_Size(object mapping) except -1
    Py_ssize_t Py_REFCNT(PyObject* o)  # of a pointer: an object would be counted while we ask
    object PyObject_GenericGetDict(object o, void* closure)
    object PyContext_CopyCurrent()
    int PyContext_Enter(object context) except -1
    int PyContext_Exit(object context) except -1

    ctypedef struct PyTypeObject:
        Py_ssize_t tp_basicsize
        Py_ssize_t tp_weaklistoffset

    ctypedef struct PyWeakReference:
        PyWeakReference* wr_next

# What asyncio keeps of its tasks, in one place. Until 3.13 these are Python's objects, which asyncio.tasks has beside
# the functions that its documentation gives to those who make tasks (_enter_task, _leave_task, _register_task).
cdef bint known = False
cdef object asyncio = None
cdef object Task = None
cdef object current_tasks = None
cdef object all_tasks = None
cdef object leave_task = None


def install(the_asyncio):
    """Hand in asyncio, which programs without a loop (those that only render templates, say) do not want imported."""
    global known, asyncio, Task, current_tasks, all_tasks, leave_task
    asyncio = the_asyncio
    tasks = asyncio.tasks
    Task, leave_task = asyncio.Task, tasks._leave_task
    current_tasks = getattr(tasks, "_current_tasks", None)
    all_tasks = getattr(tasks, "_all_tasks" if sys.version_info < (3, 12) else "_scheduled_tasks", None)
    known = (
        sys.version_info < (3, 14)
        and Task.__module__ == "_asyncio"
        and type(current_tasks) is dict
        and hasattr(all_tasks, "data")
    )


cdef object Coroutine = CoroutineType
cdef object Context = Context_

cdef Py_ssize_t HEADER = sizeof(Py_ssize_t)
"""What of an object is not to be compared: the reference count, at its very beginning."""

cdef Py_ssize_t PADDING = sizeof(Py_ssize_t) - sizeof(int)
"""What nobody writes to at the end of a context, whose last field is an int."""

cdef int CREDIT = 64
cdef int PRICE = 4
"""A task that is made and never used again costs more than one that is made by start_task(). So that this happens
seldom where it always would (each handler sets a context variable, say), each costs so many of the coroutines that have
cost nothing."""

cdef enum Mode:
    NOTHING         # no coroutine, or one that takes its first step
    REPEAT_FIRST    # it has taken it, and `outcome` is what it has yielded
    REPEAT_RESULT   # ... and ended: `outcome` is the result
    REPEAT_ERROR    # ... and failed: `outcome` is the exception
    BEGIN           # `inner` is to begin when the task does
    GOING_ON        # the task is an ordinary one


cdef class Starter:
    """Takes first steps in one loop."""

    def __cinit__(self, loop):
        born(STARTER)
        self.loop = loop
        self.credit = CREDIT

    def begin(self, coro, context=None):
        """Take the first step of ``coro``: None if that was all, else the task that goes on with it."""
        return self.begin_with(coro, context, None, NULL, NULL)

    def begin_then(self, coro, context, ended, rest):
        """As ``begin_with``, by functions of Python's: ``ended(result)`` and ``rest(awaitable)``."""
        return self.begin_with(coro, context, (ended, rest), call_ended, call_rest)

    def drop(self):
        """The loop is closed: hold nothing of it any more."""
        self.task = self.context = self.step = self.standing = self.weak = self.variables = None

    cdef object begin_with(self, object coro, object context, object owner, Ended ended, Rest rest):
        cdef PyObject* out = NULL
        cdef int how
        if context is None:
            context = PyContext_CopyCurrent()
        if type(coro) is not Coroutine or not self._may_begin() or not self._have_task(context):
            return self._otherwise(coro, context, owner, rest)
        cdef Standing standing = self.standing
        standing.inner = coro
        outcome = None
        self._enter()
        try:
            how = PyIter_Send(coro, None, &out)
            outcome = <object>out
            Py_DECREF(outcome)
            if how == 0 and ended != NULL:
                ended(owner, outcome)
                outcome = None
        except BaseException as error:
            how = -1
            outcome = error
        self._leave()
        if how == 0:
            if self._is_pristine(context):
                standing.inner = None
                if self.credit < CREDIT:
                    self.credit += 1
                return None
            standing.mode = REPEAT_RESULT
            standing.outcome = outcome
        elif rest != NULL:
            standing.inner = rest(owner, begun(coro, outcome, how < 0))
            standing.mode = BEGIN
        else:
            standing.mode = REPEAT_FIRST if how > 0 else REPEAT_ERROR
            standing.outcome = outcome
        outcome = None
        return self._go_on()

    cdef object _otherwise(self, object coro, object context, object owner, Rest rest):
        """The same by means of the reference."""
        if rest != NULL:
            coro = rest(owner, coro)
        task = self.loop.start_task(coro, context)
        return None if task.done() else task

    cdef bint _may_begin(self) except -1:
        loop = self.loop
        return (
            PyDict_GetItemWithError(current_tasks, loop) == NULL
            and loop._task_factory is None
            and loop._thread_id is not None
            and not loop._debug
        ) if known else False

    cdef bint _have_task(self, object context) except -1:
        """See to it that there is a task for a coroutine that is to run in ``context``, or in one that equals it."""
        if self.task is not None and same_variables(self.context, context):
            return True
        current = PyContext_CopyCurrent()
        if self.task is not None and same_variables(self.context, current):
            # It is this coroutine that is different.
            return False
        self.task = None
        if not same_variables(current, context):
            return False
        if self.credit < PRICE:
            self.credit += 1
            return False
        self.credit -= PRICE
        self.context = current
        current = None  # the references to it will be counted
        self._make_task()
        return self.task is not None

    cdef int _make_task(self) except -1:
        cdef PyTypeObject* type_
        if asyncio.Task is not Task:
            return 0
        self.standing = Standing.__new__(Standing)
        task = Task(self.standing, loop=self.loop, context=self.context)
        step = self.loop._take_back_first_step(task)
        weak = getweakrefs(task)
        if step is None or len(weak) != 1 or type(task) is not Task:
            # Somebody has come between. Let it run, and do nothing.
            self.standing.mode = REPEAT_RESULT
            return 0
        self.step = step._callback
        self.weak = weak[0]
        PySet_Discard(all_tasks.data, self.weak)
        task._log_destroy_pending = False  # nobody misses it
        self.variables = PyObject_GenericGetDict(task, NULL)
        self.task = task
        task = weak = step = None
        type_ = <PyTypeObject*>Task
        self.looks = (<char*><PyObject*>self.task)[HEADER : type_.tp_basicsize]
        self.task_references = Py_REFCNT(<PyObject*>self.task)
        self.context_references = Py_REFCNT(<PyObject*>self.context)
        return 0

    cdef bint _is_pristine(self, object context):
        """Whether all is as it was, so that another coroutine can have the task. If not, nobody has it any more."""
        cdef PyTypeObject* type_ = <PyTypeObject*>Task
        cdef char* task = <char*><PyObject*>self.task
        cdef PyWeakReference* weak = (<PyWeakReference**>(task + type_.tp_weaklistoffset))[0]
        if (
            Py_REFCNT(<PyObject*>self.task) == self.task_references
            and memcmp(task + HEADER, <char*>self.looks, type_.tp_basicsize - HEADER) == 0
            and weak == <PyWeakReference*><PyObject*>self.weak
            and weak.wr_next == NULL
            and PyDict_Size(self.variables) == 0
            and Py_REFCNT(<PyObject*>self.variables) == 2  # ours and the task's
            and Py_REFCNT(<PyObject*>self.context) == self.context_references
        ):
            return same_variables(self.context, context)
        return False

    cdef int _enter(self) except -1:
        PyContext_Enter(self.context)
        PyDict_SetItem(current_tasks, self.loop, self.task)
        PySet_Add(all_tasks.data, self.weak)
        return 0

    cdef int _leave(self) except -1:
        PyContext_Exit(self.context)
        PySet_Discard(all_tasks.data, self.weak)
        if PyDict_GetItemWithError(current_tasks, self.loop) == <PyObject*>self.task:
            PyDict_DelItem(current_tasks, self.loop)
            return 0
        task, self.task = self.task, None
        leave_task(self.loop, task)  # which says what is wrong
        return 0

    cdef object _go_on(self):
        """The task becomes an ordinary one; it is told what has happened. None if it has ended by that."""
        task = self.task
        context = self.context
        step = self.step
        cdef Standing standing = self.standing
        PySet_Add(all_tasks.data, self.weak)
        self.task = self.context = self.step = self.standing = self.weak = self.variables = None
        task._log_destroy_pending = True
        standing.task = task
        PyContext_Enter(context)
        try:
            step()
        finally:
            PyContext_Exit(context)
            standing.task = None
        return None if task.done() else task


cdef int call_ended(object owner, object result) except -1:
    owner[0](result)
    return 0


cdef object call_rest(object owner, object awaitable):
    return owner[1](awaitable)


cdef bint same_variables(object one, object other) noexcept:
    """Whether two contexts that nobody has entered hold the same values for certain."""
    cdef PyTypeObject* type_ = <PyTypeObject*>Context
    return type(one) is Context and type(other) is Context and memcmp(
        <char*><PyObject*>one + HEADER, <char*><PyObject*>other + HEADER, type_.tp_basicsize - HEADER - PADDING
    ) == 0


cdef class Standing:
    """What a task has as its coroutine: it stands for the one that has begun without it."""

    def __cinit__(self):
        born(STANDING)

    def __iter__(self):
        return self

    def __await__(self):
        return self

    def __next__(self):
        return self._proceed(None)

    def send(self, value):
        return self._proceed(value)

    cdef object _proceed(self, object value):
        cdef PyObject* out = NULL
        mode = self.mode
        self.mode = GOING_ON
        outcome = self.outcome
        self.outcome = None
        if mode == REPEAT_FIRST:
            return outcome
        if mode == REPEAT_ERROR:
            raise outcome
        if mode != REPEAT_RESULT:
            how = PyIter_Send(self.inner, value, &out)
            outcome = <object>out
            Py_DECREF(outcome)
            if how == 1:
                return outcome
        raise StopIteration(outcome)

    def throw(self, *error):
        if self.mode == GOING_ON or self.task is None:
            return self.inner.throw(*error)
        # The task was cancelled in what it takes for the time before its beginning, and was after it: it shall be as it
        # is for a task that is cancelled by its own coroutine.
        self.task.cancel(*(<object>as_exception(error)).args)
        self.task.uncancel()
        return self._proceed(None)

    def close(self):
        if self.inner is not None:
            self.inner.close()

    # What those look at who want to know what a task does.

    @property
    def __name__(self):
        return type(self).__name__ if self.inner is None else self.inner.__name__

    @property
    def __qualname__(self):
        return type(self).__qualname__ if self.inner is None else self.inner.__qualname__

    @property
    def cr_await(self):
        return None if self.inner is None else self.inner.cr_await

    @property
    def cr_code(self):
        return None if self.inner is None else self.inner.cr_code

    @property
    def cr_frame(self):
        return None if self.inner is None else self.inner.cr_frame

    @property
    def cr_origin(self):
        return None if self.inner is None else self.inner.cr_origin

    @property
    def cr_running(self):
        return self.inner is not None and self.inner.cr_running

    @property
    def cr_suspended(self):
        return self.inner is not None and self.inner.cr_suspended


cdef object as_exception(tuple error):
    """What throw() was given, as one exception."""
    first = error[0]
    if not isinstance(first, type):
        return first
    return first() if len(error) == 1 or error[1] is None else error[1]


cdef Begun begun(object inner, object first, bint failed):
    cdef Begun self = Begun.__new__(Begun)
    self.inner = inner
    self.first = first
    self.failed = failed
    return self


cdef object NONE_LEFT = object()


cdef class Begun:
    """A coroutine that has taken its first step, to be awaited: it begins with what that step has given."""

    def __cinit__(self):
        born(BEGUN)

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        cdef PyObject* out = NULL
        cdef int how
        first = self.first
        if first is not NONE_LEFT:
            self.first = NONE_LEFT
            if self.failed:
                raise first
            return first
        how = PyIter_Send(self.inner, value, &out)
        outcome = <object>out
        Py_DECREF(outcome)
        if how == 1:
            return outcome
        raise StopIteration(outcome)

    def throw(self, *error):
        return self.inner.throw(*error)

    def close(self):
        self.inner.close()


count_deaths(Starter, STARTER)
count_deaths(Standing, STANDING)
count_deaths(Begun, BEGUN)
