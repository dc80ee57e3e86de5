/* load.c - closed-loop HTTP/1.1 load driver, loopback only.
 *
 *   load -p PORT -b FILE [-u PATH] [-H 'Name: value']... [-c CONNECTIONS] [-t SECONDS] [-n CALLS]
 *
 * FILE holds one JSON body a line, sent in order, from the start again when used up. Stops after SECONDS or CALLS,
 * whichever comes first, and waits for the calls under way. Prints one JSON object: calls per second, latency to the
 * last byte, and the delay of each streamed chunk whose text carries the provider's send time ("@" and 16 digits).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES 2000000
#define MAX_CONNECTIONS 256

enum state { HEAD, SIZED, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, LAST_CRLF, UNTIL_CLOSE };
struct series { uint32_t *us; size_t n; };
struct body { const char *data; size_t len; };
struct conn {
    int fd, busy, status, digits;
    enum state state;
    uint64_t start, mark;
    size_t left, head_len, out_len, out_off, out_cap;
    char head[16384], *out;
};

static struct series latency, delay;
static struct body *bodies;
static size_t n_bodies, next_body;
static uint64_t started, good, bad, stop_at, max_calls = UINT64_MAX;
static char headers[4096];
static const char *path = "/v1/chat/completions";
static int port, ep, open_calls;

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void sample(struct series *s, uint64_t us) {
    if (s->n < MAX_SAMPLES) s->us[s->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t quantile(const struct series *s, double q) { return s->n ? s->us[(size_t)(q * (double)(s->n - 1))] : 0; }

static void push(struct conn *c) {
    while (c->out_off < c->out_len) {
        ssize_t n = write(c->fd, c->out + c->out_off, c->out_len - c->out_off);
        if (n < 0) return;                       /* EAGAIN: epoll calls again; an error shows when reading */
        c->out_off += (size_t)n;
    }
}

static void call(struct conn *c) {
    c->busy = 0;
    if (started >= max_calls || now_us() >= stop_at) return;
    const struct body *b = &bodies[next_body++ % n_bodies];
    if (c->out_cap < b->len + 8192) {
        c->out_cap = b->len + 8192;
        c->out = realloc(c->out, c->out_cap);
    }
    int n = snprintf(c->out, 8192, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
                     path, port, headers, b->len);
    memcpy(c->out + n, b->data, b->len);
    c->out_len = (size_t)n + b->len, c->out_off = 0;
    c->state = HEAD, c->head_len = 0, c->digits = 0, c->status = 0;
    c->start = now_us(), c->busy = 1;
    started++, open_calls++;
    push(c);
}

static void dial(struct conn *c) {
    int one = 1;
    if (c->fd > 0) close(c->fd);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(c->fd, (void *)&address, sizeof address)) { perror("load"); exit(1); }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
}

static void finish(struct conn *c, int whole) {
    open_calls--;
    if (whole && c->status == 200) {
        good++;
        sample(&latency, now_us() - c->start);
    } else if (!bad++) fprintf(stderr, "load: first bad answer, status %d\n", c->status);
    call(c);
}

static void chunk_delays(struct conn *c, const char *data, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '@') c->digits = 1, c->mark = 0;
        else if (c->digits && data[i] >= '0' && data[i] <= '9') {
            c->mark = c->mark * 10 + (uint64_t)(data[i] - '0');
            if (++c->digits == 17) {
                uint64_t now = now_us();
                sample(&delay, now > c->mark ? now - c->mark : 0);
                c->digits = 0;
            }
        } else c->digits = 0;
    }
}

/* the head is complete: what kind of body follows; 1 when none does */
static int headed(struct conn *c) {
    c->head[c->head_len] = 0;
    c->status = atoi(c->head + 9);
    const char *sized = strcasestr(c->head, "\r\ncontent-length:");
    c->left = 0;
    if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) c->state = CHUNK_SIZE;
    else if (sized) c->state = SIZED, c->left = strtoul(sized + 17, NULL, 10);
    else c->state = UNTIL_CLOSE;
    return c->state == SIZED && !c->left;
}

