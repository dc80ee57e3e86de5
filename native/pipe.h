/* A part of events.c: from what a provider's connection has read to what a caller's connection sends, in one call.
 *
 * Only for whole chunks of HTTP (RFC 9112, section 7.1) without extensions whose events one lane takes to the last; a chunk of
 * which it would take a part is left as if nobody had looked at it. What goes on is one chunk for all that was read.
 */
#define MOST 65536 /* bytes of one read */
#define WAITING 16384 /* bytes that wait to be digested */
#define SIZE_DIGITS 6
#define SIZE_LINE 8 /* room for the size of a chunk that goes on, and its line end: events grow little on their way */

typedef struct {
    PyObject_HEAD
    PyObject *caller, *flow, *transport, *write;
    Lane *lane; /* NULL: closed */
    double heard;
    Out received, delivered, sent;
} Pipe;

static PyObject *name_disconnected, *name_write_paused, *name_pending;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Where the content of a chunk stands that begins at `at`, and where the chunk ends; 0 if it is not whole, or the last. */
static Py_ssize_t chunk_at(const byte *text, Py_ssize_t size, Py_ssize_t at, Py_ssize_t content[2]) {
    Py_ssize_t length = 0, first = at;
    for (; at < size && at - first < SIZE_DIGITS; at++) {
        int c = text[at], digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) break;
        length = length * 16 + digit;
    }
    if (at == first || !length || size - at < length + 4 || text[at] != '\r' || text[at + 1] != '\n') return 0;
    content[0] = at + 2;
    content[1] = at = at + 2 + length;
    return text[at] == '\r' && text[at + 1] == '\n' ? at + 2 : 0;
}

/* 1 if a truth is told by an attribute, 0 if not, -1 for an error. */
static int told(PyObject *object, PyObject *name) {
    PyObject *value = PyObject_GetAttr(object, name);
    if (value == NULL) return -1;
    int truth = value == Py_True ? 1 : value == Py_False ? 0 : PyObject_IsTrue(value);
    Py_DECREF(value);
    return truth;
}

/* The content of one chunk through the lane: 1 if all of it went, 0 if nothing did, -1 for no memory. */
static int whole_through(Pipe *pipe, const byte *text, Py_ssize_t size) {
    Lane *lane = pipe->lane;
    byte kept[LONGEST];
    Py_ssize_t unread = lane->unread.used, provider = lane->provider.used, delivered = lane->delivered.used, count = lane->count;
    Py_ssize_t sent = pipe->sent.used, last[2] = {-1, 0};
    int before = lane->before, changed = lane->changed;
    if (unread > LONGEST) return 0;
    if (unread) memcpy(kept, lane->unread.data, (size_t)unread);
    Py_ssize_t end = run(lane, text, size, 0, &pipe->sent, last);
    if (end == size) return keep_last(lane, text, last) ? -1 : 1;
    if (end < 0) return -1;
    if (end) {
        lane->unread.used = 0;
        if (add(&lane->unread, kept, unread)) return -1;
        lane->provider.used = provider;
        lane->delivered.used = delivered;
        lane->count = count;
        lane->before = before;
        lane->changed = changed;
        pipe->sent.used = sent;
    }
    return 0;
}

