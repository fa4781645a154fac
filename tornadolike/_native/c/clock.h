/* time.monotonic(), without a call of Python where it is known to be this clock. */
#ifndef TORNADOLIKE_CLOCK_H
#define TORNADOLIKE_CLOCK_H

#include <Python.h>

#ifdef __linux__
#include <time.h>
static inline double monotonic_seconds(PyObject *monotonic) {
    struct timespec now;
    (void)monotonic;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
#else
static inline double monotonic_seconds(PyObject *monotonic) {
    double seconds;
    PyObject *now = PyObject_CallNoArgs(monotonic);
    if (now == NULL)
        return -1.0;
    seconds = PyFloat_AsDouble(now);
    Py_DECREF(now);
    return seconds;
}
#endif

#endif
