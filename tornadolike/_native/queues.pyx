"""What is ready to run, and what waits for its time: a ring and a heap of handles.

To Python they look like what the reference has, a deque and a heap that is a list of ``(when, order, handle)``: what is
asked of those in the rooms above and in tests works here.

Ownership: both own a reference to each handle in them. Cython does not know of references in plain memory, so the two
classes tell the garbage collector themselves (at the end of the file): else a loop that was forgotten with callbacks in
it would never be found. Handles leave only by the methods here, always first out of the memory and then out of life,
because a finalizer may come back with another callback.
"""

cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from .counters cimport born, died, kind_of
from .handles cimport is_cancelled, release

cdef int READY = kind_of("ReadyQueue"), TIMERS = kind_of("TimerHeap")

ctypedef int (*visitproc)(PyObject*, void*) noexcept
ctypedef int (*traverseproc)(PyObject*, visitproc, void*) noexcept
ctypedef int (*inquiry)(PyObject*) noexcept

cdef extern from *:
    """
    #define SET_TRAVERSE(type, function) (((PyTypeObject *)(type))->tp_traverse = (traverseproc)(function))
    #define SET_CLEAR(type, function) (((PyTypeObject *)(type))->tp_clear = (inquiry)(function))
    """
    void SET_TRAVERSE(object, traverseproc)
    void SET_CLEAR(object, inquiry)

DEF FIRST_CAPACITY = 64
DEF IDLE_CAPACITY = 4096  # of a ring that is empty; a heap is cut from less


@cython.final
cdef class ReadyQueue:
    """A ring that grows. Its order is that of a deque: append on the right, run from the left."""

    def __cinit__(self):
        born(READY)

    cdef int push(self, object handle) except -1:
        if self.count == self.capacity:
            self._grow()
        Py_INCREF(handle)
        self.items[(self.head + self.count) & (self.capacity - 1)] = <PyObject*>handle
        self.count += 1
        return 0

    cdef PyObject* take(self) noexcept:
        """The first one, with our reference; NULL if there is none."""
        cdef PyObject* handle
        if self.count == 0:
            return NULL
        handle = self.items[self.head]
        self.head = (self.head + 1) & (self.capacity - 1)
        self.count -= 1
        if self.count == 0 and self.capacity > IDLE_CAPACITY:
            # Once there were very many: their memory is not kept for good.
            free(self.items)
            self.items = NULL
            self.capacity = self.head = 0
        return handle

    def _grow(self):
        cdef size_t first, capacity = self.capacity * 2 if self.capacity else FIRST_CAPACITY
        cdef PyObject** items = <PyObject**>malloc(capacity * sizeof(PyObject*))
        if items == NULL:
            raise MemoryError()
        if self.count:
            first = min(self.count, self.capacity - self.head)
            memcpy(items, self.items + self.head, first * sizeof(PyObject*))
            memcpy(items + first, self.items, (self.count - first) * sizeof(PyObject*))
        free(self.items)
        self.items, self.capacity, self.head = items, capacity, 0

    cdef void drop_all(self) noexcept:
        cdef PyObject* handle = self.take()
        while handle != NULL:
            Py_DECREF(<object>handle)
            handle = self.take()

    def __dealloc__(self):
        self.drop_all()
        free(self.items)
        died(READY)

    # As a deque.

    def __len__(self):
        return self.count

    def append(self, handle):
        self.push(handle)

    def popleft(self):
        cdef PyObject* handle = self.take()
        if handle == NULL:
            raise IndexError("pop from an empty queue")
        taken = <object>handle
        Py_DECREF(taken)
        return taken

    def pop(self):
        if self.count == 0:
            raise IndexError("pop from an empty queue")
        self.count -= 1
        taken = <object>self.items[(self.head + self.count) & (self.capacity - 1)]
        Py_DECREF(taken)
        return taken

    def rotate(self, Py_ssize_t steps):
        """To the left by ``-steps``: so many first ones become the last ones."""
        cdef size_t mask = self.capacity - 1
        cdef Py_ssize_t left
        if self.count == 0:
            return
        left = -steps % <Py_ssize_t>self.count
        if left < 0:
            left += self.count
        for _ in range(left):
            # (In a full ring this is the same place.)
            self.items[(self.head + self.count) & mask] = self.items[self.head]
            self.head = (self.head + 1) & mask

    def clear(self):
        self.drop_all()

    def __getitem__(self, Py_ssize_t index):
        if index < 0:
            index += self.count
        if index < 0 or <size_t>index >= self.count:
            raise IndexError("queue index out of range")
        return <object>self.items[(self.head + <size_t>index) & (self.capacity - 1)]

    def __iter__(self):
        return iter([self[i] for i in range(<Py_ssize_t>self.count)])

    def __repr__(self):
        return f"{type(self).__name__}({list(self)!r})"


cdef inline bint before(Timed* one, Timed* other) noexcept nogil:
    return one.when < other.when or (one.when == other.when and one.order < other.order)


