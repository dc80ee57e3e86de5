/* Whole chat completions as most are: one message of text, and names and numbers of the answer itself.
 *
 * `message` says of such an answer what gateway/protocols/plain_answer.py says of it in Python, which is its oracle in the tests,
 * in one pass over its bytes. Whatever is not exactly of that form (another member, one given twice, an escape in a name, a
 * number that is no count) is none of its business: it says nothing then.
 */

enum {
    /* of the answer */
    M_ID, M_OBJECT, M_CREATED, M_MODEL, M_FINGERPRINT, M_TIER, M_CHOICES, M_USAGE,
    /* of its choice */
    M_INDEX, M_MESSAGE, M_LOGPROBS, M_FINISH,
    /* of its message */
    M_ROLE, M_CONTENT, M_REFUSAL, M_ANNOTATIONS,
    /* of its usage */
    M_PROMPT, M_COMPLETION, M_TOTAL, M_PROMPT_DETAILS, M_COMPLETION_DETAILS,
    /* of its details */
    M_CACHED, M_REASONING, M_AUDIO, M_TEXT, M_IMAGE, M_ACCEPTED, M_REJECTED,
    NO_MEMBER
};
static const struct { const char *name; int size; } MEMBER[NO_MEMBER] = {
#define NAMED(text) {text, sizeof text - 1}
    NAMED("id"), NAMED("object"), NAMED("created"), NAMED("model"), NAMED("system_fingerprint"), NAMED("service_tier"),
    NAMED("choices"), NAMED("usage"),
    NAMED("index"), NAMED("message"), NAMED("logprobs"), NAMED("finish_reason"),
    NAMED("role"), NAMED("content"), NAMED("refusal"), NAMED("annotations"),
    NAMED("prompt_tokens"), NAMED("completion_tokens"), NAMED("total_tokens"), NAMED("prompt_tokens_details"),
    NAMED("completion_tokens_details"),
    NAMED("cached_tokens"), NAMED("reasoning_tokens"), NAMED("audio_tokens"), NAMED("text_tokens"), NAMED("image_tokens"),
    NAMED("accepted_prediction_tokens"), NAMED("rejected_prediction_tokens"),
#undef NAMED
};
#define COUNT_DIGITS 15 /* a count below 2**53 */
#define NAME_MOST 128   /* bytes of a name that is kept; a longer one is cut in Python */
#define GUARDED_LEAST 8 /* nothing shorter is worth guarding */

typedef struct { const byte *data; Py_ssize_t size; } Piece;

typedef struct {
    const byte *text;
    Py_ssize_t size, at;
    Automaton *automaton;
    Piece id, model, finish; /* data NULL: none */
    Out content;
    int no_memory;
    long long prompt, completion, cached, reasoning;
    int told; /* whether the usage parts input from output */
} Look;

