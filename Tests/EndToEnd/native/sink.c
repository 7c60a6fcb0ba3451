// Targets for measurements: as many HTTP servers on 127.0.0.1 as wanted in one process of few instructions a request.
//
//     sink PORTS RECORDS
//
// Prints the ports. Each request is answered and written to the file RECORDS as `struct record`, webhook-id and body.
// Commands come by lines on standard input, each is answered by a line:
//
//     set FIRST LAST STATUS DELAY   targets FIRST to LAST answer STATUS after DELAY ms; STATUS 0: never
//     count                         prints how many requests there were; RECORDS holds all of them by then
//
// Ends with standard input.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

enum { KEPT = 4096, LARGEST = 1 << 20, MOST_PORTS = 512 };

struct record { // little-endian, as this machine
    uint64_t at; // CLOCK_MONOTONIC, nanoseconds: when the request was complete
    uint32_t sink, status, size, id_length, body_length; // size: of the whole body; at most KEPT bytes of it follow
};

struct connection {
    int fd, sink;
    uint32_t generation; // an answer that waits is for this connection only
    char *buffer;
    size_t used, room;
};

struct waiting {
    uint64_t due;
    struct connection *to;
    uint32_t generation, status;
};

static struct { uint32_t status, delay; } behaviour[MOST_PORTS];
static int listeners[MOST_PORTS], ports, poller;
static struct connection *unused; // a freed one is kept: an answer may still point at it
static struct connection **next_unused(struct connection *c) { return (struct connection **)c->buffer; }
static struct waiting *heap;
static size_t waiting_count, waiting_room;
static uint64_t received;
static FILE *records;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *need(void *p) {
    if (!p) abort();
    return p;
}

static void drop(struct connection *c) {
    close(c->fd);
    c->fd = -1;
    c->generation++;
    c->used = 0;
    *next_unused(c) = unused;
    unused = c;
}

static void answer(struct connection *c, uint32_t status) {
    char text[160];
    int length = snprintf(
        text, sizeof text,
        "HTTP/1.1 %u Answer\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", status);
    if (send(c->fd, text, (size_t)length, MSG_NOSIGNAL) != length) drop(c);
}

// MARK: answers that wait, the earliest first

static void push(struct waiting w) {
    if (waiting_count == waiting_room)
        heap = need(realloc(heap, (waiting_room = waiting_room ? 2 * waiting_room : 1024) * sizeof *heap));
    size_t at = waiting_count++;
    while (at && heap[(at - 1) / 2].due > w.due) { heap[at] = heap[(at - 1) / 2]; at = (at - 1) / 2; }
    heap[at] = w;
}

