/* The mail address around an `@`, as people write it.
 *
 * The Python implementation beside it (gateway/inspection/mail_python.py) says in expressions what is one, and is its oracle in
 * the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define LONGEST_LOCAL 64
#define LONGEST_LABEL 63
#define MOST_LABELS 6
#define LONGEST_TOP 24
#define BESIDE 16 /* characters beside an address in which a dot in words would join more to it */

static int is_letter(Py_UCS4 c) { return c < 128 && (c | 32) >= 'a' && (c | 32) <= 'z'; }
static int is_plain(Py_UCS4 c) { return is_letter(c) || (c >= '0' && c <= '9'); }
static int is_of_label(Py_UCS4 c) { return is_plain(c) || (c >= 0xC0 && c <= 0x24F); }
static int is_of_local(Py_UCS4 c) {
    return is_of_label(c) || c == '_' || c == '.' || c == '+' || c == '%' || c == '-';
}

typedef struct { int form; const void *data; Py_ssize_t size; } Text;

static Py_UCS4 read_at(const Text *text, Py_ssize_t at) {
    return at >= 0 && at < text->size ? PyUnicode_READ(text->form, text->data, at) : 0;
}

/* Behind the top-level domain that begins at a place, -1 where there is none. */
static Py_ssize_t top_end(const Text *text, Py_ssize_t at) {
    Py_ssize_t end = at;
    while (is_letter(read_at(text, end))) end++;
    if (end - at < 2 || end - at > LONGEST_TOP || is_plain(read_at(text, end))) return -1;
    return end;
}

/* Behind the domain whose `@` stands at a place: as many labels as may be, -1 where there is none. */
static Py_ssize_t domain_end(const Text *text, Py_ssize_t at) {
    Py_ssize_t found = -1, label = at + 1;
    for (int n = 0; n < MOST_LABELS; n++) {
        Py_ssize_t end = label;
        while (end - label <= LONGEST_LABEL && (is_of_label(read_at(text, end)) || read_at(text, end) == '-')) end++;
        if (end == label || end - label > LONGEST_LABEL || read_at(text, end) != '.') break;
        if (read_at(text, label) == '-' || read_at(text, end - 1) == '-') break;
        label = end + 1;
        const Py_ssize_t top = top_end(text, label);
        if (top >= 0) found = top;
    }
    return found;
}

static Py_UCS4 folded(Py_UCS4 c) {
    if (c >= 'A' && c <= 'Z') return c | 32;
    return c == 0x130 || c == 0x131 ? 'i' : c == 0x212A ? 'k' : c;
}

static int says(const Text *text, Py_ssize_t at, Py_ssize_t end, const char *word) {
    for (; *word; word++, at++)
        if (at >= end || folded(read_at(text, at)) != (Py_UCS4)*word) return 0;
    return 1;
}

/* Whether a dot in words, or set apart, stands between two places. */
static int has_dot(const Text *text, Py_ssize_t from, Py_ssize_t end) {
    for (Py_ssize_t i = from < 0 ? 0 : from; i < end && i < text->size; i++) {
        const Py_UCS4 c = read_at(text, i);
        switch (c) {
        case 'd': case 'D':
            if (says(text, i + 1, end, "ot")) return 1;
            break;
        case 'p': case 'P':
            if (says(text, i + 1, end, "unkt") || says(text, i + 1, end, "oint") || says(text, i + 1, end, "unto") ||
                says(text, i + 1, end, "onto"))
                return 1;
            break;
        case 0x70B9: return 1; /* the Chinese word */
        case '(': case '[': case '{': case '<':
            if (says(text, i + 1, end, ".") || says(text, i + 1, end, " .")) return 1;
            break;
        case ' ':
            if (says(text, i + 1, end, ". ")) return 1;
            break;
        default: break;
        }
    }
    return 0;
}

#define LONGEST_SAID 60 /* of the first name behind an `@` whose dots are words */

static int is_of_said(Py_UCS4 c) { return is_plain(c) || c == '-' || c == 0x130 || c == 0x131 || c == 0x17F || c == 0x212A; }
static int opens(Py_UCS4 c) { return c == '(' || c == '[' || c == '{' || c == '<' || c == 0x70B9; }

/* Whether an address may stand around the `@` at a place whose dots are words: by what stands behind its first name. */
static int may_be_said(const Text *text, Py_ssize_t at) {
    Py_ssize_t begin = at + 1;
    if (read_at(text, begin) == ' ' || read_at(text, begin) == '\t') begin++;
    Py_ssize_t i = begin;
    for (; i - begin < LONGEST_SAID && is_of_said(read_at(text, i)); i++)
        if (i > begin && i - begin <= LONGEST_SAID - 4 && says(text, i, text->size, "-dot-")) return 1;
    if (i == begin) return 0;
    if (i - begin <= LONGEST_SAID - 4 && says(text, i, text->size, "-dot-")) return 1;
    const Py_UCS4 c = read_at(text, i);
    if (c == '.' || opens(c)) return 1;
    if (c != ' ') return 0;
    if (opens(read_at(text, i + 1))) return 1;
    static const char *const WORDS[] = {"dot ", "punkt ", "point ", "punto ", "ponto ", ". "};
    for (size_t n = 0; n < sizeof WORDS / sizeof *WORDS; n++)
        if (says(text, i + 1, text->size, WORDS[n])) return 1;
    return 0;
}

/* What is said of an `@` that stands in no address of the usual form. */
static PyObject *otherwise(const Text *text, Py_ssize_t at) {
    if (!may_be_said(text, at)) Py_RETURN_NONE;
    return Py_BuildValue("(iiO)", -1, -1, Py_True);
}

/* address(text, at) */
static PyObject *address(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text and a place expected");
        return NULL;
    }
    const Text text = {PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), PyUnicode_GET_LENGTH(args[0])};
    const Py_ssize_t at = PyLong_AsSsize_t(args[1]);
    if (at == -1 && PyErr_Occurred()) return NULL;
    if (read_at(&text, at) != '@') Py_RETURN_NONE;
    const Py_ssize_t local = read_at(&text, at - 1) == '\n' ? at - 1 : at, floor = at > LONGEST_LOCAL ? at - LONGEST_LOCAL : 0;
    Py_ssize_t start = local;
    while (start > floor && is_of_local(read_at(&text, start - 1))) start--;
    if (start == local) return otherwise(&text, at);
    const Py_ssize_t end = domain_end(&text, at);
    if (end < 0) return otherwise(&text, at);
    return Py_BuildValue("(nnO)", start, end, local < at || has_dot(&text, start - BESIDE, end + BESIDE) ? Py_True : Py_False);
}

static PyMethodDef methods[] = {
    {"address", (PyCFunction)(void (*)(void))address, METH_FASTCALL,
     "address(text, at) -> (start, end, said) | None: the address around an `@`, and whether another may stand there with a dot in "
     "words; (-1, -1, True) where only that one may be."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_mail", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__mail(void) { return PyModule_Create(&definition); }
