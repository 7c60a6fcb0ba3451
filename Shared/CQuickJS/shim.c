#include "CQuickJS.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

JSValue tocsin_throw_uncatchable(JSContext *context, const char *message) {
    JS_ThrowInternalError(context, "%s", message);
    JSValue error = JS_GetException(context);
    JS_SetUncatchableError(context, error);
    return JS_Throw(context, error);
}

JSValue tocsin_throw(JSContext *context, const char *message) {
    return JS_ThrowPlainError(context, "%s", message);
}

// The engine's door for the tools that come with it; its commands are named there.
uintptr_t js_std_cmd(int command, ...);

JSValue tocsin_take_stack_trace(JSContext *context) {
    enum { error_back_trace = 2 };
    JSValue trace = JS_UNDEFINED;
    js_std_cmd(error_back_trace, context, &trace);
    return trace;
}

int64_t tocsin_processor_time(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void tocsin_keep_free_memory(void) {
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
}

void tocsin_return_free_memory(void) {
    if (mallinfo2().fordblks > 4 << 20) malloc_trim(0);
}

int tocsin_die_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? 0 : errno;
}

void tocsin_close_inherited_descriptors(void) {
    closefrom(3);
}

#if defined(__x86_64__)
#define TOCSIN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define TOCSIN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
// The protection is the third argument of both; its flags are in the lower half.
#define ALLOW_UNLESS_EXECUTABLE(name)                                      \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4),                 \
        LOAD(args[2]),                                                     \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),             \
        ANSWER(SECCOMP_RET_ERRNO | EPERM),                                 \
        ANSWER(SECCOMP_RET_ALLOW)

int tocsin_forbid_system_calls(void) {
#ifdef TOCSIN_ARCHITECTURE
    struct sock_filter filter[] = {
        // Numbers mean other calls in another architecture's ABI: whoever comes from there is an attacker.
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TOCSIN_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),  // x32 calls have bit 30 set, so they match none of the numbers below.
        ALLOW(read),
        ALLOW(write),
        ALLOW_UNLESS_EXECUTABLE(mmap),
        ALLOW_UNLESS_EXECUTABLE(mprotect),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(clock_gettime),
        ALLOW(clock_nanosleep),
        ALLOW(gettimeofday),
        ALLOW(getrandom),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(sched_yield),
        ALLOW(restart_syscall),
        ALLOW(rt_sigaction),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigreturn),
        ALLOW(sigaltstack),
        ALLOW(exit),
        ALLOW(exit_group),
        ANSWER(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return errno;
    return 0;
#else
    return ENOSYS;
#endif
}

static void report(const char *attempt, long result) {
    const char *words = result >= 0 ? "done" : strerror(errno);
    const char *parts[] = {attempt, ": ", words, "\n"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (write(STDOUT_FILENO, parts[i], strlen(parts[i])) < 0) return;
    }
}

void tocsin_try_to_escape(void) {
    char *const none[] = {NULL};
    report("open", open("/etc/passwd", O_RDONLY));
    report("socket", socket(AF_INET, SOCK_STREAM, 0));
    report("fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    report("exec", execve("/bin/true", none, none));
    report("kill", kill(1, 0));
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    report("executable memory", memory == MAP_FAILED ? -1 : 0);
}

int tocsin_is_sanitized(void) {
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
    return 1;
#else
    return 0;
#endif
}
