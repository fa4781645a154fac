/* Escaping for HTML, for characters of 1, 2 and 4 bytes: how much a text grows, and the text that it becomes. */

#ifndef TORNADOLIKE_ESCAPE_HTML_H
#define TORNADOLIKE_ESCAPE_HTML_H

#include <Python.h>
#include <stdint.h>

/* By how much each character grows: & < > " ' are all below 64. */
static const uint8_t html_growth[64] = {
    ['&'] = 4, ['<'] = 3, ['>'] = 3, ['"'] = 5, ['\''] = 5,
};

static const char *html_entity(unsigned character)
{
    switch (character) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return "&#x27;";
    }
}

/* A text of Python has at the most PY_SSIZE_T_MAX bytes, and may grow to six times that. */
#define HTML_ESCAPING(width, type)                                                                              \
    static Py_ssize_t growth_##width(const void *text, Py_ssize_t size)                                         \
    {                                                                                                           \
        const type *at = text, *end = at + size;                                                                \
        size_t growth = 0;                                                                                      \
        if (size > PY_SSIZE_T_MAX / 6 / (Py_ssize_t)sizeof(type) - 64)                                          \
            return -1;                                                                                          \
        for (; at < end; at++)                                                                                  \
            growth += *at < 64 ? html_growth[*at] : 0;                                                          \
        return (Py_ssize_t)growth;                                                                              \
    }                                                                                                           \
                                                                                                                \
    static void escape_##width(const void *text, Py_ssize_t size, void *to)                                     \
    {                                                                                                           \
        const type *at = text, *end = at + size;                                                                \
        type *out = to;                                                                                         \
        for (; at < end; at++) {                                                                                \
            if (*at < 64 && html_growth[*at]) {                                                                 \
                for (const char *entity = html_entity(*at); *entity; entity++)                                  \
                    *out++ = (type)*entity;                                                                     \
            } else {                                                                                            \
                *out++ = *at;                                                                                   \
            }                                                                                                   \
        }                                                                                                       \
    }

HTML_ESCAPING(1, uint8_t)
HTML_ESCAPING(2, uint16_t)
HTML_ESCAPING(4, uint32_t)

#endif