/* one answer's bytes; returns how many were used and sets *done at its end */
static size_t feed(struct conn *c, const char *data, size_t n, int *done) {
    size_t i = 0;
    *done = 0;
    while (i < n && !*done) switch (c->state) {
        case HEAD:
            if (c->head_len == sizeof c->head - 1) { fprintf(stderr, "load: head too long\n"); exit(1); }
            c->head[c->head_len++] = data[i++];
            if (c->head_len > 3 && !memcmp(c->head + c->head_len - 4, "\r\n\r\n", 4)) *done = headed(c);
            break;
        case SIZED: case CHUNK_DATA: {
            size_t k = n - i < c->left ? n - i : c->left;
            if (c->state == CHUNK_DATA) chunk_delays(c, data + i, k);
            i += k, c->left -= k;
            if (!c->left) { if (c->state == SIZED) *done = 1; else c->state = CHUNK_END; }
            break;
        }
        case CHUNK_SIZE: {
            char ch = data[i++];
            if (ch == '\n') c->state = c->left ? CHUNK_DATA : LAST_CRLF;
            else if (ch >= '0' && ch <= '9') c->left = c->left * 16 + (size_t)(ch - '0');
            else if ((ch | 32) >= 'a' && (ch | 32) <= 'f') c->left = c->left * 16 + (size_t)((ch | 32) - 'a' + 10);
            break;
        }
        case CHUNK_END: if (data[i++] == '\n') c->state = CHUNK_SIZE; break;
        case LAST_CRLF: if (data[i++] == '\n') *done = 1; break;
        case UNTIL_CLOSE: i = n; break;
    }
    return i;
}

static void closed(struct conn *c) {
    static int reconnects;
    int answered = c->busy && c->head_len, whole = c->state == UNTIL_CLOSE;
    if (++reconnects > 20000) { fprintf(stderr, "load: too many reconnects\n"); exit(1); }
    dial(c);
    if (answered) finish(c, whole);
    else if (c->busy) c->out_off = 0, push(c);    /* an idle connection that the server closed: say it again */
}

static void ready(struct conn *c) {
    static char buffer[262144];
    push(c);
    for (;;) {
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) { closed(c); return; }
        for (size_t off = 0; off < (size_t)n && c->busy;) {
            int done;
            off += feed(c, buffer + off, (size_t)n - off, &done);
            if (done) finish(c, 1);
        }
    }
}

static void read_bodies(const char *file) {
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f = fopen(file, "rb");
    if (!f) { perror(file); exit(1); }
    while ((n = getline(&line, &cap, f)) > 1) {
        if (!(n_bodies & (n_bodies - 1))) bodies = realloc(bodies, sizeof *bodies * (n_bodies ? n_bodies * 2 : 1));
        bodies[n_bodies++] = (struct body){strndup(line, (size_t)n - 1), (size_t)n - 1};
    }
    free(line);
    fclose(f);
    if (!n_bodies) { fprintf(stderr, "load: %s is empty\n", file); exit(1); }
}

int main(int argc, char **argv) {
    int connections = 16, option;
    double seconds = 3;
    while ((option = getopt(argc, argv, "p:b:u:H:c:t:n:")) != -1) switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'b': read_bodies(optarg); break;
        case 'u': path = optarg; break;
        case 'H':
            if (strlen(headers) + strlen(optarg) + 3 > sizeof headers) return 2;
            strcat(strcat(headers, optarg), "\r\n");
            break;
        case 'c': connections = atoi(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'n': max_calls = strtoull(optarg, NULL, 10); break;
        default: return 2;
    }
    if (!port || !n_bodies || connections < 1 || connections > MAX_CONNECTIONS) return 2;
    if (seconds > 300) seconds = 300;
    signal(SIGPIPE, SIG_IGN);
    latency.us = malloc(MAX_SAMPLES * 4), delay.us = malloc(MAX_SAMPLES * 4);
    ep = epoll_create1(0);
    struct conn *conns = calloc((size_t)connections, sizeof *conns);
    uint64_t begun = now_us();
    stop_at = begun + (uint64_t)(seconds * 1e6);
    for (int i = 0; i < connections; i++) { dial(&conns[i]); call(&conns[i]); }
    struct epoll_event events[256];
    while (open_calls && now_us() < stop_at + 30000000) {
        int n = epoll_wait(ep, events, 256, 100);
        for (int i = 0; i < n; i++) ready(events[i].data.ptr);
    }
    double took = (double)(now_us() - begun) / 1e6;
    bad += (uint64_t)open_calls;                  /* unanswered half a minute after the end */
    qsort(latency.us, latency.n, 4, ascending);
    qsort(delay.us, delay.n, 4, ascending);
    printf("{\"calls\":%llu,\"good\":%llu,\"bad\":%llu,\"seconds\":%.3f,\"rps\":%.1f,\"p50_us\":%u,\"p90_us\":%u,\"p99_us\":%u,"
           "\"chunks\":%zu,\"chunk_p50_us\":%u,\"chunk_p99_us\":%u}\n",
           (unsigned long long)started, (unsigned long long)good, (unsigned long long)bad, took, (double)good / took,
           quantile(&latency, .5), quantile(&latency, .9), quantile(&latency, .99), delay.n, quantile(&delay, .5), quantile(&delay, .99));
    return good ? 0 : 1;
}
