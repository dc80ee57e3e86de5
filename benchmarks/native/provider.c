/* provider.c - a canned model provider for the benchmark: fast enough never to be the limit, loopback only.
 *
 *   provider -p PORT [-n CHUNKS] [-d MICROSECONDS] [-x PLANTED]
 *
 * POST <anything>  OpenAI chat completion; with "stream":true CHUNKS events, MICROSECONDS apart, each its own write.
 * POST .../responses, .../messages, ...:streamGenerateContent  the same streams as OpenAI Responses, Anthropic and Gemini say them:
 *                  words, with the send time in each tenth event.
 *                  The value of the request's "user" field ends the answer's text: so each turn of a conversation
 *                  gets an answer of its own that the load's author knows beforehand. A stream to "spoken" says words, to
 *                  "spokenlong" five times as many.
 * GET /stats       {"requests": n, "planted": n}: planted counts requests that carried the string PLANTED.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 4096
#define MAX_REQUEST (64u << 20)
#define TAG 40

struct buffer { char *data; size_t len, cap, off; };
struct peer { int fd, streaming, sent, events; uint64_t due; char form, tag[TAG + 1], *said; size_t said_length; struct buffer in, out; };

static const char ANSWER[] = "A gateway reads each call before it leaves, decides by rules that name their source, and keeps "
    "a record that others can check. It forwards what nothing touches byte by byte, and puts typed marks where values "
    "must not travel. What comes back is read as it arrives and goes on at once, so that a stream stays a stream. "
    "The cost of all this is counted in microseconds for a call. Reference:";
static struct peer *peers[MAX_FD];
static uint64_t n_requests, n_planted, gap_us;
static int ep, chunks = 100, streaming;
static const char *planted = "";

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int reserve(struct buffer *b, size_t more) {
    if (b->len + more <= b->cap) return 0;
    b->cap = (b->len + more) * 2;
    b->data = realloc(b->data, b->cap);
    return b->data ? 0 : -1;
}

static void append(struct buffer *b, const char *data, size_t n) {
    if (b->off == b->len) b->off = b->len = 0;
    if (reserve(b, n)) abort();
    memcpy(b->data + b->len, data, n);
    b->len += n;
}

static void hang_up(struct peer *p) {
    streaming -= p->streaming;
    peers[p->fd] = NULL;
    close(p->fd);
    free(p->in.data);
    free(p->out.data);
    free(p->said);
    free(p);
}

static int flush(struct peer *p) {
    while (p->out.off < p->out.len) {
        ssize_t n = write(p->fd, p->out.data + p->out.off, p->out.len - p->out.off);
        if (n < 0) return errno == EAGAIN ? 0 : -1;
        p->out.off += (size_t)n;
    }
    return 0;
}

static void event(struct peer *p, const char *delta, const char *finish, const char *usage) {
    char json[512], frame[640];
    int n = snprintf(json, sizeof json,
        "data: {\"id\":\"chatcmpl-canned\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"canned\","
        "\"choices\":[%s%s%s%s%s]%s}\n\n", delta ? "{\"index\":0,\"delta\":" : "", delta ? delta : "",
        delta ? ",\"finish_reason\":" : "", delta ? finish : "", delta ? "}" : "", usage);
    append(&p->out, frame, (size_t)snprintf(frame, sizeof frame, "%x\r\n%s\r\n", (unsigned)n, json));
}

/* A stream to a tag that begins like this is the words of the answer one by one; each tenth event carries the send time. */
static const char SPOKEN[] = "spoken", LONG[] = "spokenlong";

static void spoken(int number, char *text, size_t room) {
    const char *word = ANSWER, *end;
    for (int i = 0;; i++, word = *end ? end + 1 : ANSWER) { /* a long stream says the words again */
        end = strchr(word, ' ');
        if (!end) end = word + strlen(word);
        if (i == number) break;
    }
    snprintf(text, room, " %.*s", (int)(end - word), word);
}

/* One event of a protocol that names its events; `format` is its JSON. */
static void named(struct peer *p, const char *name, const char *format, ...) {
    char json[8192], frame[8448];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(json, sizeof json, format, arguments);
    va_end(arguments);
    int n = snprintf(frame, sizeof frame, "%s%s%sdata: %s%s", name ? "event: " : "", name ? name : "", name ? "\n" : "", json,
                     p->form == 'g' ? "\r\n\r\n" : "\n\n");
    char head[16];
    append(&p->out, head, (size_t)snprintf(head, sizeof head, "%x\r\n", (unsigned)n));
    append(&p->out, frame, (size_t)n);
    append(&p->out, "\r\n", 2);
}

#define RESPONSE "\"response\":{\"id\":\"resp_canned\",\"object\":\"response\",\"created_at\":1760000000,\"model\":\"canned\",\"status\":"
#define PLACE "\"item_id\":\"msg_canned\",\"output_index\":0,\"content_index\":0"
#define ITEM "{\"id\":\"msg_canned\",\"type\":\"message\",\"role\":\"assistant\",\"status\":"

