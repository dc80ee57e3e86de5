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
    GROUPED = 512, MISTAKEN = 1024, CODE = 2048, HEX = 4096, PAIRED = 8192,
    QUOTED = 16384, FOURS = 32768
};

/* Of a character of ASCII. The lowest two bits are its form: 0 a sign, 1 a digit, 2 one that is mistaken for one, 3 a letter. */
enum { FORM = 3, BLANK = 4, HEXED = 8, MADE = 16, BETWEEN = 32, ENGLISH = 64, PINYIN = 128, CODING = 256 };
#define DIGIT 1
#define LETTER 3

#define STRETCH 14
#define ENGLISH_LETTERS 21
#define PINYIN_LETTERS 18
#define FEW_DIGITS 7
#define WIDEST_GAP 4
#define FEW_APART 3
#define FEWEST_ALIKE 13

static uint16_t kinds[128];

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
        if (c && strchr("\\%&+_=", c)) kind |= CODING;
        kinds[c] = (uint16_t)kind;
    }
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
/* A blank more may stand between two of a dump's groups of four to six. */
static const char *const PAIRS[] = {"aa aa aa aa aa aa aa", "aa  aa  aa  aa", " aa a aa a aa", " aa  a aa  a aa",
                                    "aa aa aa aa  aa", "aa  aa aa aa aa", "aa aa  aa aa"};
/* How they end: the last seven signs of one, or of four groups of four, as a number, is a bit of these. */
static const uint64_t PAIR_ENDS[2] = {(uint64_t)1 << 0x33 | (uint64_t)1 << 0x1B,
                                      (uint64_t)1 << (0x5B - 64) | (uint64_t)1 << (0x6B - 64) | (uint64_t)1 << (0x4B - 64) |
                                          (uint64_t)1 << (0x6F - 64)};
/* Four groups of four: 1111 0 1111 0 1111 0 1111 */
#define FOUR_FOURS 0x7BDEFu
#define FOURS_MASK 0x7FFFFu
static uint32_t pair_value[COUNT(PAIRS)], pair_mask[COUNT(PAIRS)], spelled_value, spelled_mask;

/* ---- numbers in words ---- */

static const char *const ENGLISH_WORDS[] = {"zero", "oh", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight",
                                            "nine"};
static const char *const PINYIN_WORDS[] = {"ling", "yao", "yi", "er", "liang", "san", "si", "wu", "liu", "qi", "ba", "jiu", "dong",
                                           "guai"};
#define WORDS 7      /* so many in a row are a number */
#define SAME_END 6   /* words of a language that end in the same letter, at most */

typedef struct { uint64_t value, mask; int size; } Word;
typedef struct { Word words[26][SAME_END]; int count[26]; unsigned kind; } Tongue;
static Tongue english_tongue, pinyin_tongue;

static void learn(Tongue *tongue, const char *const *words, size_t count, unsigned kind) {
    memset(tongue, 0, sizeof *tongue);
    tongue->kind = kind;
    for (size_t i = 0; i < count; i++) {
        const int size = (int)strlen(words[i]), end = words[i][size - 1] - 'a';
        Word word = {0, ((uint64_t)1 << 5 * size) - 1, size};
        for (int n = 0; n < size; n++) word.value = word.value << 5 | (uint64_t)(words[i][n] - 'a' + 1);
        if (tongue->count[end] < SAME_END) tongue->words[end][tongue->count[end]++] = word;
    }
}

/* The vowels under a tone, by what they are in Unicode. */
#define TONED 0x200
static uint8_t vowels[TONED];
static const struct { Py_UCS4 tones[8]; char vowel; } TONES[] = {
    {{0x100, 0x101, 0xC1, 0xE1, 0x1CD, 0x1CE, 0xC0, 0xE0}, 'a'}, {{0x112, 0x113, 0xC9, 0xE9, 0x11A, 0x11B, 0xC8, 0xE8}, 'e'},
    {{0x12A, 0x12B, 0xCD, 0xED, 0x1CF, 0x1D0, 0xCC, 0xEC}, 'i'}, {{0x14C, 0x14D, 0xD3, 0xF3, 0x1D1, 0x1D2, 0xD2, 0xF2}, 'o'},
    {{0x16A, 0x16B, 0xDA, 0xFA, 0x1D3, 0x1D4, 0xD9, 0xF9}, 'u'},
};

