/* Counting calls against limits in memory that several processes share: see gateway/admission/limits.py, its oracle.
 *
 * A plan says of each limit where it is counted: 64-bit numbers, in the order of `Limited`, then the rows of the other workers.
 * Every offset is held against the size of the memory before anything is read.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define MOST 8 /* limits of one call */
#define ROW 16 /* bytes: minute (8), calls in that minute (4), calls running now (4) */

typedef struct { uint64_t identity, cell, mine, calls, concurrent, others; } Limited;
typedef struct { uint64_t minute; uint32_t calls, running; } Row;

static uint64_t number_at(const uint8_t *at) {
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static Row row_at(const uint8_t *at) {
    Row row;
    memcpy(&row, at, sizeof row);
    return row;
}

/* The limit that the plan tells of at `*at`, which moves behind it; 0 for a plan that is none or leaves the memory. */
static int limited_at(const uint8_t **at, const uint8_t *end, uint64_t size, Limited *limited, const uint8_t **others) {
    if (end - *at < (Py_ssize_t)sizeof *limited) return 0;
    memcpy(limited, *at, sizeof *limited);
    *others = *at + sizeof *limited;
    if (limited->others > (uint64_t)(end - *others) / 8 || size < ROW) return 0;
    if (limited->cell > size - 8 || limited->mine > size - ROW) return 0;
    for (uint64_t i = 0; i < limited->others; i++)
        if (number_at(*others + 8 * i) > size - ROW) return 0;
    *at = *others + 8 * limited->others;
    return 1;
}

static PyObject *no_plan(void) {
    PyErr_SetString(PyExc_ValueError, "this is no plan of that memory");
    return NULL;
}

static PyObject *enter(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer map, plan;
    unsigned long long minute;
    if (!PyArg_ParseTuple(args, "w*y*K", &map, &plan, &minute)) return NULL;
    const uint8_t *at = plan.buf, *end = at + plan.len, *others;
    uint8_t *memory = map.buf;
    struct { uint64_t mine; Row row; } counted[MOST];
    int count = 0, said = 0, fine = 1;
    while (at < end && !said && fine) {
        Limited limited;
        fine = count < MOST && limited_at(&at, end, (uint64_t)map.len, &limited, &others);
        if (!fine) break;
        if (number_at(memory + limited.cell) != limited.identity) {
            said = -1;
            break;
        }
        Row own = row_at(memory + limited.mine);
        if (own.minute != minute) own = (Row){minute, 0, own.running};
        uint64_t calls = own.calls, running = own.running;
        for (uint64_t i = 0; i < limited.others; i++) {
            const Row other = row_at(memory + number_at(others + 8 * i));
            if (other.minute == minute) calls += other.calls;
            running += other.running;
        }
        if (calls >= limited.calls) said = 1 + 2 * count;
        else if (running >= limited.concurrent) said = 2 + 2 * count;
        counted[count].mine = limited.mine;
        counted[count++].row = (Row){minute, own.calls + 1, own.running + 1};
    }
    for (int i = 0; fine && !said && i < count; i++) memcpy(memory + counted[i].mine, &counted[i].row, ROW);
    PyBuffer_Release(&map);
    PyBuffer_Release(&plan);
    return fine ? PyLong_FromLong(said) : no_plan();
}

static PyObject *leave(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer map, plan;
    if (!PyArg_ParseTuple(args, "w*y*", &map, &plan)) return NULL;
    const uint8_t *at = plan.buf, *end = at + plan.len, *others;
    uint8_t *memory = map.buf;
    int fine = 1;
    while (at < end && fine) {
        Limited limited;
        fine = limited_at(&at, end, (uint64_t)map.len, &limited, &others);
        if (!fine) break;
        Row row = row_at(memory + limited.mine);
        if (row.running) row.running--;
        memcpy(memory + limited.mine, &row, ROW);
    }
    PyBuffer_Release(&map);
    PyBuffer_Release(&plan);
    if (!fine) return no_plan();
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"enter", enter, METH_VARARGS,
     "enter(map, plan, minute) -> 0: counted; -1: a name has lost its column; 1 + 2 * i: too many calls of limit i; 2 + 2 * i: at once."},
    {"leave", leave, METH_VARARGS, "leave(map, plan): a call that was counted has ended."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_limits", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__limits(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    return PyModule_Create(&definition);
}
