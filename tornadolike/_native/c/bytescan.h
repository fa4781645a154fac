/* Where in some bytes the first one stands that is out of the ordinary, and a hash of bytes.

   Sixteen bytes at a time where the machine has SSE2 (every x86-64), else one by one. Nothing is ever read at or beyond
   `end`. */
#ifndef TORNADOLIKE_BYTESCAN_H
#define TORNADOLIKE_BYTESCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) || (defined(_MSC_VER) && defined(_M_X64))
#define BYTESCAN_SSE2 1
#include <emmintrin.h>
#endif

#if defined(__GNUC__) || defined(__clang__)
#define bytescan_lowest(mask) ((unsigned)__builtin_ctz(mask))
#elif defined(BYTESCAN_SSE2)
#include <intrin.h>
static inline unsigned bytescan_lowest(unsigned mask) {
    unsigned long index;
    _BitScanForward(&index, mask);
    return (unsigned)index;
}
#endif

/* The first control character but the tab; `end` if there is none. (A value of a field may have all other bytes.) */
static inline const char *find_control(const char *at, const char *end) {
#ifdef BYTESCAN_SSE2
    const __m128i highest = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8(0x09), del = _mm_set1_epi8(0x7f);
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes);
        const __m128i control = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low);
        const __m128i wrong = _mm_or_si128(control, _mm_cmpeq_epi8(bytes, del));
        const unsigned mask = (unsigned)_mm_movemask_epi8(wrong);
        if (mask) return at + bytescan_lowest(mask);
        at += 16;
    }
#endif
    for (; at < end; at++) {
        const unsigned char byte = (unsigned char)*at;
        if ((byte < 0x20 && byte != 0x09) || byte == 0x7f) break;
    }
    return at;
}

/* The first byte that is no visible ASCII, or is "#"; `end` if there is none: where the target of a request ends. */
static inline const char *find_end_of_target(const char *at, const char *end) {
#ifdef BYTESCAN_SSE2
    const __m128i below = _mm_set1_epi8(0x21), del = _mm_set1_epi8(0x7f), hash = _mm_set1_epi8('#');
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        /* The comparison is a signed one: what is beyond ASCII is below zero. */
        const __m128i wrong = _mm_or_si128(
            _mm_cmplt_epi8(bytes, below), _mm_or_si128(_mm_cmpeq_epi8(bytes, del), _mm_cmpeq_epi8(bytes, hash)));
        const unsigned mask = (unsigned)_mm_movemask_epi8(wrong);
        if (mask) return at + bytescan_lowest(mask);
        at += 16;
    }
#endif
    for (; at < end; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte < 0x21 || byte > 0x7e || byte == '#') break;
    }
    return at;
}

/* A hash of bytes under a secret seed (two words, chance), so that nobody can choose what collides. */
static inline uint64_t hash_mixed(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    a ^= b;
    a *= UINT64_C(0xff51afd7ed558ccd);
    a ^= a >> 33;
    a *= UINT64_C(0xc4ceb9fe1a85ec53);
    return a ^ (a >> 29);
#endif
}

/* Up to 15 bytes as two words, which are others for other bytes of the same number. What is read overlaps: to put the
   bytes together in memory, and to read that as a word, makes a processor wait. */
static inline void hash_rest(const char *at, size_t size, uint64_t *words) {
    uint32_t first, last;
    words[0] = words[1] = 0;
    if (size >= 8) {
        memcpy(&words[0], at, 8);
        memcpy(&words[1], at + size - 8, 8);
    } else if (size >= 4) {
        memcpy(&first, at, 4);
        memcpy(&last, at + size - 4, 4);
        words[0] = (uint64_t)first << 32 | last;
    } else if (size > 0) {
        words[0] = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[size / 2] << 8
            | (unsigned char)at[size - 1];
    }
}

static inline uint64_t hash_bytes(const char *at, size_t size, const uint64_t *seed) {
    uint64_t hash = seed[0] ^ hash_mixed((uint64_t)size ^ UINT64_C(0x9e3779b97f4a7c15), seed[1]);
    uint64_t words[2];
    for (; size >= 16; at += 16, size -= 16) {
        memcpy(words, at, 16);
        hash = hash_mixed(words[0] ^ seed[1], words[1] ^ hash);
    }
    hash_rest(at, size, words);
    return hash_mixed(hash_mixed(words[0] ^ seed[1], words[1] ^ hash), hash ^ seed[0] ^ UINT64_C(0xa0761d6478bd642f));
}

#endif