static struct waiting pop(void) {
    struct waiting first = heap[0], last = heap[--waiting_count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < waiting_count) {
        if (child + 1 < waiting_count && heap[child + 1].due < heap[child].due) child++;
        if (heap[child].due >= last.due) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

// MARK: requests

static const char *header(const char *head, const char *end, const char *name, size_t *length) {
    size_t wanted = strlen(name);
    for (const char *line = memchr(head, '\n', (size_t)(end - head)); line;) {
        line++;
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if ((size_t)(end - line) > wanted && !strncasecmp(line, name, wanted) && line[wanted] == ':') {
            const char *value = line + wanted + 1, *stop = next ? next : end;
            while (value < stop && *value == ' ') value++;
            while (stop > value && (stop[-1] == '\r' || stop[-1] == ' ')) stop--;
            *length = (size_t)(stop - value);
            return value;
        }
        line = next;
    }
    *length = 0;
    return NULL;
}

// Where a chunked body ends, 0 when it is not all there; `size` is of what is in the chunks. With `is_final` they are
// joined in place.
static size_t chunks(char *buffer, size_t start, size_t used, size_t *size, int is_final) {
    size_t from = start, to = start;
    for (;;) {
        char *line_end = memmem(buffer + from, used - from, "\r\n", 2);
        if (!line_end) return 0;
        size_t length = strtoul(buffer + from, NULL, 16), data = (size_t)(line_end - buffer) + 2;
        if (length > LARGEST || used < data + length + 2) return 0;
        if (is_final) memmove(buffer + to, buffer + data, length);
        to += length;
        from = data + length + 2;
        if (!length) { *size = to - start; return from; }
    }
}

// One request at the beginning of the buffer, if there is a whole one.
static int take(struct connection *c) {
    char *found = memmem(c->buffer, c->used, "\r\n\r\n", 4);
    if (!found) return 0;
    size_t length, body = (size_t)(found - c->buffer) + 4, size = 0, end;
    const char *value = header(c->buffer, found, "content-length", &length);
    if (value) {
        size = strtoul(value, NULL, 10);
        end = body + size;
    } else if (header(c->buffer, found, "transfer-encoding", &length)) {
        if (!chunks(c->buffer, body, c->used, &size, 0)) goto incomplete;
        end = chunks(c->buffer, body, c->used, &size, 1);
    } else {
        end = body;
    }
    if (size > LARGEST) { drop(c); return 0; }
    if (c->used < end) goto incomplete;
    const char *id = header(c->buffer, found, "webhook-id", &length);
    uint32_t status = behaviour[c->sink].status, delay = behaviour[c->sink].delay;
    struct record r = {now(), (uint32_t)c->sink, status, (uint32_t)size, (uint32_t)length,
                       (uint32_t)(size < KEPT ? size : KEPT)};
    fwrite(&r, sizeof r, 1, records);
    if (length) fwrite(id, 1, length, records);
    fwrite(c->buffer + body, 1, r.body_length, records);
    received++;
    memmove(c->buffer, c->buffer + end, c->used - end);
    c->used -= end;
    if (status && delay) push((struct waiting){r.at + delay * 1000000u, c, c->generation, status});
    else if (status) answer(c, status);
    return c->fd >= 0;
incomplete:
    if (header(c->buffer, found, "expect", &length) && c->used == body)
        send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    return 0;
}

static void receive(struct connection *c) {
    if (c->room - c->used < 16384) c->buffer = need(realloc(c->buffer, c->room = c->room * 2));
    ssize_t n = recv(c->fd, c->buffer + c->used, c->room - c->used, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) { drop(c); return; }
    c->used += (size_t)n;
    while (c->fd >= 0 && c->used && take(c)) {}
}

static void welcome(int sink) {
    int fd = accept4(listeners[sink], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = unused;
    if (c) {
        unused = *next_unused(c);
    } else {
        c = need(calloc(1, sizeof *c));
        c->buffer = need(malloc(c->room = 65536));
    }
    c->fd = fd;
    c->sink = sink;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){EPOLLIN, {.ptr = c}});
}

// MARK: commands

static void obey(const char *line) {
    unsigned first, last, status, delay;
    if (sscanf(line, "set %u %u %u %u", &first, &last, &status, &delay) == 4 && last < (unsigned)ports) {
        for (unsigned i = first; i <= last; i++) { behaviour[i].status = status; behaviour[i].delay = delay; }
        puts("done");
    } else if (!strncmp(line, "count", 5)) {
        fflush(records);
        printf("%llu\n", (unsigned long long)received);
    } else {
        puts("no such command");
    }
    fflush(stdout);
}

static void listen_on(int sink) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (void *)&address, length) || listen(fd, 1024)) { perror("listen"); exit(1); }
    getsockname(fd, (void *)&address, &length);
    listeners[sink] = fd;
    behaviour[sink].status = 200;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){EPOLLIN, {.ptr = &listeners[sink]}});
    printf("%d%c", ntohs(address.sin_port), sink == ports - 1 ? '\n' : ' ');
}

int main(int count, char **arguments) {
    if (count != 3 || (ports = atoi(arguments[1])) < 1 || ports > MOST_PORTS) return 64;
    records = need(fopen(arguments[2], "wb"));
    setvbuf(records, NULL, _IOFBF, 1 << 20);
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < ports; i++) listen_on(i);
    fflush(stdout);
    fcntl(0, F_SETFL, O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &(struct epoll_event){EPOLLIN, {.ptr = NULL}});
    char line[4096];
    size_t used = 0;
    struct epoll_event events[256];
    for (;;) {
        uint64_t at = now();
        while (waiting_count && heap[0].due <= at) {
            struct waiting w = pop();
            if (w.to->generation == w.generation) answer(w.to, w.status);
        }
        int pause = waiting_count ? (int)((heap[0].due - at) / 1000000u) + 1 : -1;
        int ready = epoll_wait(poller, events, 256, pause);
        for (int i = 0; i < ready; i++) {
            void *p = events[i].data.ptr;
            if (!p) {
                ssize_t n = read(0, line + used, sizeof line - 1 - used);
                if (n == 0) return fclose(records) ? 1 : 0;
                if (n < 0) continue;
                line[used += (size_t)n] = 0;
                for (char *end; (end = strchr(line, '\n')); ) {
                    *end = 0;
                    obey(line);
                    used -= (size_t)(end + 1 - line);
                    memmove(line, end + 1, used + 1);
                }
            } else if ((int *)p >= listeners && (int *)p < listeners + ports) {
                welcome((int)((int *)p - listeners));
            } else if (((struct connection *)p)->fd >= 0) {
                receive(p);
            }
        }
    }
}