static void begin_stream(struct peer *p) {
    if (p->form == 'r') {
        named(p, "response.created", "{\"type\":\"response.created\",\"sequence_number\":0," RESPONSE "\"in_progress\",\"output\":[]}}");
        named(p, "response.output_item.added", "{\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":" ITEM "\"in_progress\",\"content\":[]}}");
        named(p, "response.content_part.added", "{\"type\":\"response.content_part.added\",\"sequence_number\":2," PLACE ",\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}");
    } else if (p->form == 'a') {
        named(p, "message_start", "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_canned\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"canned\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":200,\"output_tokens\":1}}}");
        named(p, "content_block_start", "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    } else if (p->form == 'c')
        event(p, "{\"role\":\"assistant\",\"content\":\"\"}", "null", "");
}

/* Deltas of the other protocols. The obfuscation of Responses is a word of another length each time. */
static void piece(struct peer *p, const char *text) {
    static const char PADDING[] = "aK3d9Jx0qPz7";
    size_t length = strlen(text);
    if (p->said_length + length < 4096) memcpy(p->said + p->said_length, text, length + 1), p->said_length += length;
    if (p->form == 'r')
        named(p, "response.output_text.delta", "{\"type\":\"response.output_text.delta\",\"sequence_number\":%d," PLACE ",\"delta\":\"%s\",\"logprobs\":[],\"obfuscation\":\"%s\"}",
              p->sent + 3, text, PADDING + p->sent % 12);
    else if (p->form == 'a')
        named(p, "content_block_delta", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}", text);
    else
        named(p, NULL, "{\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"%s\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 200,\"candidatesTokenCount\": %d,\"totalTokenCount\": %d,\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 200}]},\"modelVersion\": \"canned\",\"responseId\": \"canned-1\"}",
              text, p->sent + 1, p->sent + 201);
}

static void end_stream(struct peer *p) {
    static const char USAGE[] = "\"usage\":{\"input_tokens\":200,\"output_tokens\":100,\"total_tokens\":300}";
    if (p->form == 'r') {
        int n = p->sent + 3;
        named(p, "response.output_text.done", "{\"type\":\"response.output_text.done\",\"sequence_number\":%d," PLACE ",\"text\":\"%s\",\"logprobs\":[]}", n, p->said);
        named(p, "response.content_part.done", "{\"type\":\"response.content_part.done\",\"sequence_number\":%d," PLACE ",\"part\":{\"type\":\"output_text\",\"text\":\"%s\",\"annotations\":[]}}", n + 1, p->said);
        named(p, "response.output_item.done", "{\"type\":\"response.output_item.done\",\"sequence_number\":%d,\"output_index\":0,\"item\":" ITEM "\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"%s\",\"annotations\":[]}]}}", n + 2, p->said);
        named(p, "response.completed", "{\"type\":\"response.completed\",\"sequence_number\":%d," RESPONSE "\"completed\",\"output\":[" ITEM "\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"%s\",\"annotations\":[]}]}],%s}}", n + 3, p->said, USAGE);
    } else if (p->form == 'a') {
        named(p, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}");
        named(p, "message_delta", "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":100}}");
        named(p, "message_stop", "{\"type\":\"message_stop\"}");
    } else
        named(p, NULL, "{\"candidates\": [{\"content\": {\"parts\": [{\"text\": \".\"}],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 200,\"candidatesTokenCount\": 100,\"totalTokenCount\": 300},\"modelVersion\": \"canned\",\"responseId\": \"canned-1\"}");
    append(&p->out, "0\r\n\r\n", 5);
}

static void step(struct peer *p) {
    static const char DONE[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    if (p->sent < p->events) {
        char text[48], delta[64];                /* the send time travels along: the load driver turns it into a delay */
        if ((p->form != 'c' || strncmp(p->tag, SPOKEN, sizeof SPOKEN - 1) == 0) && p->sent % 10 != 9)
            spoken(p->sent, text, sizeof text);
        else
            snprintf(text, sizeof text, " word@%016llu", (unsigned long long)now_us());
        if (p->form == 'c') {
            snprintf(delta, sizeof delta, "{\"content\":\"%s\"}", text);
            event(p, delta, "null", "");
        } else
            piece(p, text);
        p->sent++;
        p->due += gap_us;
        return;
    }
    p->streaming = 0;
    streaming--;
    if (p->form != 'c') {
        end_stream(p);
        return;
    }
    event(p, "{}", "\"stop\"", "");
    event(p, NULL, "", ",\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":100,\"total_tokens\":300}");
    append(&p->out, DONE, sizeof DONE - 1);
}

static char form_of(const char *head, size_t n) {
    const char *end = memchr(head, '\r', n);
    size_t line = end ? (size_t)(end - head) : n;
    if (memmem(head, line, "/responses ", 11)) return 'r';
    if (memmem(head, line, "/messages ", 10)) return 'a';
    return memmem(head, line, ":streamGenerateContent", 22) ? 'g' : 'c';
}

static void answer(struct peer *p, const char *body, size_t n) {
    static const char SSE[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    static const char KEY[] = "\"user\":\"";
    n_requests++;
    if (*planted && memmem(body, n, planted, strlen(planted))) n_planted++;
    size_t k = 0;
    const char *tag = memmem(body, n, KEY, sizeof KEY - 1);
    if (tag)
        for (tag += sizeof KEY - 1; k < TAG && tag + k < body + n && tag[k] != '"' && tag[k] != '\\'; k++) p->tag[k] = tag[k];
    p->tag[k] = 0;
    if (p->form == 'g' || memmem(body, n, "\"stream\":true", 13)) {
        if (!p->said && !(p->said = malloc(4096))) abort();
        append(&p->out, SSE, sizeof SSE - 1);
        p->events = strcmp(p->tag, LONG) ? chunks : 5 * chunks;
        p->streaming = 1, p->sent = 0, p->said_length = 0, p->due = now_us() + gap_us;
        begin_stream(p);
        streaming++;
        return;
    }
    char json[2048], head[128];
    int length = snprintf(json, sizeof json,
        "{\"id\":\"chatcmpl-canned\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"canned\",\"choices\":[{"
        "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s %s\",\"refusal\":null},\"logprobs\":null,"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":100,\"total_tokens\":300}}",
        ANSWER, p->tag);
    append(&p->out, head, (size_t)snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n", length));
    append(&p->out, json, (size_t)length);
}

/* length of the chunked body at data; 0 while incomplete */
static size_t chunked_length(const char *data, size_t n) {
    for (size_t at = 0;;) {
        const char *eol = memmem(data + at, n - at, "\r\n", 2);
        if (!eol) return 0;
        size_t len = strtoul(data + at, NULL, 16);
        at = (size_t)(eol - data) + 2 + len + 2;
        if (at > n) return 0;
        if (!len) return at;
    }
}

static void take(struct peer *p) {
    while (!p->streaming && p->in.len) {
        char *end = memmem(p->in.data, p->in.len, "\r\n\r\n", 4);
        if (!end) return;
        size_t head = (size_t)(end - p->in.data) + 4, body = 0, whole;
        *end = 0;
        char *length = strcasestr(p->in.data, "\r\ncontent-length:"), *chunked = strcasestr(p->in.data, "\r\ntransfer-encoding: chunked");
        *end = '\r';
        if (length) {
            body = strtoul(length + 17, NULL, 10);
            whole = head + body;
        } else if (chunked) {
            if (!(body = chunked_length(p->in.data + head, p->in.len - head))) return;
            whole = head + body;
        } else whole = head;
        if (p->in.len < whole) return;
        if (!memcmp(p->in.data, "GET /stats", 10)) {
            char json[96], reply[224];
            int n = snprintf(json, sizeof json, "{\"requests\":%llu,\"planted\":%llu}", (unsigned long long)n_requests, (unsigned long long)n_planted);
            append(&p->out, reply, (size_t)snprintf(reply, sizeof reply,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", n, json));
        } else {
            p->form = form_of(p->in.data, head);
            answer(p, p->in.data + head, body);
        }
        memmove(p->in.data, p->in.data + whole, p->in.len - whole);
        p->in.len -= whole;
    }
}

static int receive(struct peer *p) {
    for (;;) {
        if (p->in.len > MAX_REQUEST || reserve(&p->in, 65536)) return -1;
        ssize_t n = read(p->fd, p->in.data + p->in.len, p->in.cap - p->in.len);
        if (n > 0) { p->in.len += (size_t)n; continue; }
        return n < 0 && errno == EAGAIN ? 0 : -1;
    }
}

static void welcome(int listener) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FD) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        peers[fd] = calloc(1, sizeof(struct peer));
        peers[fd]->fd = fd;
        struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
    }
}

/* sends what is due; returns how long epoll may sleep, in ms */
static int advance(void) {
    uint64_t now = now_us(), next = UINT64_MAX;
    for (int fd = 0; fd < MAX_FD; fd++) {
        struct peer *p = peers[fd];
        if (!p || !p->streaming) continue;
        if (p->due <= now && p->out.off == p->out.len) {
            step(p);
            if (flush(p)) { hang_up(p); continue; }
            if (!p->streaming) take(p);
        }
        if (p->streaming && p->due < next) next = p->due;
    }
    if (!streaming) return -1;
    now = now_us();
    return next <= now ? 0 : (int)((next - now + 999) / 1000);
}

int main(int argc, char **argv) {
    int port = 0, option, one = 1;
    while ((option = getopt(argc, argv, "p:n:d:x:")) != -1) switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'n': chunks = atoi(optarg); break;
        case 'd': gap_us = strtoull(optarg, NULL, 10); break;
        case 'x': planted = optarg; break;
        default: return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) { perror("provider"); return 1; }
    ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
    for (;;) {
        int n = epoll_wait(ep, events, 256, streaming ? advance() : -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) { welcome(listener); continue; }
            struct peer *p = peers[events[i].data.fd];
            if (!p) continue;
            int gone = receive(p);
            if (!gone) take(p);
            if (flush(p) || gone) hang_up(p);
        }
    }
}
