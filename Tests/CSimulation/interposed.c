// The symbols below come before the C library's of the same name when the program is linked: Foundation, the Swift
// runtime and everything else in the process call these.

#define _GNU_SOURCE
#include "CSimulation.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int is_running = 0;
static int64_t wall_at_begin = 0;
static int64_t elapsed_time = 0;
static uint64_t random_seed = 0;
static uint64_t random_state = 0;

static long raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
    long result;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    result = x0;
#else
#error "the simulation knows the system calls of x86-64 and arm64 only"
#endif
    return result;
}

static uint64_t next_random(void) {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

void simulation_begin(uint64_t seed, int64_t wall) {
    is_running = 1;
    wall_at_begin = wall;
    elapsed_time = 0;
    random_seed = seed ^ 0x5DEECE66DULL;
    random_state = random_seed;
}

void simulation_set_step(int64_t step) {
    random_state = random_seed + (uint64_t)step * 0xD1342543DE82EF95ULL;
    random_state = next_random();
}

void simulation_set_time(int64_t elapsed) { elapsed_time = elapsed; }

int64_t simulation_real_time(void) {
    struct timespec now;
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!is_running) {
        long result = raw_syscall(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0);
        if (result == 0) return 0;
        errno = (int)-result;
        return -1;
    }
    // Clocks that count from the machine's start have stood for a day.
    int64_t start = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? wall_at_begin : 86400LL * 1000000000;
    time->tv_sec = (start + elapsed_time) / 1000000000;
    time->tv_nsec = (start + elapsed_time) % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// Foundation reads the bytes of its UUIDs from a device.
void _foundation_uuid_generate_random(unsigned char *out) {
    for (int index = 0; index < 16; index++) {
        if (is_running) {
            out[index] = (unsigned char)next_random();
        } else if (raw_syscall(SYS_getrandom, (long)(out + index), 1, 0, 0, 0, 0) != 1) {
            out[index] = (unsigned char)simulation_real_time();
        }
    }
    out[6] = (out[6] & 0x0F) | 0x40;
    out[8] = (out[8] & 0x3F) | 0x80;
}

// The Swift runtime asks for random bytes with this one.
long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (is_running && number == SYS_getrandom) {
        unsigned char *bytes = (unsigned char *)a;
        for (long index = 0; index < b; index++) bytes[index] = (unsigned char)next_random();
        return b;
    }
    long result = raw_syscall(number, a, b, c, d, e, f);
    if (result >= -4095 && result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
