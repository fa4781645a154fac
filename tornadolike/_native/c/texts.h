/* Python's texts as bytes, without making an object. */
#ifndef TORNADOLIKE_TEXTS_H
#define TORNADOLIKE_TEXTS_H

#include <Python.h>

/* The characters of a text in latin-1 (which is what Python keeps in one byte a character); NULL for others. */
static inline const char *latin1_of(PyObject *text, Py_ssize_t *size) {
    if (!PyUnicode_Check(text) || PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND)
        return NULL;
    *size = PyUnicode_GET_LENGTH(text);
    return (const char *)PyUnicode_1BYTE_DATA(text);
}

/* Whether these may stand in the value of a field without a further look: no control characters. (The tab is allowed,
 * but rare: it is left to the reference.) */
static inline int is_plain_value(const char *text, Py_ssize_t size) {
    Py_ssize_t i;
    unsigned char wrong = 0;
    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        wrong |= (c < 0x20) | (c == 0x7f);
    }
    return !wrong;
}

/* Whether these are a token (RFC 9110 section 5.6.2), which the name of a field is. */
static inline int is_token(const char *text, Py_ssize_t size) {
    static const unsigned char good[256] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
        ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
        ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
        ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
        ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1,
        ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1,
        ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1,
        ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['~'] = 1,
    };
    Py_ssize_t i;
    for (i = 0; i < size; i++)
        if (!good[(unsigned char)text[i]])
            return 0;
    return size > 0;
}

#endif
