@preconcurrency import CQuickJS
@preconcurrency import Glibc

/// Leaves behind what the process was given and needs at no time.
func closeOtherDoors() {
    _ = tocsin_die_with_parent()  // A second safety: the end of the standard input ends the worker too.
    tocsin_close_inherited_descriptors()
    _ = chdir("/")  // What the worker may open later is nothing, wherever it is.
    umask(0o077)
    // The runtime's handlers would start another process to tell of a crash. A crash is to be one, at once.
    for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
    // A script sees UTC wherever it runs, and no file is needed for that.
    setenv("TZ", "UTC0", 1)
    tzset()
}

/// Gives up, for good, all that a script engine does not need.
///
/// - Returns: What the system refused, in words; empty when the process is confined as it should be.
func confine(addressSpaceBytes: UInt?) -> String {
    var lacks: [String] = []
    func limit(_ resource: __rlimit_resource, to value: UInt, called name: String) {
        var limit = rlimit(rlim_cur: value, rlim_max: value)
        if setrlimit(__rlimit_resource_t(resource.rawValue), &limit) != 0 { lacks.append("\(name): error \(errno)") }
    }
    // A sanitizer's shadow memory is larger than any sensible limit, and it opens files at its end.
    let isSanitized = tocsin_is_sanitized() != 0
    if let addressSpaceBytes, !isSanitized { limit(RLIMIT_AS, to: addressSpaceBytes, called: "RLIMIT_AS") }
    limit(RLIMIT_CORE, to: 0, called: "RLIMIT_CORE")
    limit(RLIMIT_FSIZE, to: 0, called: "RLIMIT_FSIZE")
    limit(__RLIMIT_NPROC, to: 0, called: "RLIMIT_NPROC")
    limit(RLIMIT_NOFILE, to: 3, called: "RLIMIT_NOFILE")
    if !isSanitized {
        let refusal = tocsin_forbid_system_calls()
        if refusal != 0 { lacks.append("seccomp: error \(refusal)") }
    }
    return lacks.joined(separator: ", ")
}
