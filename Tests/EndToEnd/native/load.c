// Requests for measurements, all of the same size, by kept connections: as fast as they are answered, or at a rate.
//
//     load PORT CONNECTIONS RATE COUNT SECONDS RECORDS REQUEST
// REQUEST is a file with one whole HTTP/1.1 request; each @@@@@@@@@@ in it becomes the request's number, ten digits,
// from FIRST (environment, 1 by default). RATE 0: each connection sends the next when it has its answer. What is not
// answered 2xx, or breaks, is sent again after 20 ms. Ends after COUNT, or after SECONDS or at SIGTERM with what is under
// way by then, for which it waits 10 s. Writes a `struct record` for each that was taken to RECORDS, and prints how many
// were refused, how many broken, and the status of the last refusal.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, LARGEST = 1 << 16, PLACE = 10, PAUSE = 20000000 };

struct record { uint64_t due, sent, answered; uint32_t number, tries; }; // CLOCK_MONOTONIC, nanoseconds

struct connection {
    int fd, is_busy, has_work;
    uint64_t not_before;
    struct record work;
    size_t used;
    char buffer[LARGEST];
};

static struct connection *connections;
static char request[LARGEST];
static size_t request_length, place[16], places; // where the number stands
static int port, poller;
static unsigned long refused, broken;
static int refusal; // the last refusal's status
static volatile sig_atomic_t is_over;

static void stop(int signal) { is_over = signal; }

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void lose(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->is_busy = 0;
    c->used = 0;
    c->not_before = now() + PAUSE;
}

static int join(struct connection *c) {
    struct sockaddr_in address = {AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (void *)&address, sizeof address)) { lose(c); broken++; return 0; }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){EPOLLIN, {.ptr = c}});
    return 1;
}

static void put(struct connection *c) {
    if (c->fd < 0 && !join(c)) return;
    char digits[PLACE + 1];
    snprintf(digits, sizeof digits, "%010u", c->work.number);
    for (size_t i = 0; i < places; i++) memcpy(request + place[i], digits, PLACE);
    c->work.sent = now();
    c->work.tries++;
    c->is_busy = 1;
    ssize_t n = send(c->fd, request, request_length, MSG_NOSIGNAL);
    if (n != (ssize_t)request_length) { broken++; lose(c); }
}

static int is_chunked(const char *head, const char *end) {
    for (const char *p = head; p < end; p++)
        if (*p == '\n' && !strncasecmp(p + 1, "transfer-encoding: chunked", 26)) return 1;
    return 0;
}

// 0: not all there; otherwise the status.
static int answered(struct connection *c) {
    char *end = memmem(c->buffer, c->used, "\r\n\r\n", 4);
    if (!end) return 0;
    int status = atoi(c->buffer + 9);
    size_t body = (size_t)(end - c->buffer) + 4, length = 0;
    if (is_chunked(c->buffer, end)) {
        int is_whole = c->used >= body + 5 && !memcmp(c->buffer + c->used - 5, "0\r\n\r\n", 5);
        return is_whole ? status : 0;
    }
    for (char *p = c->buffer; p < end; p++)
        if (*p == '\n' && !strncasecmp(p + 1, "content-length:", 15)) length = strtoul(p + 16, NULL, 10);
    return c->used >= body + length ? status : 0;
}

static int receive(struct connection *c, FILE *records) {
    ssize_t n = recv(c->fd, c->buffer + c->used, sizeof c->buffer - 1 - c->used, 0);
    if (n <= 0) {
        if (c->is_busy) broken++;
        lose(c);
        return 0;
    }
    c->used += (size_t)n;
    c->buffer[c->used] = 0;
    int status = answered(c), will_close = status && strcasestr(c->buffer, "\nconnection: close") != NULL;
    if (!status) {
        if (c->used == sizeof c->buffer - 1) { broken++; lose(c); }
        return 0;
    }
    c->used = 0;
    c->is_busy = 0;
    int is_taken = status >= 200 && status < 300;
    if (is_taken) {
        c->work.answered = now();
        fwrite(&c->work, sizeof c->work, 1, records);
        c->has_work = 0;
    } else {
        refused++;
        refusal = status;
        c->not_before = now() + PAUSE;
    }
    if (will_close) { close(c->fd); c->fd = -1; }
    return is_taken;
}

int main(int arguments, char **argument) {
    if (arguments != 8) return 64;
    port = atoi(argument[1]);
    int count = atoi(argument[2]);
    double rate = atof(argument[3]);
    unsigned long wanted = strtoul(argument[4], NULL, 10), next = 0, taken = 0;
    unsigned long first = getenv("FIRST") ? strtoul(getenv("FIRST"), NULL, 10) : 1;
    FILE *records = fopen(argument[6], "wb"), *file = fopen(argument[7], "rb");
    if (count < 1 || count > MOST_CONNECTIONS || !records || !file) return 64;
    request_length = fread(request, 1, sizeof request, file);
    connections = calloc((size_t)count, sizeof *connections);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || request_length == sizeof request) return 64;
    for (char *at = request; places < 16; at += PLACE) {
        if (!(at = memmem(at, request_length - (size_t)(at - request), "@@@@@@@@@@", PLACE))) break;
        place[places++] = (size_t)(at - request);
    }
    for (int i = 0; i < count; i++) connections[i].fd = -1;
    uint64_t start = now(), end = start + (uint64_t)(atof(argument[5]) * 1e9);
    struct epoll_event events[256];
    signal(SIGTERM, stop);
    while (taken < wanted) {
        uint64_t at = now(), due = 0;
        int pause = 20;
        if (is_over || at >= end) {
            if (wanted > next) { wanted = next; end = at < end ? at : end; }
            if (at >= end + 10000000000u) break;
        }
        for (int i = 0; i < count; i++) {
            struct connection *c = &connections[i];
            if (c->is_busy) continue;
            if (!c->has_work) {
                if (next >= wanted) continue;
                due = rate > 0 ? start + (uint64_t)((double)next * 1e9 / rate) : at;
                if (due > at) {
                    int left = (int)((due - at) / 1000000u) + 1;
                    pause = left < pause ? left : pause;
                    continue;
                }
                c->work = (struct record){due, 0, 0, (uint32_t)(first + next++), 0};
                c->has_work = 1;
                c->not_before = 0;
            }
            if (c->not_before <= at) put(c);
        }
        int ready = epoll_wait(poller, events, 256, pause);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->fd >= 0) taken += (unsigned long)receive(c, records);
        }
    }
    printf("%lu %lu %d\n", refused, broken, refusal);
    return fclose(records) ? 1 : 0;
}
