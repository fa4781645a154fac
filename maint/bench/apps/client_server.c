/* What HTTP clients are measured against: the least that one core can do to answer them.
   Usage: client_server PORT. GET /N is answered with N bytes; nothing else in a request is looked at. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536

static char in[MOST], block[1 << 20];
static long long left[MOST]; /* of a body that is on its way, by descriptor */

static void watch(int poll, int operation, int fd, int events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(poll, operation, fd, &event);
}

static size_t piece(long long length) { return length < (long long)sizeof block ? length : sizeof block; }

/* Send what the socket takes; wait for room if that is not all. */
static void push(int poll, int fd) {
    while (left[fd] > 0) {
        ssize_t sent = send(fd, block, piece(left[fd]), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) watch(poll, EPOLL_CTL_MOD, fd, EPOLLOUT);
            else close(fd);
            return;
        }
        left[fd] -= sent;
    }
    watch(poll, EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void answer(int poll, int fd) {
    ssize_t got = recv(fd, in, sizeof in - 1, 0);
    if (got <= 0) {
        close(fd);
        return;
    }
    in[got] = 0;
    char head[256], *path = strchr(in, '/');
    if (!path || !strstr(in, "\r\n\r\n")) return;
    long long length = atoll(path + 1);
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 200 OK\r\nServer: limit\r\nContent-Type: application/octet-stream\r\n"
                        "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Length: %lld\r\n\r\n", length);
    struct iovec parts[] = {{head, size}, {block, piece(length)}};
    ssize_t sent = writev(fd, parts, 2);
    if (sent < size) { /* a fresh socket's buffer is larger than a head */
        close(fd);
        return;
    }
    left[fd] = length - (sent - size);
    if (left[fd]) push(poll, fd);
}

int main(int count, char **arguments) {
    int one = 1, poll = epoll_create1(0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[count - 1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) return 1;
    memset(block, 'x', sizeof block);
    watch(poll, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event events[512];
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (events[i].events & EPOLLOUT) push(poll, fd);
                else answer(poll, fd);
                continue;
            }
            while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                if (fd >= MOST) {
                    close(fd);
                    continue;
                }
                left[fd] = 0;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(poll, EPOLL_CTL_ADD, fd, EPOLLIN);
            }
        }
    }
}
