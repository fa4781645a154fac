"""Plans: what is known of a class of handlers without calling it.

A :class:`Plan` says of one class which of the framework's methods it has overridden, and which function answers which
method of HTTP. What is not overridden is done natively, or, where it does nothing, not at all; what is overridden is
called as the interpreter would. It does not matter when somebody overrides: a plan is good for one version of the class
(c/types.h), which changes with every attribute of the class and of its bases. What is set on an instance is seen in its
``__dict__``, which most instances never get (:func:`names_a_hook`).

A method that is done natively is the framework's only if the class has the native one, *and* the reference behind it is
the one that there was when the package was imported; if somebody has patched that, nothing is done natively.

Ownership: plans own nothing of the class, so that they keep none alive. They are found by the class's version, in a
table where an old one is written over by a new one of the same place.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_XDECREF

cdef extern from "types.h":
    unsigned int version_of(PyTypeObject*)
    int has_plain_attributes(PyTypeObject*)
    int is_plainly_called(PyTypeObject*)
    int is_method(object)
    ctypedef struct Type "PyTypeObject":
        void* tp_new

cdef enum:
    KEPT = 512

    HARMLESS = 64

cdef list table = [None] * KEPT
cdef PyObject* harmless[HARMLESS]           # names that were seen lately and are no hooks, by their addresses; owned

# The names that stand for each bit.
cdef dict HOOKS = {
    CREATING: ("__init__", "__new__", "_has_other_bases"),
    DEFAULT_HEADERS: ("set_default_headers",),
    INITIALIZING: ("initialize", "_initialize"),
    RUNNING: (
        "_run_request", "SUPPORTED_METHODS", "_decode_path", "_execute_rest", "_fail", "_end_with",
        "_unimplemented_method",
    ),
    PREPARING: ("prepare",),
    DECODING: ("decode_argument",),
    WRITING: ("write",),
    FINISHING: ("finish",),
    ENDING: ("_headers", "_clear_content", "_add_cookies", "_hold", "_respond_transformed", "clear_header", "flush"),
    ETAG: ("compute_etag", "max_etag_size"),
    CONDITIONS: ("set_etag_header", "check_etag_header"),
    SETTING: ("set_header", "_headers"),
    STATUS: ("set_status", "get_status"),
    LOGGING: ("_log",),
    ON_FINISH: ("on_finish",),
    ARGUMENTS: ("get_argument", "_get_argument", "_get_arguments", "_decode_value"),
    QUERY_ARGUMENTS: ("get_query_argument", "_get_argument", "_get_arguments", "_decode_value"),
    AUTO_FINISH: ("_auto_finish",),
    PROTECTING: ("_cross_origin_protection", "_needs_no_xsrf_token"),
    BODY: ("_check_body_size", "_check_form"),
}
cdef tuple METHODS = ("get", "head", "post", "put", "delete", "patch", "options")
cdef tuple CALLED = (*METHODS, "prepare", "on_finish")
cdef frozenset NAMES = frozenset([name for names in HOOKS.values() for name in names]) | frozenset(METHODS)
cdef object MISSING = object()

cdef object handler_class = None            # RequestHandler
cdef object reference_class = None          # what stands behind HotHandler
cdef dict places = {}                       # HotHandler's own attributes, by their names
cdef dict originals = {}                    # what RequestHandler had for the names of HOOKS, and the reference
cdef dict reference_originals = {}
cdef void* original_new = NULL


def install(handler, reference, hot):
    """What the classes are; web.handler hands it in.

    :arg handler: RequestHandler.
    :arg reference: the class that stands behind HotHandler.
    :arg hot: HotHandler.
    """
    global handler_class, reference_class, original_new
    handler_class, reference_class = handler, reference
    for name in NAMES:
        originals[name] = getattr(handler, name, MISSING)
        reference_originals[name] = getattr(reference, name, MISSING)
    for name, found in [*vars(hot.__base__).items(), *vars(hot).items()]:
        if type(found).__name__ in ("getset_descriptor", "member_descriptor") and name != "__dict__":
            places[name] = found
    original_new = (<Type*>handler).tp_new


cdef int learn(Plan plan, object cls) except -1:
    """Look at a class as it is now."""
    cdef int number
    cdef bint plain = (
        has_plain_attributes(<PyTypeObject*>cls)
        and is_plainly_called(<PyTypeObject*>cls)
        and (<Type*>cls).tp_new == original_new
        and issubclass(cls, handler_class)
    )
    for name, place in places.items():
        if getattr(cls, name, MISSING) is not place:
            plain = False
    plan.changed = 0
    for bit, names in HOOKS.items():
        for name in names:
            if getattr(cls, name, MISSING) is not originals[name]:
                plan.changed |= bit
            if getattr(reference_class, name, MISSING) is not reference_originals[name]:
                # Somebody has patched what stands behind the native one.
                plain = False
    if not plain:
        plan.changed = EVERYTHING
    plan.reusable = (
        plain and cls.__basicsize__ == handler_class.__basicsize__ and getattr(cls, "__del__", MISSING) is MISSING
    )
    for number in range(CALLED_COUNT):
        plan.methods[number] = NULL
        for base in cls.__mro__:
            found = vars(base).get(CALLED[number])
            if found is not None:
                if is_method(found) and found is not originals["_unimplemented_method"]:
                    # The class has it as long as its version is the same.
                    plan.methods[number] = <PyObject*>found
                break
            if CALLED[number] in vars(base):
                break
    return 0


cdef class Plan:
    """What is known of a class."""


cdef Plan plan_of(PyTypeObject* cls):
    """The plan of a class as it is now."""
    cdef unsigned int version = version_of(cls)
    cdef Plan plan
    if version:
        plan = <Plan>table[version % KEPT]
        if plan is not None and plan.version == version:
            return plan
    plan = Plan.__new__(Plan)
    learn(plan, <object>cls)
    # It has one now, if it can have any: it was asked for attributes. If one of these has changed it meanwhile, and it
    # may well have none again, what was learned is still good for the moment.
    plan.version = version_of(cls)
    if version and plan.version != version:
        plan.version = 0
    if plan.version:
        table[plan.version % KEPT] = plan
    else:
        # Its functions might be gone with its next change, and nobody would see it.
        for number in range(CALLED_COUNT):
            plan.methods[number] = NULL
    return plan


cdef bint names_a_hook(dict own) except -1:
    """Whether any of these names is a hook."""
    cdef object name
    cdef size_t place
    for name in own:
        place = (<size_t><PyObject*>name >> 4) % HARMLESS
        if harmless[place] == <PyObject*>name:
            continue
        if name in NAMES:
            return True
        Py_INCREF(name)
        Py_XDECREF(harmless[place])
        harmless[place] = <PyObject*>name
    return False


def describe(cls):
    """For tests: the hooks that a class has overridden, and the methods that are called straight."""
    cdef Plan plan = plan_of(<PyTypeObject*>cls)
    return (
        not plan.changed & PLACES,
        {name for bit, names in HOOKS.items() if plan.changed & bit for name in names},
        [METHODS[number] for number in range(METHOD_COUNT) if plan.methods[number] is not NULL],
    )
