/* Which descriptors are ready: epoll and kqueue behind one function. select stays with Python. */

#ifndef TORNADOLIKE_WAITING_H
#define TORNADOLIKE_WAITING_H

#include <Python.h>
#include <errno.h>
#include <math.h>
#include <time.h>

#define READY_MOST 512 /* as poller.MAX_EVENTS */

struct ready {
    int fd;
    int events;
};

#if defined(__linux__)

#include <sys/epoll.h>
#define WAITING_KIND 1

/* How many there are, or -1 with errno. Below zero it waits for ever. */
static int wait_ready(int queue, struct ready *out, double timeout)
{
    struct epoll_event events[READY_MOST];
    int i, found;
    /* Rounded up: who sleeps too short finds that its timer is not due, and polls again and again. */
    int milliseconds = timeout < 0.0 ? -1 : timeout == 0.0 ? 0 : (int)ceil(timeout * 1000.0);

    found = epoll_wait(queue, events, READY_MOST, milliseconds);
    for (i = 0; i < found; i++) {
        out[i].fd = events[i].data.fd;
        out[i].events = (int)events[i].events;
    }
    return found;
}

/* time.monotonic(), bit for bit. */
static double monotonic_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)((long long)now.tv_sec * 1000000000LL + now.tv_nsec) / 1e9;
}
#define HAS_MONOTONIC_NOW 1

#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) \
    || defined(__DragonFly__)

#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#define WAITING_KIND 2

/* What KqueuePoller.poll says, and its reasons are there. */
static int wait_ready(int queue, struct ready *out, double timeout)
{
    struct kevent events[READY_MOST];
    struct timespec limit;
    int i, j, found, count = 0;

    if (timeout >= 0.0) {
        limit.tv_sec = (time_t)timeout;
        limit.tv_nsec = (long)ceil((timeout - (double)limit.tv_sec) * 1e9);
        if (limit.tv_nsec >= 1000000000L) {
            limit.tv_sec += 1;
            limit.tv_nsec = 0;
        }
    }
    found = kevent(queue, NULL, 0, events, READY_MOST, timeout < 0.0 ? NULL : &limit);
    if (found < 0)
        return -1;
    for (i = 0; i < found; i++) {
        int bits = 0, fd = (int)events[i].ident;
        if (events[i].flags & EV_ERROR)
            bits = 0x018;
        else if (events[i].filter == EVFILT_READ)
            bits = (events[i].flags & EV_EOF) && events[i].fflags ? 0x001 | 0x018 : 0x001;
        else if (events[i].filter == EVFILT_WRITE)
            bits = events[i].flags & EV_EOF ? 0x004 | 0x018 : 0x004;
        for (j = count - 1; j >= 0 && out[j].fd != fd; j--)
            ;
        if (j < 0) {
            j = count++;
            out[j].fd = fd;
            out[j].events = 0;
        }
        out[j].events |= bits;
    }
    return count;
}

static double monotonic_now(void) { return 0.0; } /* Python's clock there is not clock_gettime's */
#define HAS_MONOTONIC_NOW 0

#else

#define WAITING_KIND 0
static int wait_ready(int queue, struct ready *out, double timeout)
{
    errno = ENOSYS;
    return -1;
}
static double monotonic_now(void) { return 0.0; }
#define HAS_MONOTONIC_NOW 0

#endif
#endif