cdef void sink(Timed* items, size_t count, size_t place, Timed entry) noexcept nogil:
    """Put ``entry`` at ``place`` or below it."""
    cdef size_t child
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and before(&items[child + 1], &items[child]):
            child += 1
        if not before(&items[child], &entry):
            break
        items[place] = items[child]
        place = child
    items[place] = entry


@cython.final
cdef class TimerHeap:
    """A binary heap by time; what is due at the same time keeps its order."""

    def __cinit__(self):
        born(TIMERS)

    cdef int push(self, double when, object handle) except -1:
        cdef size_t place, above
        cdef Timed entry
        if self.count == self.capacity:
            self._resize(self.capacity * 2 if self.capacity else FIRST_CAPACITY)
        entry.when, entry.order, entry.handle = when, self.order, <PyObject*>handle
        Py_INCREF(handle)
        self.order += 1
        place = self.count
        self.count += 1
        while place:
            above = (place - 1) // 2
            if not before(&entry, &self.items[above]):
                break
            self.items[place] = self.items[above]
            place = above
        self.items[place] = entry
        return 0

    cdef PyObject* take(self) noexcept:
        """The earliest one, with our reference; NULL if there is none."""
        cdef PyObject* handle
        if self.count == 0:
            return NULL
        handle = self.items[0].handle
        self.count -= 1
        if self.count:
            sink(self.items, self.count, 0, self.items[self.count])
        return handle

    def _resize(self, size_t capacity):
        cdef Timed* items = <Timed*>realloc(self.items, capacity * sizeof(Timed))
        if items == NULL:
            raise MemoryError()
        self.items, self.capacity = items, capacity

    cdef int drop_cancelled(self) except -1:
        """Let go of the cancelled ones; whether that was done. (Not if somebody came in between.)"""
        cdef size_t i, kept = 0, dropped = 0, count = self.count
        cdef uint64_t order = self.order
        cdef char* cancelled = <char*>malloc(count + 1)
        cdef PyObject** leaving
        if cancelled == NULL:
            raise MemoryError()
        try:
            for i in range(count):
                # Asking a handle of somebody's own class can run anything.
                cancelled[i] = is_cancelled(self.items[i].handle)
                if self.count != count or self.order != order:
                    return False
            leaving = <PyObject**>malloc((count + 1) * sizeof(PyObject*))
            if leaving == NULL:
                raise MemoryError()
            for i in range(count):
                if cancelled[i]:
                    leaving[dropped] = self.items[i].handle
                    dropped += 1
                else:
                    self.items[kept] = self.items[i]
                    kept += 1
        finally:
            free(cancelled)
        self.count = kept
        for i in range(kept // 2, 0, -1):
            sink(self.items, kept, i - 1, self.items[i - 1])
        if self.capacity > 8 * FIRST_CAPACITY and kept < self.capacity // 4:
            self._resize(max(kept * 2, <size_t>FIRST_CAPACITY))
        for i in range(dropped):
            release(leaving[i])
        free(leaving)
        return True

    cdef void drop_all(self) noexcept:
        while self.count:
            self.count -= 1
            Py_DECREF(<object>self.items[self.count].handle)

    def __dealloc__(self):
        self.drop_all()
        free(self.items)
        died(TIMERS)

    # As a list of (when, order, handle).

    def __len__(self):
        return self.count

    def append(self, entry):
        when, _, handle = entry
        self.push(when, handle)

    def clear(self):
        self.drop_all()

    def __getitem__(self, Py_ssize_t index):
        cdef Timed* entry
        if index < 0:
            index += self.count
        if index < 0 or <size_t>index >= self.count:
            raise IndexError("heap index out of range")
        entry = &self.items[index]
        return entry.when, entry.order, <object>entry.handle

    def __iter__(self):
        return iter([self[i] for i in range(<Py_ssize_t>self.count)])

    def __eq__(self, other):
        return list(self) == other

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({list(self)!r})"

    def __sizeof__(self):
        return object.__sizeof__(self) + self.capacity * sizeof(Timed)


# For the garbage collector. (The field `_known` is there so that Cython makes them objects that it looks at.)

cdef int traverse_ready(PyObject* self, visitproc visit, void* arg) noexcept:
    cdef size_t i
    cdef int result
    for i in range((<ReadyQueue>self).count):
        result = visit(
            (<ReadyQueue>self).items[((<ReadyQueue>self).head + i) & ((<ReadyQueue>self).capacity - 1)], arg
        )
        if result:
            return result
    return 0


cdef int clear_ready(PyObject* self) noexcept:
    (<ReadyQueue>self).drop_all()
    return 0


cdef int traverse_timers(PyObject* self, visitproc visit, void* arg) noexcept:
    cdef size_t i
    cdef int result
    for i in range((<TimerHeap>self).count):
        result = visit((<TimerHeap>self).items[i].handle, arg)
        if result:
            return result
    return 0


cdef int clear_timers(PyObject* self) noexcept:
    (<TimerHeap>self).drop_all()
    return 0


SET_TRAVERSE(ReadyQueue, traverse_ready)
SET_CLEAR(ReadyQueue, clear_ready)
SET_TRAVERSE(TimerHeap, traverse_timers)
SET_CLEAR(TimerHeap, clear_timers)
