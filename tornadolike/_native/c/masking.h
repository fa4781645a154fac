/* The mask of RFC 6455, section 5.3: each byte XORed with one of four, in turn.
 *
 * XOR does not care for the order of bytes in a word, so the key is repeated over as many bytes as one register holds
 * and the text is taken in such steps. memcpy of a constant size is how C spells a load from any address: it compiles
 * to one instruction.
 */

#ifndef TORNADOLIKE_MASKING_H
#define TORNADOLIKE_MASKING_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* `to` may be `from`, else the two may not overlap. */
static inline void mask_bytes(unsigned char *to, const unsigned char *from, Py_ssize_t size, const unsigned char *key) {
    uint32_t key4;
    uint64_t key8, word;
    Py_ssize_t at = 0;
    memcpy(&key4, key, 4);
    key8 = ((uint64_t)key4 << 32) | key4;
#ifdef __SSE2__
    {
        const __m128i key16 = _mm_set1_epi32((int)key4);
        for (; at + 64 <= size; at += 64) {
            __m128i a = _mm_loadu_si128((const __m128i *)(from + at));
            __m128i b = _mm_loadu_si128((const __m128i *)(from + at + 16));
            __m128i c = _mm_loadu_si128((const __m128i *)(from + at + 32));
            __m128i d = _mm_loadu_si128((const __m128i *)(from + at + 48));
            _mm_storeu_si128((__m128i *)(to + at), _mm_xor_si128(a, key16));
            _mm_storeu_si128((__m128i *)(to + at + 16), _mm_xor_si128(b, key16));
            _mm_storeu_si128((__m128i *)(to + at + 32), _mm_xor_si128(c, key16));
            _mm_storeu_si128((__m128i *)(to + at + 48), _mm_xor_si128(d, key16));
        }
    }
#endif
    for (; at + 8 <= size; at += 8) {
        memcpy(&word, from + at, 8);
        word ^= key8;
        memcpy(to + at, &word, 8);
    }
    for (; at < size; at++)
        to[at] = from[at] ^ key[at & 3];
}

#endif
