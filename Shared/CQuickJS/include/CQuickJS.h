#pragma once

#include "../upstream/quickjs.h"

// What Swift cannot say: the values behind QuickJS's macros, and its variadic functions.

static inline JSValue tocsin_undefined(void) { return JS_UNDEFINED; }
static inline JSValue tocsin_exception(void) { return JS_EXCEPTION; }
static inline int tocsin_plain_property(void) { return JS_PROP_C_W_E; }

/// Throws an error that no `catch` and no `finally` of the script sees: it ends the run.
JSValue tocsin_throw_uncatchable(JSContext *context, const char *message);

/// Throws an error that the script can catch.
JSValue tocsin_throw(JSContext *context, const char *message);

/// The calls that were under way when something was thrown that is no error and so does not know them; a text
/// or undefined. To be asked once, before anything else is run.
JSValue tocsin_take_stack_trace(JSContext *context);

/// Processor time of this process so far, in nanoseconds.
int64_t tocsin_processor_time(void);

/// Has the memory of an engine that is gone kept for the next one: asking the system anew costs more than the
/// engine. What is more than a little goes back all the same, see below.
void tocsin_keep_free_memory(void);

/// Gives memory that the engine has freed back to the system when it is more than a little.
void tocsin_return_free_memory(void);

/// Asks the kernel to kill this process when the thread that started it ends. Returns 0 or the errno.
int tocsin_die_with_parent(void);

/// Closes every descriptor but 0, 1 and 2.
void tocsin_close_inherited_descriptors(void);

/// Forbids the calling process, for good, every system call but those that a script engine needs to
/// compute and to use the descriptors it has: no file, socket, process, thread or executable memory.
/// All else fails with EPERM. Returns 0, or the errno with which the kernel refused (ENOSYS on a
/// processor that the filter does not know).
int tocsin_forbid_system_calls(void);

/// Tries what a confined process must not do, and writes a line for each about what came of it.
void tocsin_try_to_escape(void);

/// Whether this is a sanitizer's build, whose runtime needs a larger address space and more system
/// calls than a sandbox allows.
int tocsin_is_sanitized(void);