/* The letter that `re` takes for this one in another case, 0 for none. */
static unsigned folded(Py_UCS4 c) { return c == 0x17F ? 's' : c == 0x130 || c == 0x131 ? 'i' : 0; }

/* Whether seven words in a row stand in a stretch of a text, whatever may stand between two letters. */
static int says(const Tongue *tongue, int form, const void *data, Py_ssize_t from, Py_ssize_t behind) {
    uint64_t letters = 0, rows = 0; /* the last letters, five bits each; how many words in a row end at each, four bits each */
    for (Py_ssize_t i = from; i < behind; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c < 128 && kinds[c] & BETWEEN) continue;
        const unsigned toned = tongue->kind == PINYIN && c >= 128 && c < TONED ? vowels[c] : 0;
        const unsigned letter = c < 128 ? (kinds[c] & tongue->kind ? c | 32 : 0) : toned ? toned : folded(c);
        if (!letter) {
            letters = rows = 0;
            continue;
        }
        letters = letters << 5 | (letter - 'a' + 1);
        uint64_t most = 0;
        for (int n = 0; n < tongue->count[letter - 'a']; n++) {
            const Word *word = &tongue->words[letter - 'a'][n];
            if ((letters & word->mask) != word->value) continue;
            const uint64_t row = (rows >> 4 * (word->size - 1) & 15) + 1;
            if (row > most) most = row;
        }
        if (most >= WORDS) return 1;
        rows = rows << 4 | most;
    }
    return 0;
}

/* ---- numbers in groups ---- */

/* The last groups of digits, the last one first: where they begin, how many digits they are (0 where more than signs, or more
 * than four of them, stand between), and whether what stands before them is no single blank or hyphen. `end`: of the last one;
 * `gap`: what stands before it, and whether it stands beside the one before. */
typedef struct { Py_ssize_t begin[4], size[4], end, gap; int odd[3], beside; } Groups;

/* Which group begins a number in groups that ends with the last one, 0 for none. */
static int is_grouped(const Groups *g) {
    const Py_ssize_t *n = g->size;
    if (n[2] == 6 && n[1] == 8 && n[0] >= 3) return 2;
    if (!g->odd[0] || !g->odd[1]) return 0;
    if (n[2] == 3 && n[0] >= 4 && (n[1] == 4 || n[1] == 2)) return 2;
    if (n[2] == 4 && n[1] == 6 && n[0] >= 5) return 2;
    return g->odd[2] && n[3] == 4 && n[2] == 4 && n[1] == 4 && n[0] >= 4 ? 3 : 0;
}

static void prepare(void) {
    fill();
    learn(&english_tongue, ENGLISH_WORDS, COUNT(ENGLISH_WORDS), ENGLISH);
    learn(&pinyin_tongue, PINYIN_WORDS, COUNT(PINYIN_WORDS), PINYIN);
    for (size_t i = 0; i < COUNT(TONES); i++)
        for (size_t n = 0; n < COUNT(TONES[i].tones); n++) vowels[TONES[i].tones[n]] = (uint8_t)TONES[i].vowel;
    for (size_t i = 0; i < COUNT(PAIRS); i++) pair_value[i] = bits(PAIRS[i], &pair_mask[i]);
    spelled_value = bits(" a a a a a a a", &spelled_mask);
}

static int is_hex(Py_UCS4 c) { return c < 128 && kinds[c] & HEXED; }
static int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
static int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z' && c < 128; }

static int form_of(int form, const void *data, Py_ssize_t at) {
    const Py_UCS4 c = PyUnicode_READ(form, data, at);
    return c < 128 ? kinds[c] & FORM : LETTER;
}

