/* Receiving and sending on a non-blocking socket, as the lane does it. */
#ifndef TORNADOLIKE_SOCKETS_H
#define TORNADOLIKE_SOCKETS_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef MSG_NOSIGNAL /* macOS, where Python ignores SIGPIPE as well */
#define MSG_NOSIGNAL 0
#endif

/* How many bytes came; 0 at the peer's end; -1 if nothing is there now, -2 if the connection is broken. */
static inline ssize_t receive_now(int fd, char *room, size_t size) {
    ssize_t count = recv(fd, room, size, 0);
    if (count >= 0)
        return count;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -1 : -2;
}

/* How many bytes the kernel has taken of two pieces, the second of which may be empty. None as well if the connection
 * is broken: who tries to send the rest will learn why. */
static inline ssize_t send_two_now(
    int fd, const char *first, size_t first_size, const char *second, size_t second_size) {
    struct iovec pieces[2];
    struct msghdr message;
    ssize_t count;
    if (!second_size) {
        count = send(fd, first, first_size, MSG_NOSIGNAL);
    } else {
        memset(&message, 0, sizeof message);
        pieces[0].iov_base = (void *)first;
        pieces[0].iov_len = first_size;
        pieces[1].iov_base = (void *)second;
        pieces[1].iov_len = second_size;
        message.msg_iov = pieces;
        message.msg_iovlen = 2;
        count = sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    return count < 0 ? 0 : count;
}

#endif
