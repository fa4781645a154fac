/* The least that one core can do: answers every request head on an epoll loop, looking at nothing in it.
   Usage: limit PORT. Fixed response, no parsing: not a web server but the floor that the others stand on. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char RESPONSE[] =
    "HTTP/1.1 200 OK\r\n"
    "Server: limit\r\n"
    "Content-Type: text/html; charset=UTF-8\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
    "Content-Length: 13\r\n"
    "\r\n"
    "Hello, World!";

static char in[1 << 16], out[1 << 20];

static void watch(int poll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static void answer(int fd) {
    ssize_t got = recv(fd, in, sizeof in, 0);
    if (got <= 0) {
        close(fd);
        return;
    }
    char *at = in, *head_end;
    size_t filled = 0;
    while ((head_end = memmem(at, in + got - at, "\r\n\r\n", 4))) {
        memcpy(out + filled, RESPONSE, sizeof RESPONSE - 1);
        filled += sizeof RESPONSE - 1;
        at = head_end + 4;
    }
    send(fd, out, filled, MSG_NOSIGNAL);
}

int main(int count, char **arguments) {
    int one = 1, poll = epoll_create1(0);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[count - 1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) return 1;
    watch(poll, listener);
    for (;;) {
        struct epoll_event events[512];
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != listener) {
                answer(events[i].data.fd);
                continue;
            }
            int fd;
            while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(poll, fd);
            }
        }
    }
}