static int parts(int form, const void *data, Py_ssize_t at) {
    const Py_UCS4 c = PyUnicode_READ(form, data, at);
    return c == ' ' || c == '-';
}

/* Whether the digits at a place are among so many digits, and letters that look like some, that they may be a card's number.
 * A blank or a hyphen may stand between two. `behind`: where that ends. */
static int is_mistaken(int form, const void *data, Py_ssize_t size, Py_ssize_t at, Py_ssize_t *behind) {
    Py_ssize_t from = at, to = at, alike = 0, letters = 0;
    for (Py_ssize_t i = at - 1; i >= 0; i--) {
        int is = form_of(form, data, i);
        if (is != DIGIT && is != 2) {
            if (!parts(form, data, i) || i == 0) break;
            is = form_of(form, data, --i);
            if (is != DIGIT && is != 2) break;
        }
        from = i;
    }
    for (Py_ssize_t i = from; i < size; i++) {
        int is = form_of(form, data, i);
        if (is != DIGIT && is != 2) {
            if (!parts(form, data, i) || i + 1 == size) break;
            is = form_of(form, data, ++i);
            if (is != DIGIT && is != 2) break;
        }
        alike++;
        letters += is == 2;
        to = i + 1;
    }
    *behind = to;
    return letters && alike >= FEWEST_ALIKE;
}

/* The next group of digits behind the last one, 0 where there is none: hardly any character is a digit. */
static inline int next_group(int form, const void *data, Py_ssize_t size, Groups *g) {
    Py_ssize_t i = g->end < 0 ? 0 : g->end;
    while (i < size && !is_digit(PyUnicode_READ(form, data, i))) i++;
    if (i == size) return 0;
    const Py_ssize_t begin = i;
    while (i < size && is_digit(PyUnicode_READ(form, data, i))) i++;
    g->gap = g->end < 0 ? size : begin - g->end;
    g->beside = g->gap <= WIDEST_GAP;
    for (Py_ssize_t n = g->end; n < begin && g->beside; n++) g->beside = form_of(form, data, n) == 0;
    for (int n = 3; n > 0; n--) {
        g->size[n] = g->beside ? g->size[n - 1] : 0;
        g->begin[n] = g->begin[n - 1];
    }
    for (int n = 2; n > 0; n--) g->odd[n] = g->odd[n - 1];
    g->odd[0] = g->gap != 1 || !g->beside || !parts(form, data, begin - 1);
    g->begin[0] = begin;
    g->size[0] = i - begin;
    g->end = i;
    return 1;
}

/* What the numbers of a text may be. */
static inline int numbers(int form, const void *data, Py_ssize_t size) {
    Groups groups = {.end = -1};
    Py_ssize_t single = 0, wide = 0; /* digits one by one, one sign or two between them */
    Py_ssize_t seen = 0;             /* how far it was looked at for letters among digits */
    int flags = 0;
    while (next_group(form, data, size, &groups)) {
        const Py_ssize_t begin = groups.begin[0];
        single = groups.beside && groups.gap == 1 ? single + 1 : 0;
        wide = groups.beside && groups.gap == 2 ? wide + 1 : 0;
        if (single >= FEW_APART || wide >= FEW_APART) flags |= APART;
        if (groups.size[0] > 1) single = wide = 0;
        if (groups.size[0] > 2 && is_grouped(&groups)) flags |= GROUPED;
        if (begin >= seen && is_mistaken(form, data, size, begin, &seen)) flags |= MISTAKEN;
    }
    return flags;
}

static int in_stretch(unsigned kind, Py_UCS4 c) { return c < 128 ? (kinds[c] & (kind | BETWEEN)) != 0 : c < 0x800; }

/* Whether a number in words stands in a text. A stretch of its letters is long: only every so many characters is looked at, and
 * those before it until one is in no such word. `fewest`: letters of a stretch; in a text beyond ASCII, where some count twice
 * and three may stand before its beginning, less than half as many characters. */
