/* Where a pass over a text hit: collected without Python code, then in order, in code points, and without those that need a
 * word before them which does not stand there.
 *
 * The Python implementation beside it (gateway/inspection/hits_python.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    PyObject_HEAD
    uint64_t *hits; /* start << 32 | number */
    size_t count, room;
    PyObject *literals; /* NULL, or of each literal a number of four bytes: its length in bytes, and whether it stands as a word */
} Hits;

enum { LENGTH = 0xFFFF, BEGINS_WORD = 1 << 16, ENDS_WORD = 1 << 17 };

static PyObject *hits_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *literals = NULL;
    if (names != NULL && PyDict_GET_SIZE(names)) {
        PyErr_SetString(PyExc_TypeError, "no names expected");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "|S", &literals)) return NULL;
    Hits *self = (Hits *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    Py_XINCREF(literals);
    self->literals = literals;
    self->hits = NULL;
    self->count = self->room = 0;
    return (PyObject *)self;
}

static void hits_free(PyObject *object) {
    PyMem_Free(((Hits *)object)->hits);
    Py_XDECREF(((Hits *)object)->literals);
    Py_TYPE(object)->tp_free(object);
}

static int add(Hits *self, uint64_t hit) {
    if (self->count == self->room) {
        const size_t room = self->room ? 2 * self->room : 64;
        uint64_t *hits = PyMem_Realloc(self->hits, room * sizeof *hits);
        if (hits == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->hits = hits;
        self->room = room;
    }
    self->hits[self->count++] = hit;
    return 0;
}

/* What is known of a literal; none of its number: -1. */
static int literal_of(const Hits *self, unsigned long number, uint32_t *literal) {
    if (number >= (size_t)PyBytes_GET_SIZE(self->literals) / sizeof *literal) {
        PyErr_SetString(PyExc_ValueError, "a number beyond the literals");
        return -1;
    }
    memcpy(literal, PyBytes_AS_STRING(self->literals) + number * sizeof *literal, sizeof *literal);
    return 0;
}

/* Hyperscan's callback: (number, start, end, flags, context). It does not know where a literal starts, only where it ends. */
static PyObject *hits_call(PyObject *object, PyObject *args, PyObject *names) {
    (void)names;
    const Hits *self = (const Hits *)object;
    if (PyTuple_GET_SIZE(args) < (self->literals == NULL ? 2 : 3)) {
        PyErr_SetString(PyExc_TypeError, "a number, a start and an end expected");
        return NULL;
    }
    const unsigned long number = PyLong_AsUnsignedLong(PyTuple_GET_ITEM(args, 0));
    unsigned long start = PyLong_AsUnsignedLong(PyTuple_GET_ITEM(args, self->literals == NULL ? 1 : 2));
    if (PyErr_Occurred()) return NULL;
    uint32_t literal;
    if (self->literals != NULL) {
        if (literal_of(self, number, &literal) < 0) return NULL;
        start -= (literal & LENGTH) <= start ? literal & LENGTH : start;
    }
    if (number > UINT32_MAX || start > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a number or a start is too large");
        return NULL;
    }
    if (add((Hits *)object, (uint64_t)start << 32 | number) < 0) return NULL;
    Py_RETURN_NONE;
}

static int by_start(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* They come ordered by their ends, so nearly in order. */
static void in_order(uint64_t *hits, size_t count) {
    if (count > 128) {
        qsort(hits, count, sizeof *hits, by_start);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        const uint64_t hit = hits[i];
        size_t at = i;
        for (; at && hits[at - 1] > hit; at--) hits[at] = hits[at - 1];
        hits[at] = hit;
    }
}

#define FEW 256

/* What needs which word, as numbers side by side: see `Needs.packed`. */
typedef struct {
    const int32_t *needs;   /* of each anchor its group, -1 for none */
    const int32_t *bounds;  /* of each word where its groups begin in `members`; one more at the end */
    const int32_t *members; /* groups */
    Py_ssize_t anchors, words, groups, listed;
    int64_t within;
} Plan;

static int unpacked(const Py_buffer *buffer, Plan *plan) {
    const int32_t *head = buffer->buf;
    const Py_ssize_t size = buffer->len / (Py_ssize_t)sizeof *head;
    if (size < 5) return -1;
    plan->anchors = head[0];
    plan->words = head[1];
    plan->groups = head[2];
    plan->listed = head[3];
    plan->within = head[4];
    if (plan->anchors < 0 || plan->words < 0 || plan->groups < 0 || plan->listed < 0) return -1;
    if (plan->groups > plan->listed) return -1; /* each has a word */
    if (size != 5 + plan->anchors + plan->words + 1 + plan->listed) return -1;
    plan->needs = head + 5;
    plan->bounds = plan->needs + plan->anchors;
    plan->members = plan->bounds + plan->words + 1;
    for (Py_ssize_t i = 0; i < plan->anchors; i++)
        if (plan->needs[i] < -1 || plan->needs[i] >= plan->groups) return -1;
    for (Py_ssize_t i = 0; i <= plan->words; i++)
        if (plan->bounds[i] < 0 || plan->bounds[i] > plan->listed || (i && plan->bounds[i] < plan->bounds[i - 1])) return -1;
    for (Py_ssize_t i = 0; i < plan->listed; i++)
        if (plan->members[i] < 0 || plan->members[i] >= plan->groups) return -1;
    return 0;
}

static int append(PyObject *found, uint32_t number, Py_ssize_t at) {
    PyObject *hit = PyTuple_New(2), *first = PyLong_FromUnsignedLong(number), *second = PyLong_FromSsize_t(at);
    if (hit == NULL || first == NULL || second == NULL) {
        Py_XDECREF(hit);
        Py_XDECREF(first);
        Py_XDECREF(second);
        return -1;
    }
    PyTuple_SET_ITEM(hit, 0, first);
    PyTuple_SET_ITEM(hit, 1, second);
    const int failed = PyList_Append(found, hit);
    Py_DECREF(hit);
    return failed;
}

static int is_of_word(const uint8_t *content, Py_ssize_t size, Py_ssize_t at) {
    if (at < 0 || at >= size) return 0;
    const uint8_t c = content[at];
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

/* Whether a literal that is a word stands as one. */
static int is_whole(const Hits *self, uint64_t hit, const uint8_t *content, Py_ssize_t size) {
    uint32_t literal;
    if (literal_of(self, (uint32_t)hit, &literal) < 0) return -1;
    const Py_ssize_t at = (Py_ssize_t)(hit >> 32);
    if (literal & BEGINS_WORD && is_of_word(content, size, at - 1)) return 0;
    return !(literal & ENDS_WORD && is_of_word(content, size, at + (Py_ssize_t)(literal & LENGTH)));
}

static PyObject *chosen(Hits *self, const uint8_t *content, Py_ssize_t size, int plain, const Plan *plan, int64_t *last) {
    PyObject *found = PyList_New(0);
    if (found == NULL) return NULL;
    in_order(self->hits, self->count);
    Py_ssize_t byte = 0, point = 0;
    for (size_t i = 0; i < self->count; i++) {
        const uint64_t hit = self->hits[i];
        if (i && hit == self->hits[i - 1]) continue;
        const uint32_t number = (uint32_t)hit;
        Py_ssize_t at = (Py_ssize_t)(hit >> 32);
        if (self->literals != NULL) {
            const int whole = is_whole(self, hit, content, size);
            if (whole < 0) {
                Py_DECREF(found);
                return NULL;
            }
            if (!whole) continue;
        }
        if (!plain) {
            for (const Py_ssize_t behind = at < size ? at : size; byte < behind; byte++) point += (content[byte] & 0xC0) != 0x80;
            at = point;
        }
        if (plan != NULL && number >= (size_t)plan->anchors) {
            const Py_ssize_t word = (Py_ssize_t)number - plan->anchors;
            if (word >= plan->words) continue;
            for (int32_t n = plan->bounds[word]; n < plan->bounds[word + 1]; n++) last[plan->members[n]] = at;
            continue;
        }
        if (plan != NULL && plan->needs[number] >= 0 && last[plan->needs[number]] < at - plan->within) continue;
        if (append(found, number, at) < 0) {
            Py_DECREF(found);
            return NULL;
        }
    }
    self->count = 0;
    return found;
}

/* take(content, points, plan) */
static PyObject *hits_take(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    Hits *self = (Hits *)object;
    if (count != 3 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "bytes, a number of code points and a plan expected");
        return NULL;
    }
    const Py_ssize_t points = PyLong_AsSsize_t(args[1]), size = PyBytes_GET_SIZE(args[0]);
    if (points == -1 && PyErr_Occurred()) return NULL;
    if (!self->count) return PyList_New(0);
    const uint8_t *content = (const uint8_t *)PyBytes_AS_STRING(args[0]);
    Py_buffer buffer;
    if (PyObject_GetBuffer(args[2], &buffer, PyBUF_SIMPLE) < 0) return NULL;
    Plan plan;
    int64_t few[FEW], *last = few;
    PyObject *found = NULL;
    if (buffer.len && unpacked(&buffer, &plan) < 0) {
        PyErr_SetString(PyExc_ValueError, "the plan is damaged");
        goto done;
    }
    if (buffer.len) {
        if (plan.groups > FEW && (last = PyMem_Malloc((size_t)plan.groups * sizeof *last)) == NULL) {
            PyErr_NoMemory();
            goto done;
        }
        for (Py_ssize_t i = 0; i < plan.groups; i++) last[i] = INT64_MIN / 2; /* nowhere yet */
    }
    found = chosen(self, content, size, points == size, buffer.len ? &plan : NULL, last);
    if (last != few) PyMem_Free(last);
done:
    PyBuffer_Release(&buffer);
    return found;
}

static PyMethodDef hits_methods[] = {
    {"take", (PyCFunction)(void (*)(void))hits_take, METH_FASTCALL,
     "take(content, points, plan) -> [(number, code point), ...]: what was hit, in order; begins anew."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject HitsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "gateway.inspection._hits.Hits",
    .tp_basicsize = sizeof(Hits),
    .tp_dealloc = hits_free,
    .tp_call = hits_call,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Hits(literals=None): takes each hit of one scan when called; not for two scans at a time.",
    .tp_methods = hits_methods,
    .tp_new = hits_new,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_hits", NULL, 0, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__hits(void) {
    if (PyType_Ready(&HitsType) < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    Py_INCREF(&HitsType);
    if (PyModule_AddObject(module, "Hits", (PyObject *)&HitsType) < 0) {
        Py_DECREF(&HitsType);
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