static void skip_space(Look *look) {
    while (look->at < look->size) {
        byte c = look->text[look->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
        look->at++;
    }
}

static int take_sign(Look *look, byte sign) {
    skip_space(look);
    if (look->at >= look->size || look->text[look->at] != sign) return 0;
    look->at++;
    return 1;
}

static int take_word(Look *look, const char *word, Py_ssize_t size) {
    if (look->size - look->at < size || memcmp(look->text + look->at, word, (size_t)size) != 0) return 0;
    look->at += size;
    return 1;
}

static int take_null(Look *look) {
    skip_space(look);
    return take_word(look, "null", 4);
}

/* A string of plain ASCII without escapes. */
static int take_plain(Look *look, Piece *piece) {
    if (!take_sign(look, '"')) return 0;
    Py_ssize_t begin = look->at;
    for (; look->at < look->size; look->at++) {
        byte c = look->text[look->at];
        if (c == '"') {
            *piece = (Piece){look->text + begin, look->at++ - begin};
            return 1;
        }
        if (c < 0x20 || c > 0x7e || c == '\\') return 0;
    }
    return 0;
}

/* A name of the answer, or null: one in which nothing guarded begins. */
static int take_name(Look *look, Piece *piece) {
    *piece = (Piece){NULL, 0};
    if (take_null(look)) return 1;
    if (!take_plain(look, piece) || piece->size > NAME_MOST) return 0;
    return piece->size < GUARDED_LEAST || look->automaton == NULL || !possible(look->automaton, piece->data, piece->size, -1);
}

/* A natural number that a count can be. */
static int take_count(Look *look, long long *count) {
    skip_space(look);
    Py_ssize_t begin = look->at;
    long long value = 0;
    while (look->at < look->size && is_digit(look->text[look->at])) {
        if (look->at - begin == COUNT_DIGITS) return 0; /* before it overflows */
        value = value * 10 + (look->text[look->at++] - '0');
    }
    Py_ssize_t digits = look->at - begin;
    if (!digits || (digits > 1 && look->text[begin] == '0')) return 0;
    if (look->at < look->size && memchr(".eE", look->text[look->at], 3) != NULL) return 0;
    *count = value;
    return 1;
}

/* The next member of an object between `first` and `last`, `seen` being those that came: its number, NO_MEMBER at the object's
 * end, -1 for anything else. */
static int next_member(Look *look, uint32_t *seen, int first, int last, int begun) {
    if (take_sign(look, '}')) return NO_MEMBER;
    if (begun && !take_sign(look, ',')) return -1;
    Piece name;
    if (!take_plain(look, &name) || !take_sign(look, ':')) return -1;
    for (int member = first; member <= last; member++)
        if (MEMBER[member].size == name.size && memcmp(MEMBER[member].name, name.data, (size_t)name.size) == 0) {
            if (*seen >> member & 1) return -1;
            *seen |= 1u << member;
            return member;
        }
    return -1;
}

static int take_details(Look *look, long long *cached, long long *reasoning) {
    if (take_null(look)) return 1;
    if (!take_sign(look, '{')) return 0;
    uint32_t seen = 0;
    for (int begun = 0;; begun = 1) {
        int member = next_member(look, &seen, M_CACHED, M_REJECTED, begun);
        if (member == NO_MEMBER) return 1;
        long long count = 0;
        if (member < 0 || (!take_null(look) && !take_count(look, &count))) return 0;
        if (member == M_CACHED) *cached = count;
        if (member == M_REASONING) *reasoning = count;
    }
}

static int take_usage(Look *look) {
    if (take_null(look)) return 1;
    if (!take_sign(look, '{')) return 0;
    uint32_t seen = 0;
    long long other = 0;
    for (int begun = 0;; begun = 1) {
        int member = next_member(look, &seen, M_PROMPT, M_COMPLETION_DETAILS, begun);
        if (member == NO_MEMBER) break;
        if (member < 0) return 0;
        long long *count = member == M_PROMPT ? &look->prompt : member == M_COMPLETION ? &look->completion : &other;
        int done = member == M_PROMPT_DETAILS       ? take_details(look, &look->cached, &other)
                   : member == M_COMPLETION_DETAILS ? take_details(look, &other, &look->reasoning)
                                                    : take_null(look) || take_count(look, count);
        if (!done) return 0;
    }
    look->told = (seen >> M_PROMPT & 1) || (seen >> M_COMPLETION & 1);
    return 1;
}

static int take_content(Look *look) {
    if (!take_sign(look, '"')) return 0;
    Py_ssize_t end = read_string(look->text, look->size, look->at, &look->content);
    if (end < 0) {
        look->no_memory = end == -2;
        return 0;
    }
    look->at = end + 1;
    return 1;
}

static int take_message(Look *look) {
    if (!take_sign(look, '{')) return 0;
    uint32_t seen = 0;
    Piece role = {NULL, 0};
    for (int begun = 0;; begun = 1) {
        int member = next_member(look, &seen, M_ROLE, M_ANNOTATIONS, begun), done = 0;
        if (member == NO_MEMBER) break;
        if (member == M_ROLE) done = take_plain(look, &role) && role.size == 9 && memcmp(role.data, "assistant", 9) == 0;
        if (member == M_CONTENT) done = take_content(look);
        if (member == M_REFUSAL) done = take_null(look);
        if (member == M_ANNOTATIONS) done = take_null(look) || (take_sign(look, '[') && take_sign(look, ']'));
        if (!done) return 0;
    }
    return (seen >> M_ROLE & 1) && (seen >> M_CONTENT & 1);
}

static int take_choice(Look *look) {
    if (!take_sign(look, '[') || !take_sign(look, '{')) return 0;
    uint32_t seen = 0;
    long long index = 0;
    for (int begun = 0;; begun = 1) {
        int member = next_member(look, &seen, M_INDEX, M_FINISH, begun), done = 0;
        if (member == NO_MEMBER) break;
        if (member == M_INDEX) done = take_count(look, &index) && !index;
        if (member == M_MESSAGE) done = take_message(look);
        if (member == M_LOGPROBS) done = take_null(look);
        if (member == M_FINISH) {
            Piece *why = &look->finish;
            done = take_null(look) || (take_plain(look, why) && ((why->size == 4 && memcmp(why->data, "stop", 4) == 0) ||
                                                                 (why->size == 6 && memcmp(why->data, "length", 6) == 0)));
        }
        if (!done) return 0;
    }
    return (seen >> M_INDEX & 1) && (seen >> M_MESSAGE & 1) && take_sign(look, ']');
}

static int take_answer(Look *look) {
    if (!take_sign(look, '{')) return 0;
    uint32_t seen = 0;
    Piece other;
    long long created;
    for (int begun = 0;; begun = 1) {
        int member = next_member(look, &seen, M_ID, M_USAGE, begun), done = 0;
        if (member == NO_MEMBER) break;
        if (member == M_ID) done = take_name(look, &look->id);
        if (member == M_MODEL) done = take_name(look, &look->model);
        if (member == M_OBJECT || member == M_FINGERPRINT || member == M_TIER) done = take_name(look, &other);
        if (member == M_CREATED) done = take_null(look) || take_count(look, &created);
        if (member == M_CHOICES) done = take_choice(look);
        if (member == M_USAGE) done = take_usage(look);
        if (!done) return 0;
    }
    skip_space(look);
    return look->at == look->size && (seen >> M_CHOICES & 1);
}

/* Whether a name can stand in a record as it is: gateway/protocols/vocabulary.py, MODEL. */
static int is_fit(Piece piece) {
    if (piece.data == NULL) return 1;
    if (!piece.size || class_of[piece.data[0]] != ALNUM) return 0;
    for (Py_ssize_t i = 1; i < piece.size; i++)
        if (class_of[piece.data[i]] != ALNUM && memchr("._:/@+-", piece.data[i], 7) == NULL) return 0;
    return 1;
}

static PyObject *name_of(Piece piece) {
    if (piece.data == NULL) Py_RETURN_NONE;
    return PyUnicode_DecodeASCII((const char *)piece.data, piece.size, NULL);
}

static PyObject *whole_message(PyObject *self, PyObject *args) {
    (void)self;
    const byte *body;
    Py_ssize_t size;
    PyObject *automaton;
    int restores, json;
    if (!PyArg_ParseTuple(args, "Oy#pp", &automaton, &body, &size, &restores, &json)) return NULL;
    if (automaton != Py_None && !PyObject_TypeCheck(automaton, automaton_type)) {
        PyErr_SetString(PyExc_TypeError, "an Automaton or None expected");
        return NULL;
    }
    Look look = {.text = body, .size = size, .automaton = automaton == Py_None ? NULL : (Automaton *)automaton};
    PyObject *result = NULL;
    if (!take_answer(&look)) {
        if (look.no_memory) PyErr_NoMemory();
        else result = Py_NewRef(Py_None);
    } else if ((restores && has_mark(&look.content)) || (json && look.content.used && memchr(look.content.data, '\\', (size_t)look.content.used)) ||
               (look.automaton != NULL && look.content.used && possible(look.automaton, look.content.data, look.content.used, -1))) {
        result = Py_NewRef(Py_None);
    } else {
        PyObject *usage = look.told ? Py_BuildValue("(LLLLL)", look.prompt, look.cached, 0LL, look.completion, look.reasoning)
                                    : Py_NewRef(Py_None);
        result = Py_BuildValue("(NNNNNN)", text_of(&look.content), name_of(look.finish), name_of(look.id), name_of(look.model), usage,
                               PyBool_FromLong(is_fit(look.id) && is_fit(look.model)));
    }
    PyMem_Free(look.content.data);
    return result;
}