static inline int says_number(const Tongue *tongue, int form, const void *data, Py_ssize_t size, Py_ssize_t fewest, int ascii) {
    const Py_ssize_t step = ascii ? fewest : fewest / 2 - 2;
    for (Py_ssize_t from = 0; from + step <= size;) {
        Py_ssize_t at = from + step - 1;
        while (at >= from && in_stretch(tongue->kind, PyUnicode_READ(form, data, at))) at--;
        if (at >= from) {
            from = at + 1;
            continue;
        }
        const Py_UCS4 before = from ? PyUnicode_READ(form, data, from - 1) : 0;
        Py_ssize_t behind = from, letters = before < 0x800 ? 0 : before < 0x10000 ? 2 : 3;
        for (; behind < size && in_stretch(tongue->kind, PyUnicode_READ(form, data, behind)); behind++) {
            const Py_UCS4 c = PyUnicode_READ(form, data, behind);
            letters += c >= 128 ? 2 : !(kinds[c] & BETWEEN);
        }
        if (letters >= fewest && says(tongue, form, data, from, behind)) return 1;
        from = behind + 1;
    }
    return 0;
}

static inline int seen_in(int form, const void *data, Py_ssize_t size, int ascii) {
    uint32_t hexed = 0, blanks = 0; /* hexadecimal or not; visible or not */
    Py_ssize_t digits = 0, made = 0, hex = 0;
    int flags = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c >= 128) {
            hexed <<= 1;
            blanks = blanks << 1 | 1;
            made = hex = 0;
        } else {
            const unsigned kind = kinds[c];
            hexed = hexed << 1 | ((kind & HEXED) != 0);
            blanks = blanks << 1 | !(kind & BLANK);
            made = kind & MADE ? made + 1 : 0;
            hex = kind & HEXED ? hex + 1 : 0;
            digits += (kind & FORM) == DIGIT;
            if (made >= STRETCH) flags |= hex >= STRETCH ? CODE | HEX : CODE;
            if (kind & CODING) {
                const Py_UCS4 next = i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0;
                const Py_UCS4 before = i ? PyUnicode_READ(form, data, i - 1) : 0;
                if (c == '\\') flags |= ESCAPE;
                else if (c == '%' && (is_hex(next) || next == 'u')) flags |= PERCENT;
                else if (c == '&' && (is_letter(next) || next == '#')) flags |= ENTITY;
                else if (c == '+' && is_digit(before) && is_digit(next)) flags |= PLUS;
                else if (c == '_' && is_letter(before) && is_digit(next)) flags |= UNDER;
                else if (c == '=' && is_hex(next) && i + 4 < size && is_hex(PyUnicode_READ(form, data, i + 2)) &&
                         PyUnicode_READ(form, data, i + 3) == '=' && is_hex(PyUnicode_READ(form, data, i + 4)))
                    flags |= QUOTED;
            }
            if (PAIR_ENDS[hexed >> 6 & 1] >> (hexed & 63) & 1) {
                for (size_t n = 0; n < COUNT(PAIRS); n++)
                    if ((hexed & pair_mask[n]) == pair_value[n]) flags |= PAIRED;
                if ((hexed & FOURS_MASK) == FOUR_FOURS) flags |= FOURS;
            }
        }
        if ((blanks & spelled_mask) == spelled_value) flags |= SPELLED;
    }
    if (says_number(&english_tongue, form, data, size, ENGLISH_LETTERS, ascii) ||
        says_number(&pinyin_tongue, form, data, size, PINYIN_LETTERS, ascii))
        flags |= SAID;
    if (digits) flags |= numbers(form, data, size);
    if (digits >= FEW_DIGITS) flags |= DIGITS;
    if (digits <= FEW_DIGITS) flags &= ~(PAIRED | FOURS);
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
    const int ascii = PyUnicode_IS_ASCII(text);
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_1BYTE_KIND, data, size, ascii));
    case PyUnicode_2BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_2BYTE_KIND, data, size, ascii));
    default: return PyLong_FromLong(seen_in(PyUnicode_4BYTE_KIND, data, size, ascii));
    }
}

