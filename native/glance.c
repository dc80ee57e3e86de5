/* What a text may hold, at a glance: one pass that tells which of the searches after it can find anything.
 *
 * Every flag is wrong only in saying yes. The Python implementation beside it (gateway/inspection/glance_python.py) says
 * what each of them means, and is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum {
    ESCAPE = 1, PERCENT = 2, ENTITY = 4, PLUS = 8, UNDER = 16, SAID = 32, SPELLED = 64, DIGITS = 128, APART = 256,
    GROUPED = 512, MISTAKEN = 1024, CODE = 2048, HEX = 4096, PAIRED = 8192
};

/* Of a character of ASCII. The lowest two bits are its form: 0 a sign, 1 a digit, 2 one that is mistaken for one, 3 a letter. */
enum { FORM = 3, BLANK = 4, HEXED = 8, MADE = 16, BETWEEN = 32, ENGLISH = 64, PINYIN = 128 };
#define DIGIT 1
#define LETTER 3

#define STRETCH 14
#define ENGLISH_LETTERS 21
#define PINYIN_LETTERS 18
#define FEW_DIGITS 7

static uint8_t kinds[128];

static void fill(void) {
    for (int c = 0; c < 128; c++) {
        const int digit = c >= '0' && c <= '9', small = c | 32, letter = small >= 'a' && small <= 'z';
        unsigned kind = digit ? DIGIT : strchr("OoIl", c) && c ? 2 : letter ? LETTER : 0;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') kind |= BLANK;
        if (digit || (small >= 'a' && small <= 'f')) kind |= HEXED;
        if (digit || letter || (c && strchr("+/_-", c))) kind |= MADE;
        if (c && strchr(" ,.-/;|_\n\r\t0123456789", c)) kind |= BETWEEN;
        if (letter && strchr("zerohntwfuivsxg", small)) kind |= ENGLISH;
        if (letter && strchr("lingyaoersuwqbjd", small)) kind |= PINYIN;
        kinds[c] = (uint8_t)kind;
    }
}

/* The last forms, two bits each, end in these: 1 for a digit, 2 for one mistaken, 0 for a sign. */
static uint64_t forms(const char *pattern, uint64_t *mask) {
    uint64_t value = 0;
    *mask = 0;
    for (; *pattern; pattern++) {
        value = value << 2 | (*pattern == '1' ? 1u : *pattern == 'o' ? 2u : 0u);
        *mask = *mask << 2 | 3;
    }
    return value;
}

static uint32_t bits(const char *pattern, uint32_t *mask) {
    uint32_t value = 0;
    *mask = 0;
    for (; *pattern; pattern++) {
        value = value << 1 | (*pattern != ' ');
        *mask = *mask << 1 | 1;
    }
    return value;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
static const char *const FORMS[] = {"1 1 1 1", "1  1  1  1", "11 1", "11  1", "11   1", "11    1", "1o", "o1", "o 1", "1 o"};
static const int SAYS[] = {APART, APART, GROUPED, GROUPED, GROUPED, GROUPED, MISTAKEN, MISTAKEN, MISTAKEN, MISTAKEN};
static const char *const PAIRS[] = {"aa aa aa aa", "aa  aa  aa  aa", " aa a aa a aa", " aa  a aa  a aa"};
static uint64_t form_value[COUNT(FORMS)], form_mask[COUNT(FORMS)];
static uint32_t pair_value[COUNT(PAIRS)], pair_mask[COUNT(PAIRS)], spelled_value, spelled_mask;

static void prepare(void) {
    fill();
    for (size_t i = 0; i < COUNT(FORMS); i++) form_value[i] = forms(FORMS[i], &form_mask[i]);
    for (size_t i = 0; i < COUNT(PAIRS); i++) pair_value[i] = bits(PAIRS[i], &pair_mask[i]);
    spelled_value = bits(" a a a a a a a", &spelled_mask);
}

static int is_hex(Py_UCS4 c) { return c < 128 && kinds[c] & HEXED; }
static int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
static int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z' && c < 128; }

static int seen_in(int form, const void *data, Py_ssize_t size) {
    uint64_t last = 0;              /* forms */
    uint32_t hexed = 0, blanks = 0; /* hexadecimal or not; visible or not */
    Py_ssize_t digits = 0, made = 0, hex = 0, english = 0, pinyin = 0;
    int flags = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c >= 128) {
            const Py_ssize_t letters = c < 0x10000 ? 2 : 3; /* bytes of it that may be a vowel's with a tone */
            english = c < 0x800 ? english + 2 : letters;
            pinyin = c < 0x800 ? pinyin + 2 : letters;
            if (english >= ENGLISH_LETTERS || pinyin >= PINYIN_LETTERS) flags |= SAID;
            last = last << 2 | LETTER;
            hexed <<= 1;
            blanks = blanks << 1 | 1;
            made = hex = 0;
        } else {
            const unsigned kind = kinds[c];
            if (!(kind & BETWEEN)) {
                english = kind & ENGLISH ? english + 1 : 0;
                pinyin = kind & PINYIN ? pinyin + 1 : 0;
                if (english >= ENGLISH_LETTERS || pinyin >= PINYIN_LETTERS) flags |= SAID;
            }
            last = last << 2 | (kind & FORM);
            hexed = hexed << 1 | ((kind & HEXED) != 0);
            blanks = blanks << 1 | !(kind & BLANK);
            made = kind & MADE ? made + 1 : 0;
            hex = kind & HEXED ? hex + 1 : 0;
            if (made >= STRETCH) flags |= hex >= STRETCH ? CODE | HEX : CODE;
            if ((kind & FORM) == DIGIT || (kind & FORM) == 2) {
                digits += (kind & FORM) == DIGIT;
                for (size_t n = 0; n < COUNT(FORMS); n++)
                    if ((last & form_mask[n]) == form_value[n]) flags |= SAYS[n];
            } else if (!kind || c == '_' || c == '+' || c == '/') {
                const Py_UCS4 next = i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0;
                const Py_UCS4 before = i ? PyUnicode_READ(form, data, i - 1) : 0;
                if (c == '\\') flags |= ESCAPE;
                else if (c == '%' && (is_hex(next) || next == 'u')) flags |= PERCENT;
                else if (c == '&' && (is_letter(next) || next == '#')) flags |= ENTITY;
                else if (c == '+' && is_digit(before) && is_digit(next)) flags |= PLUS;
                else if (c == '_' && is_letter(before) && is_digit(next)) flags |= UNDER;
            }
            if (kind & HEXED)
                for (size_t n = 0; n < COUNT(PAIRS); n++)
                    if ((hexed & pair_mask[n]) == pair_value[n]) flags |= PAIRED;
        }
        if ((blanks & spelled_mask) == spelled_value) flags |= SPELLED;
    }
    if (digits >= FEW_DIGITS) flags |= DIGITS;
    if (digits <= FEW_DIGITS) flags &= ~PAIRED;
    return flags;
}

