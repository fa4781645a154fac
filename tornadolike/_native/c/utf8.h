/* UTF-8 (RFC 3629) that comes in pieces: is it good so far, and how much of it are whole characters?
 *
 * Most text is ASCII, where no byte has its highest bit: such bytes are passed over sixteen at a time. For the others
 * the table of the Unicode standard (3-7, "well-formed byte sequences") is written out: what the second byte may be
 * depends on the first, and that is all there is to overlong forms, surrogates and what lies beyond U+10FFFF.
 */

#ifndef TORNADOLIKE_UTF8_H
#define TORNADOLIKE_UTF8_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* How many bytes are ASCII from `at` on, at least: whole steps only. */
static inline Py_ssize_t utf8_skip_ascii(const unsigned char *data, Py_ssize_t at, Py_ssize_t size) {
    uint64_t word;
#ifdef __SSE2__
    for (; at + 16 <= size; at += 16) {
        if (_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(data + at))))
            break;
    }
#endif
    for (; at + 8 <= size; at += 8) {
        memcpy(&word, data + at, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

/* The bytes that are whole characters: what follows them, three bytes at the most, may become one. -1: it cannot. */
static inline Py_ssize_t utf8_whole(const unsigned char *data, Py_ssize_t size) {
    Py_ssize_t at = 0, need, next;
    while (at < size) {
        unsigned char first = data[at], lowest = 0x80, highest = 0xBF;
        if (first < 0x80) {
            at = utf8_skip_ascii(data, at, size);
            while (at < size && data[at] < 0x80)
                at++;
            continue;
        }
        if (first < 0xC2)
            return -1; /* a continuation, or an overlong form of ASCII */
        if (first < 0xE0)
            need = 1;
        else if (first < 0xF0) {
            need = 2;
            if (first == 0xE0)
                lowest = 0xA0; /* else overlong */
            else if (first == 0xED)
                highest = 0x9F; /* else a surrogate */
        } else if (first < 0xF5) {
            need = 3;
            if (first == 0xF0)
                lowest = 0x90; /* else overlong */
            else if (first == 0xF4)
                highest = 0x8F; /* else beyond U+10FFFF */
        } else
            return -1;
        for (next = at + 1; next <= at + need; next++) {
            if (next == size)
                return at;
            if (data[next] < lowest || data[next] > highest)
                return -1;
            lowest = 0x80;
            highest = 0xBF;
        }
        at += need + 1;
    }
    return at;
}

#endif