static PyObject *grouped(PyObject *self, PyObject *text) {
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text expected");
        return NULL;
    }
    PyObject *found = PyList_New(0);
    Groups groups = {.end = -1};
    while (found != NULL && next_group(PyUnicode_KIND(text), PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text), &groups)) {
        const int first = groups.size[0] > 2 ? is_grouped(&groups) : 0;
        if (!first) continue;
        PyObject *place = PyLong_FromSsize_t(groups.begin[first]);
        if (place == NULL || PyList_Append(found, place) < 0) Py_CLEAR(found);
        Py_XDECREF(place);
    }
    return found;
}

/* ---- seams: where a value may go on behind a line's end, a tag, a comment, a joint of two strings ---- */

static int is_seam(Py_UCS4 c, Py_UCS4 next) {
    switch (c) {
    case '\n': case '<': case '"': case '\'': case '`': return 1;
    case '/': case '*': return next == '*';
    default: return 0;
    }
}

/* Whether a value may end before `at`: blanks left out, a digit within four characters or an address that goes on. */
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
    Py_ssize_t i = at - 1; /* an address that is not complete: its domain has no dot yet, or ends with it */
    if (last == '.') i--;
    for (const Py_ssize_t most = i - 24; i >= 0 && i > most; i--) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (!is_digit(c) && !is_letter(c) && c != '-') break;
    }
    return i >= 0 && PyUnicode_READ(form, data, i) == '@';
}

#define LONGEST_SEAM 600

/* An address's sign from `at` on with neither a letter nor a digit before it; where there is none, far behind the end. */
static Py_ssize_t next_odd_address(int form, const void *data, Py_ssize_t size, Py_ssize_t at) {
    for (; at < size; at++)
        if (PyUnicode_READ(form, data, at) == '@' && !Py_UNICODE_ISALNUM(PyUnicode_READ(form, data, at - 1))) return at;
    return size + LONGEST_SEAM + 1;
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
    Py_ssize_t odd = 0; /* where the next address stands whose sign begins what follows a seam: before it every value may go on */
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c > '`' || !is_seam(c, i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0)) continue;
        if (odd <= i) odd = next_odd_address(form, data, size, i + 1);
        if (!may_go_on(form, data, i, odd - i <= LONGEST_SEAM)) continue;
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

/* ---- characters beyond ASCII ---- */

#define PLANE 0x10000

/* Of a character: whether it is a numeral, a digit, or a sign between two of them. */
enum { NUMERAL = 32, FIGURE = 64, SIGN = 128, IN_A_ROW = NUMERAL };
#define ROW 3

/* beyond(text, kinds): all kinds of the characters of a text; those beyond the first plane have the kinds of the last entry.
 * IN_A_ROW: a numeral, and two numerals or digits behind it, one sign between two at most. */
static inline unsigned kinds_of(int form, const void *data, Py_ssize_t size, const uint8_t *table) {
    unsigned seen = 0, row = 0, sign = 0, most = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        const unsigned kind = table[c < PLANE ? c : PLANE];
        seen |= kind;
        if (kind & NUMERAL || (row && kind & FIGURE)) {
            row++;
            sign = 0;
            if (row > most) most = row;
        } else if (row) {
            if (!(kind & SIGN) || sign) row = 0;
            sign = 1;
        }
    }
    return (seen & ~(unsigned)(NUMERAL | FIGURE | SIGN)) | (most >= ROW ? IN_A_ROW : 0);
}

static PyObject *beyond(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyBytes_Check(args[1]) || PyBytes_GET_SIZE(args[1]) != PLANE + 1) {
        PyErr_SetString(PyExc_TypeError, "a text and a table of characters expected");
        return NULL;
    }
    const uint8_t *table = (const uint8_t *)PyBytes_AS_STRING(args[1]);
    const void *data = PyUnicode_DATA(args[0]);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(args[0]);
    switch (PyUnicode_KIND(args[0])) {
    case PyUnicode_1BYTE_KIND: return PyLong_FromLong((long)kinds_of(PyUnicode_1BYTE_KIND, data, size, table));
    case PyUnicode_2BYTE_KIND: return PyLong_FromLong((long)kinds_of(PyUnicode_2BYTE_KIND, data, size, table));
    default: return PyLong_FromLong((long)kinds_of(PyUnicode_4BYTE_KIND, data, size, table));
    }
}

