/* SHA-1 (RFC 3174) of one piece of memory, as the forty hexadecimal digits of an Etag. It guards nothing: two bodies
that somebody has made to collide would only be taken for each other by his own cache.

Where the processor has instructions for it (SHA-NI, told when the module is loaded) they are used. */

#ifndef TORNADOLIKE_SHA1_H
#define TORNADOLIKE_SHA1_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define TORNADOLIKE_SHA_NI 1
#include <cpuid.h>
#include <immintrin.h>
#endif

static inline uint32_t sha1_rotated(uint32_t value, int by)
{
    return (value << by) | (value >> (32 - by));
}

/* Take `count` blocks of 64 bytes into the state. */
static void sha1_blocks_plain(uint32_t state[5], const unsigned char *data, size_t count)
{
    for (; count; count--, data += 64) {
        uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        int i;
        for (i = 0; i < 16; i++)
            words[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 | (uint32_t)data[4 * i + 2] << 8 |
                       (uint32_t)data[4 * i + 3];
        for (; i < 80; i++)
            words[i] = sha1_rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        for (i = 0; i < 80; i++) {
            uint32_t mixed, next;
            if (i < 20)
                mixed = ((b & c) | (~b & d)) + 0x5A827999u;
            else if (i < 40)
                mixed = (b ^ c ^ d) + 0x6ED9EBA1u;
            else if (i < 60)
                mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCu;
            else
                mixed = (b ^ c ^ d) + 0xCA62C1D6u;
            next = sha1_rotated(a, 5) + mixed + e + words[i];
            e = d;
            d = c;
            c = sha1_rotated(b, 30);
            b = a;
            a = next;
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
    }
}

#ifdef TORNADOLIKE_SHA_NI
/* The same in four rounds a step: `words` are sixteen of the block's, four in a register, the next four always made of
those before them; `e` alternates between two registers, as the instruction that rotates it wants. */
__attribute__((target("sha,sse4.1,ssse3"))) static void sha1_blocks_ni(
    uint32_t state[5], const unsigned char *data, size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0001020304050607LL, 0x08090a0b0c0d0e0fLL);
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1B);
    __m128i e = _mm_set_epi32((int)state[4], 0, 0, 0);
    for (; count; count--, data += 64) {
        const __m128i abcd_before = abcd, e_before = e;
        __m128i words[4], other;
        int i;
        for (i = 0; i < 4; i++)
            words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * i)), order);
#define SHA1_STEP(step, kind)                                                                                         \
    do {                                                                                                              \
        __m128i now = words[(step) & 3];                                                                              \
        other = (step) == 0 ? _mm_add_epi32(e, now) : _mm_sha1nexte_epu32(e, now);                                    \
        e = abcd;                                                                                                     \
        abcd = _mm_sha1rnds4_epu32(abcd, other, kind);                                                                \
        if ((step) < 16)                                                                                              \
            words[(step) & 3] = _mm_sha1msg2_epu32(                                                                   \
                _mm_xor_si128(                                                                                        \
                    _mm_sha1msg1_epu32(now, words[((step) + 1) & 3]), words[((step) + 2) & 3]),                       \
                words[((step) + 3) & 3]);                                                                             \
    } while (0)
        SHA1_STEP(0, 0);
        SHA1_STEP(1, 0);
        SHA1_STEP(2, 0);
        SHA1_STEP(3, 0);
        SHA1_STEP(4, 0);
        SHA1_STEP(5, 1);
        SHA1_STEP(6, 1);
        SHA1_STEP(7, 1);
        SHA1_STEP(8, 1);
        SHA1_STEP(9, 1);
        SHA1_STEP(10, 2);
        SHA1_STEP(11, 2);
        SHA1_STEP(12, 2);
        SHA1_STEP(13, 2);
        SHA1_STEP(14, 2);
        SHA1_STEP(15, 3);
        SHA1_STEP(16, 3);
        SHA1_STEP(17, 3);
        SHA1_STEP(18, 3);
        SHA1_STEP(19, 3);
#undef SHA1_STEP
        e = _mm_sha1nexte_epu32(e, e_before);
        abcd = _mm_add_epi32(abcd, abcd_before);
    }
    _mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(abcd, 0x1B));
    state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

static int sha1_has_ni(void)
{
    unsigned int a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}
#endif

static void (*sha1_blocks)(uint32_t state[5], const unsigned char *data, size_t count) = sha1_blocks_plain;

/* Choose the way: with `plain` the one that every processor has. Tells whether it is another. */
static int sha1_choose(int plain)
{
    sha1_blocks = sha1_blocks_plain;
#ifdef TORNADOLIKE_SHA_NI
    if (!plain && sha1_has_ni())
        sha1_blocks = sha1_blocks_ni;
#else
    (void)plain;
#endif
    return sha1_blocks != sha1_blocks_plain;
}

/* Eight digits. All are computed at once, each in a byte of one word. */
static inline void put_hex(uint32_t number, char *digits)
{
    uint64_t wide = number, letters;
    wide = (wide & 0xFFFFu) << 32 | wide >> 16; /* the first digit is to be in the lowest byte */
    wide = ((wide & UINT64_C(0x000000FF000000FF)) << 16) | ((wide >> 8) & UINT64_C(0x000000FF000000FF));
    wide = ((wide & UINT64_C(0x000F000F000F000F)) << 8) | ((wide >> 4) & UINT64_C(0x000F000F000F000F));
    letters = (wide + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    wide += UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    wide = __builtin_bswap64(wide);
#endif
    memcpy(digits, &wide, 8);
}

static void sha1_hex(const char *text, size_t size, char digits[40])
{
    uint32_t state[5] = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
    const unsigned char *data = (const unsigned char *)text;
    unsigned char last[128];
    size_t rest = size % 64, padded = rest < 56 ? 64 : 128, whole = size - rest;
    uint64_t bits = (uint64_t)size * 8;
    int i;
    if (whole)
        sha1_blocks(state, data, whole / 64);
    memset(last, 0, padded);
    if (rest)
        memcpy(last, data + whole, rest);
    last[rest] = 0x80;
    for (i = 0; i < 8; i++)
        last[padded - 1 - i] = (unsigned char)(bits >> (8 * i));
    sha1_blocks(state, last, padded / 64);
    for (i = 0; i < 5; i++)
        put_hex(state[i], digits + 8 * i);
}

#endif
