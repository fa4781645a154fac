"""What is known of an application without asking it.

For each request it has to be known whether an application has its responses transformed, and who says that a request is
finished. That is in its attributes and in its settings, which anybody may change at any time. :class:`Facts` are what
was found there, and they are good for one state of its class, of its attributes and of its settings (c/versions.h,
c/types.h): to compare three numbers is all that a request pays for it.

Ownership: an application owns its facts; these own nothing of it. It has what they point to as long as they are good.
When it goes they are good for nothing any more, whoever has them.
"""

from cpython.dict cimport PyDict_GetItemWithError

from logging import Logger

from .counters cimport born, count_deaths, kind_of

cdef extern from "lazydict.h":
    PyObject** ATTRIBUTES_OF(HotApplication)
    void no_attributes(PyObject**)
    ctypedef int (*inquiry)(object) except -1
    int lazydict_clear(object, inquiry) except -1
    ctypedef struct Type "PyTypeObject":
        inquiry tp_clear
    int install_lazydict(Type*, Py_ssize_t, inquiry) except -1

cdef int APPLICATION = kind_of("HotApplication")
cdef enum:
    INFO = 20                           # logging's

cdef object log_request = None          # Application.log_request
cdef object access_log = None
cdef dict log_own = None                # its __dict__
cdef dict log_levels = None             # what it remembers of its levels
cdef uint64_t log_version = 0, levels_version = 0   # of these two, when it was found out...
cdef bint takes_info = False                        # ... that lines for most requests are taken; or not


def install(application_class, log):
    """What is needed of the upper rooms; web.application hands it in.

    :arg application_class: Application.
    :arg log: the logger of requests.
    """
    global log_request, access_log, log_own, log_levels
    log_request, access_log = application_class.log_request, log
    log_own = log_levels = None
    if type(log).isEnabledFor is Logger.isEnabledFor and "isEnabledFor" not in vars(log):
        # A dict that was given to an object has all of its attributes: it gets a version with each (c/versions.h).
        log.__dict__ = log_own = dict(vars(log))
        log_levels = log_own.get("_cache")


cdef class Facts:
    """What is known of an application."""


cdef inline PyObject* found_in(PyObject* own, str name) except? NULL:
    return PyDict_GetItemWithError(<object>own, name)


cdef Facts facts_of(object application):
    """What is known of an application as it is now; None if nothing can be known."""
    cdef PyObject* found
    cdef Facts facts
    if not isinstance(application, HotApplication):
        return None
    facts = (<HotApplication>application).facts
    if are_good(facts, <PyObject*>application):
        return facts
    cls = type(application)
    if (
        ATTRIBUTES_OF(<HotApplication>application)[0] is NULL
        or log_request is None
        or hasattr(cls, "settings")
        or hasattr(cls, "transforms")
        or cls.__getattribute__ is not object.__getattribute__
    ):
        return None
    (<HotApplication>application)._forget()
    facts = Facts.__new__(Facts)
    facts.application = <PyObject*>application
    facts.own = ATTRIBUTES_OF(<HotApplication>application)[0]
    facts.class_version = version_of(TYPE_OF(facts.application))
    facts.own_version = attributes_version(facts.application, facts.own)
    if not facts.class_version or not facts.own_version:
        return None
    found = found_in(facts.own, "settings")
    if found is not NULL and type(<object>found) is dict:
        facts.settings = found
        facts.settings_version = dict_version(found)
        found = found_in(found, "log_function")
        facts.logs_plainly = (
            (found is NULL or <object>found is None)
            and found_in(facts.own, "log_request") is NULL
            and getattr(cls, "log_request", None) is log_request
        )
    found = found_in(facts.own, "transforms")
    if found is not NULL and type(<object>found) is list:
        facts.transforms = found
    (<HotApplication>application).facts = facts
    return facts


cdef bint is_logged(int level) except -1:
    """Whether the log of requests takes lines of this level."""
    global log_version, levels_version, takes_info
    cdef PyObject* found
    if log_levels is None:
        return access_log.isEnabledFor(level)
    if level == INFO and log_version and (
        log_version == dict_version(<PyObject*>log_own) and levels_version == dict_version(<PyObject*>log_levels)
    ):
        return takes_info
    if not log_own["disabled"]:
        # Where a Logger keeps what it has found out, as long as nobody changes a level anywhere.
        found = PyDict_GetItemWithError(log_levels, level)
        if found is not NULL:
            if level == INFO:
                log_version = dict_version(<PyObject*>log_own)
                levels_version = dict_version(<PyObject*>log_levels)
                takes_info = <object>found
            return <object>found
    return access_log.isEnabledFor(level)


# To stand before the reference

cdef class HotApplication:
    """Has its attributes in a ``__dict__`` of which the version is known on every interpreter (c/versions.h)."""

    def __cinit__(self):
        born(APPLICATION)
        no_attributes(ATTRIBUTES_OF(self))

    def __dealloc__(self):
        self._forget()

    cdef int _forget(self) except -1:
        """It goes, or is another than it was: its facts are good for nothing any more, whoever has them."""
        if self.facts is not None:
            self.facts.application = NULL
        return 0


cdef inquiry original_clear = (<Type*>HotApplication).tp_clear


cdef int clear(object self) except -1:
    (<HotApplication>self)._forget()
    return lazydict_clear(self, original_clear)


cdef int _prepare_class() except -1:
    cdef HotApplication one = HotApplication.__new__(HotApplication)
    return install_lazydict(<Type*>HotApplication, <char*>ATTRIBUTES_OF(one) - <char*><PyObject*>one, clear)


count_deaths(HotApplication, APPLICATION)
_prepare_class()