/* ---- number words ---- */

#define WITHIN 160 /* characters among which a first word of a number stands */
#define BEHIND 16  /* characters behind digits in which a number that began with them goes on in words */
#define LETTERS 0x250
#define FORMS 28
#define FIRSTS 4
#define EVERY (FORMS * FORMS * FORMS * FORMS)

/* Whether the first four letters of a word, of two letters at least, are those of a number word, between `at` and the digits
 * behind it. `letters`: of each letter up to U+024F its form, 0 for none; behind it a bit for every four forms. */
static int is_said_near(int form, const void *data, Py_ssize_t size, Py_ssize_t at, const uint8_t *letters) {
    const uint8_t *firsts = letters + LETTERS;
    Py_ssize_t end = size - at > WITHIN ? at + WITHIN : size;
    for (Py_ssize_t i = at, digits = 0; i < end; i++) {
        digits = is_digit(PyUnicode_READ(form, data, i)) ? digits + 1 : 0;
        if (digits < 2) continue;
        while (i + 1 < end && is_digit(PyUnicode_READ(form, data, i + 1))) i++;
        end = size - i - 1 > BEHIND ? i + 1 + BEHIND : size;
        break;
    }
    unsigned word = 0;
    int count = 0;
    for (Py_ssize_t i = at; i <= end; i++) {
        const Py_UCS4 c = i < end ? PyUnicode_READ(form, data, i) : 0;
        const unsigned letter = c < LETTERS ? letters[c] : 0;
        if (letter && count < FIRSTS) {
            word = word * FORMS + letter;
            count++;
        }
        if (count == FIRSTS || (!letter && count > 1 && count < FIRSTS)) {
            for (; count < FIRSTS; count++) word *= FORMS;
            count++; /* it is looked at once */
            if (word >= EVERY || firsts[word >> 3] >> (word & 7) & 1) return 1; /* a table with other forms is none of ours */
        }
        if (!letter) word = 0, count = 0;
    }
    return 0;
}

/* said_near(text, at, letters) */
static PyObject *said_near(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 3 || !PyUnicode_Check(args[0]) || !PyBytes_Check(args[2]) ||
        PyBytes_GET_SIZE(args[2]) != LETTERS + (EVERY + 7) / 8) {
        PyErr_SetString(PyExc_TypeError, "a text, a place and a table of letters expected");
        return NULL;
    }
    const Py_ssize_t at = PyLong_AsSsize_t(args[1]), size = PyUnicode_GET_LENGTH(args[0]);
    if (at == -1 && PyErr_Occurred()) return NULL;
    if (at < 0 || at > size) {
        PyErr_SetString(PyExc_ValueError, "no place in the text");
        return NULL;
    }
    return PyBool_FromLong(is_said_near(PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), size, at,
                                        (const uint8_t *)PyBytes_AS_STRING(args[2])));
}

static PyMethodDef methods[] = {
    {"glance", glance, METH_O, "glance(text) -> flags: what the text may hold."},
    {"grouped", grouped, METH_O, "grouped(text) -> [place, ...]: where numbers in groups may begin, in order."},
    {"beyond", (PyCFunction)(void (*)(void))beyond, METH_FASTCALL, "beyond(text, kinds) -> bits: all kinds of its characters."},
    {"said_near", (PyCFunction)(void (*)(void))said_near, METH_FASTCALL,
     "said_near(text, at, letters) -> bool: whether a word behind a place begins as number words do."},
    {"signs", signs, METH_O, "signs(text) -> [place, ...]: signs over which a value may go on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_glance", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__glance(void) {
    prepare();
    return PyModule_Create(&definition);
}