/* What was put into `sent` behind SIZE_LINE bytes, as one chunk to the caller. */
static int send_on(Pipe *pipe) {
    Py_ssize_t size = pipe->sent.used - SIZE_LINE;
    if (!size) return 0;
    if (add(&pipe->delivered, pipe->sent.data + SIZE_LINE, size) || add(&pipe->sent, "\r\n", 2)) {
        PyErr_NoMemory();
        return -1;
    }
    byte *first = pipe->sent.data + SIZE_LINE;
    *--first = '\n';
    *--first = '\r';
    for (; size; size >>= 4) *--first = (byte)"0123456789abcdef"[size & 15];
    PyObject *data = PyBytes_FromStringAndSize((char *)first, pipe->sent.data + pipe->sent.used - first);
    if (data == NULL) return -1;
    PyObject *done = PyObject_CallOneArg(pipe->write, data);
    Py_DECREF(data);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static PyObject *pipe_take(PyObject *self, PyObject *data) {
    Pipe *pipe = (Pipe *)self;
    if (!PyBytes_Check(data)) {
        PyErr_SetString(PyExc_TypeError, "bytes expected");
        return NULL;
    }
    const byte *text = (const byte *)PyBytes_AS_STRING(data);
    Py_ssize_t size = PyBytes_GET_SIZE(data), at = 0, content[2];
    if (pipe->lane == NULL || !pipe->lane->inside || size > MOST || pipe->received.used > WAITING) return PyLong_FromLong(0);
    int stalls = told(pipe->caller, name_disconnected);
    if (!stalls) stalls = told(pipe->flow, name_write_paused);
    if (!stalls) stalls = told(pipe->transport, name_pending);
    if (stalls) return stalls < 0 ? NULL : PyLong_FromLong(0);
    pipe->sent.used = 0;
    if (add(&pipe->sent, "        ", SIZE_LINE)) return PyErr_NoMemory();
    for (Py_ssize_t end; at < size && (end = chunk_at(text, size, at, content)) > 0; at = end) {
        int went = whole_through(pipe, text + content[0], content[1] - content[0]);
        if (went < 0 || (went && add(&pipe->received, text + content[0], content[1] - content[0]))) return PyErr_NoMemory();
        if (!went || pipe->sent.used > MOST) {
            at = went ? end : at;
            break;
        }
    }
    if (at) {
        pipe->heard = seconds_now();
        if (send_on(pipe)) return NULL;
    }
    return PyLong_FromSsize_t(at);
}

static PyObject *pipe_open(PyObject *self, PyObject *lane) {
    Pipe *pipe = (Pipe *)self;
    if (lane != Py_None && !PyObject_TypeCheck(lane, lane_type)) {
        PyErr_SetString(PyExc_TypeError, "a lane or None expected");
        return NULL;
    }
    Py_XSETREF(pipe->lane, lane == Py_None ? NULL : (Lane *)Py_NewRef(lane));
    Py_RETURN_NONE;
}

static PyObject *pipe_passed(PyObject *self, PyObject *unused) {
    Pipe *pipe = (Pipe *)self;
    (void)unused;
    PyObject *received = bytes_of(&pipe->received), *delivered = bytes_of(&pipe->delivered);
    if (received == NULL || delivered == NULL) {
        Py_XDECREF(received);
        Py_XDECREF(delivered);
        return NULL;
    }
    pipe->received.used = pipe->delivered.used = 0;
    return Py_BuildValue("(NN)", received, delivered);
}

static PyObject *pipe_heard(PyObject *self, void *unused) {
    (void)unused;
    return PyFloat_FromDouble(((Pipe *)self)->heard);
}

static void pipe_free(PyObject *self) {
    Pipe *pipe = (Pipe *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(pipe->caller);
    Py_XDECREF(pipe->flow);
    Py_XDECREF(pipe->transport);
    Py_XDECREF(pipe->write);
    Py_XDECREF((PyObject *)pipe->lane);
    PyMem_Free(pipe->received.data);
    PyMem_Free(pipe->delivered.data);
    PyMem_Free(pipe->sent.data);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *pipe_new(PyTypeObject *type, PyObject *args, PyObject *named) {
    PyObject *caller, *flow, *transport, *write;
    (void)named;
    if (!PyArg_ParseTuple(args, "OOOO", &caller, &flow, &transport, &write)) return NULL;
    if ((name_disconnected == NULL && (name_disconnected = PyUnicode_InternFromString("disconnected")) == NULL) ||
        (name_write_paused == NULL && (name_write_paused = PyUnicode_InternFromString("write_paused")) == NULL) ||
        (name_pending == NULL && (name_pending = PyUnicode_InternFromString("pending")) == NULL))
        return NULL;
    Pipe *pipe = (Pipe *)type->tp_alloc(type, 0);
    if (pipe == NULL) return NULL;
    pipe->caller = Py_NewRef(caller);
    pipe->flow = Py_NewRef(flow);
    pipe->transport = Py_NewRef(transport);
    pipe->write = Py_NewRef(write);
    pipe->heard = 0;
    return (PyObject *)pipe;
}

static PyMethodDef pipe_methods[] = {
    {"take", pipe_take, METH_O, "take(data) -> bytes of it that went on; the others are as they were."},
    {"open", pipe_open, METH_O, "open(lane): the next chunks go through it; None closes."},
    {"passed", pipe_passed, METH_NOARGS, "passed() -> (content received, content delivered) since the last call."},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef pipe_told[] = {
    {"heard", pipe_heard, NULL, "When something went through last; seconds of the monotonic clock.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot pipe_slots[] = {
    {Py_tp_new, pipe_new}, {Py_tp_dealloc, pipe_free}, {Py_tp_methods, pipe_methods}, {Py_tp_getset, pipe_told}, {0, NULL}};
static PyType_Spec pipe_spec = {"gateway.protocols._events.Pipe", sizeof(Pipe), 0, Py_TPFLAGS_DEFAULT, pipe_slots};