static PyObject *glance(PyObject *self, PyObject *text) {
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text expected");
        return NULL;
    }
    /* Called with constants, so that each width of characters has a loop of its own. */
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_1BYTE_KIND, data, size));
    case PyUnicode_2BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_2BYTE_KIND, data, size));
    default: return PyLong_FromLong(seen_in(PyUnicode_4BYTE_KIND, data, size));
    }
}

/* ---- seams: where a value may go on behind a line's end, a tag, a comment, a joint of two strings ---- */

static int is_seam(Py_UCS4 c, Py_UCS4 next) {
    switch (c) {
    case '\n': case '<': case '"': case '\'': case '`': return 1;
    case '/': case '*': return next == '*';
    default: return 0;
    }
}

/* Whether a value may end before `at`: blanks left out, a digit within four characters or a mail address's sign in 28. */
static int may_go_on(int form, const void *data, Py_ssize_t at, int anyhow) {
    const Py_ssize_t floor = at > 8 ? at - 8 : 0;
    while (at > floor) {
        const Py_UCS4 c = PyUnicode_READ(form, data, at - 1);
        if (c != ' ' && c != '\t' && c != '\r' && c != '\\' && c != '-' && c != '=') break;
        at--;
    }
    if (!at) return 0;
    const Py_UCS4 last = PyUnicode_READ(form, data, at - 1);
    if (last != '@' && last != '.' && last != '_' && !Py_UNICODE_ISALNUM(last)) return 0;
    if (anyhow) return 1;
    for (Py_ssize_t i = at - 1; i >= 0 && i >= at - 4; i--)
        if (Py_UNICODE_ISDIGIT(PyUnicode_READ(form, data, i))) return 1;
    for (Py_ssize_t i = at - 1; i >= 0 && i >= at - 28; i--)
        if (PyUnicode_READ(form, data, i) == '@') return 1;
    return 0;
}

static PyObject *signs(PyObject *self, PyObject *text) {
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text expected");
        return NULL;
    }
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    PyObject *found = PyList_New(0);
    if (found == NULL) return NULL;
    int anyhow = 0; /* an address whose sign begins what follows a seam: then every value may go on */
    for (Py_ssize_t i = 1; i < size && !anyhow; i++)
        anyhow = PyUnicode_READ(form, data, i) == '@' && !Py_UNICODE_ISALNUM(PyUnicode_READ(form, data, i - 1));
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c > '`' || !is_seam(c, i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0)) continue;
        if (!may_go_on(form, data, i, anyhow)) continue;
        PyObject *place = PyLong_FromSsize_t(i);
        if (place == NULL || PyList_Append(found, place) < 0) {
            Py_XDECREF(place);
            Py_DECREF(found);
            return NULL;
        }
        Py_DECREF(place);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"glance", glance, METH_O, "glance(text) -> flags: what the text may hold."},
    {"signs", signs, METH_O, "signs(text) -> [place, ...]: signs over which a value may go on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_glance", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__glance(void) {
    prepare();
    return PyModule_Create(&definition);
}
