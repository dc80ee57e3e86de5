/* Pieces of code in a text, in Base64 and in hexadecimal digits, that may stand for a text; and signs of source code.
 *
 * Nothing that may be one is left out. The Python implementation beside it (gateway/inspection/codes_python.py) is its
 * oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define STRETCH 14 /* signs of the shortest code looked at: ten bytes in Base64, seven in hexadecimal digits */
#define ROW 48     /* signs from which on a row of code may go on in the next line */
#define LEADS 4 /* signs looked at, every fourth one: those that begin a byte of text */
#define FEWEST_BYTES 7
enum { IN_FIVES = 16, IN_UTF16 = 32 };
#define FEWEST_FIVES 16
#define WIDE 6 /* one of so many signs of UTF-16 in Base64 is an A at least */

typedef struct { int form; const void *data; Py_ssize_t size; } Text;

static Py_UCS4 read_at(const Text *text, Py_ssize_t at) { return PyUnicode_READ(text->form, text->data, at); }

static int not_a_text(PyObject *given) {
    if (PyUnicode_Check(given)) return 0;
    PyErr_SetString(PyExc_TypeError, "a text expected");
    return 1;
}

static int8_t sextet(Py_UCS4 c) {
    if (c >= 'A' && c <= 'Z') return (int8_t)(c - 'A');
    if (c >= 'a' && c <= 'z') return (int8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9') return (int8_t)(c - '0' + 52);
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int is_printable(unsigned byte) {
    return byte >= 0x80 || (byte >= 0x20 && byte != 0x7F) || byte == '\t' || byte == '\n' || byte == '\r';
}

static int may_be_text(int form, const void *data, Py_ssize_t from, Py_ssize_t size) {
    Py_ssize_t left = size - from;
    if (left % 4 == 1) left--;
    for (Py_ssize_t n = 0; n < LEADS && 4 * n < size - from; n++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, from + 4 * n);
        if (c >= 128 || !c || !strchr("CDIJKLMNOPQRSTUVWXYZabcdef4567w", (int)c)) return 0;
    }
    uint32_t held = 0;
    int bits = 0, bytes = 0;
    for (Py_ssize_t i = from; i < from + left && bytes < FEWEST_BYTES; i++) {
        const int8_t six = sextet(PyUnicode_READ(form, data, i));
        if (six < 0) return 0;
        held = held << 6 | (uint32_t)six;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes++;
        if (!is_printable(held >> bits & 255)) return 0;
    }
    return 1;
}

/* What the signs from a place to before another may be. */
static int shifts_of(int form, const void *data, Py_ssize_t from, Py_ssize_t end) {
    int found = 0, fives = 1;
    const Py_ssize_t size = end - from;
    Py_ssize_t zeros = 0;
    for (Py_ssize_t i = from; i < end; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        fives &= (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
        zeros += c == 'A';
    }
    if (fives && size >= FEWEST_FIVES) found |= IN_FIVES;
    if (size && zeros * WIDE >= size) found |= IN_UTF16;
    for (Py_ssize_t shift = 0; shift < LEADS; shift++)
        if (may_be_text(form, data, from + shift, end)) found |= 1 << shift;
    return found;
}

static PyObject *shifts(PyObject *self, PyObject *code) {
    (void)self;
    if (not_a_text(code)) return NULL;
    return PyLong_FromLong(shifts_of(PyUnicode_KIND(code), PyUnicode_DATA(code), 0, PyUnicode_GET_LENGTH(code)));
}

/* Appends (a, b, c) to a list. */
static int append(PyObject *found, Py_ssize_t a, Py_ssize_t b, Py_ssize_t c) {
    PyObject *row = Py_BuildValue("(nnn)", a, b, c);
    if (row == NULL) return -1;
    const int failed = PyList_Append(found, row);
    Py_DECREF(row);
    return failed;
}

/* A list for what is found in a text; NULL, and an error, for what is none. */
static PyObject *list_for(PyObject *given, Text *text) {
    if (not_a_text(given)) return NULL;
    *text = (Text){PyUnicode_KIND(given), PyUnicode_DATA(given), PyUnicode_GET_LENGTH(given)};
    return PyList_New(0);
}

static PyObject *base64_runs(PyObject *self, PyObject *given) {
    (void)self;
    Text text;
    PyObject *found = list_for(given, &text);
    for (Py_ssize_t end = 0; found != NULL && end < text.size;) {
        const Py_ssize_t start = end;
        while (end < text.size && sextet(read_at(&text, end)) >= 0) end++;
        if (end - start >= STRETCH) {
            const int may = shifts_of(text.form, text.data, start, end);
            if ((may || end - start >= ROW) && append(found, start, end, may) < 0) Py_CLEAR(found);
        }
        end++;
    }
    return found;
}

static int half(Py_UCS4 c) { return c >= '0' && c <= '9' ? (int)c - '0' : c < 128 && (c | 32) >= 'a' && (c | 32) <= 'f' ? (int)(c | 32) - 'a' + 10 : -1; }
static int is_word(Py_UCS4 c) { return (c >= '0' && c <= '9') || (c < 128 && (c | 32) >= 'a' && (c | 32) <= 'z'); }

static unsigned byte_at(int form, const void *data, Py_ssize_t at) {
    return (unsigned)(half(PyUnicode_READ(form, data, at)) << 4 | half(PyUnicode_READ(form, data, at + 1)));
}

/* Whether the bytes that these digits stand for may be a text: the first of them printable, or many of them zero, each other one. */
static int bytes_may_be_text(int form, const void *data, Py_ssize_t first, Py_ssize_t end) {
    const Py_ssize_t bytes = (end - first) / 2;
    Py_ssize_t n = 0, zeros[2] = {0, 0};
    while (n < bytes && n < FEWEST_BYTES && is_printable(byte_at(form, data, first + 2 * n))) n++;
    if (n == FEWEST_BYTES) return 1;
    if (bytes < 2 * FEWEST_BYTES) return 0;
    const Py_ssize_t seen = bytes < 64 ? bytes : 64;
    for (n = 0; n < seen; n++) zeros[n & 1] += !byte_at(form, data, first + 2 * n);
    return !(zeros[0] && zeros[1]) && (zeros[0] + zeros[1]) * 8 >= seen;
}

static PyObject *hex_runs(PyObject *self, PyObject *given) {
    (void)self;
    Text text;
    PyObject *found = list_for(given, &text);
    for (Py_ssize_t end = 0; found != NULL && end < text.size; end++) {
        const Py_ssize_t start = end;
        while (end < text.size && half(read_at(&text, end)) >= 0) end++;
        if (end - start < STRETCH || (end < text.size && is_word(read_at(&text, end)))) continue;
        const Py_UCS4 last = start ? read_at(&text, start - 1) : 0;
        const Py_UCS4 before = start > 1 ? read_at(&text, start - 2) : 0;
        const int led = ((last == 'x' || last == 'X') && before == '0') || (last == 'x' && (before == '\\' || before == '#'));
        if (!led && is_word(last)) continue;
        const Py_ssize_t first = start + (end - start) % 2;
        if (bytes_may_be_text(text.form, text.data, first, end) && append(found, led ? start - 2 : start, first, end) < 0) Py_CLEAR(found);
    }
    return found;
}

/* ---- source code ---- */

static int ends_with(int form, const void *data, Py_ssize_t end, const char *word) {
    const Py_ssize_t size = (Py_ssize_t)strlen(word);
    if (end < size) return 0;
    for (Py_ssize_t i = size; i--;)
        if (PyUnicode_READ(form, data, end - size + i) != (Py_UCS4)word[i]) return 0;
    return 1;
}

static int ends_with_any(int form, const void *data, Py_ssize_t end, const char *const *words) {
    for (; *words != NULL; words++)
        if (ends_with(form, data, end, *words)) return 1;
    return 0;
}

static const char *const LINE_ENDS[] = {";", "{", "}", "):", "end", "done", NULL};
static const char *const WORDS_OF_CODE[] = {"import", "def", "function", "SELECT", "<-", NULL};

/* Whether what ends before `end`, of which the last sign is `c`, is a sign of source code. */
static int is_sign(int form, const void *data, Py_ssize_t end, Py_UCS4 c) {
    switch (c) {
    case '\n': return ends_with_any(form, data, end - 1, LINE_ENDS);
    case ' ': return ends_with_any(form, data, end - 1, WORDS_OF_CODE);
    case '>': return ends_with(form, data, end, "=>");
    case '/': return ends_with(form, data, end, "</");
    case 'e': return ends_with(form, data, end, "#include");
    default: return 0;
    }
}

static uint32_t last_two[128]; /* of the last character of a sign, the lowest five bits of those that stand before it */

static void before_each(Py_UCS4 last, const char *const *words) {
    for (; *words != NULL; words++) last_two[last] |= (uint32_t)1 << ((*words)[strlen(*words) - 1] & 31);
}

static void prepare(void) {
    before_each('\n', LINE_ENDS);
    before_each(' ', WORDS_OF_CODE);
    last_two['>'] |= (uint32_t)1 << ('=' & 31);
    last_two['/'] |= (uint32_t)1 << ('<' & 31);
    last_two['e'] |= (uint32_t)1 << ('d' & 31);
}

/* source_signs(text, lines) */
static PyObject *source_signs(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text and a number of lines expected");
        return NULL;
    }
    const Py_ssize_t fewest = PyLong_AsSsize_t(args[1]), size = PyUnicode_GET_LENGTH(args[0]);
    if (fewest == -1 && PyErr_Occurred()) return NULL;
    const int form = PyUnicode_KIND(args[0]);
    const void *data = PyUnicode_DATA(args[0]);
    Py_ssize_t lines = 0;
    for (Py_ssize_t i = 0; i < size && lines < fewest; i++) lines += PyUnicode_READ(form, data, i) == '\n';
    if (lines < fewest) Py_RETURN_FALSE;
    Py_UCS4 before = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c < 128 && before < 128 && last_two[c] >> (before & 31) & 1 && is_sign(form, data, i + 1, c)) Py_RETURN_TRUE;
        before = c;
    }
    Py_RETURN_FALSE;
}

static PyMethodDef methods[] = {
    {"shifts", shifts, METH_O, "shifts(code) -> bits: from which of its first four signs on Base64 may be a text; 16 if it may be Base32, 32 if UTF-16."},
    {"base64_runs", base64_runs, METH_O, "base64_runs(text) -> [(start, end, shifts), ...]: what may be code, or begin it."},
    {"hex_runs", hex_runs, METH_O, "hex_runs(text) -> [(begin, first, end), ...]: hexadecimal digits that may be a text, and where they are announced."},
    {"source_signs", (PyCFunction)(void (*)(void))source_signs, METH_FASTCALL,
     "source_signs(text, lines) -> bool: whether it has so many lines' ends, and a sign of source code."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_codes", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__codes(void) {
    prepare();
    return PyModule_Create(&definition);
}
