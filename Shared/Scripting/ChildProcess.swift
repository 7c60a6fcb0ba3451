@preconcurrency import Glibc

/// A running `script-sandbox` and the one descriptor that leads to it: a socket that is the child's
/// standard input and output. (A socket rather than two pipes: writing to a child that is gone is then
/// an error and no SIGPIPE.) Every method blocks; all are for the one thread that made the child.
struct ChildProcess {
    let id: pid_t
    /// What the script that runs has written to its console.
    let console: LogArea
    private let socket: FrameSocket

    /// Starts the executable with an empty environment, with 0 and 1 as said, 2 as `/dev/null` and 3 as the
    /// console's memory, with no signal blocked or ignored, and out of reach of the terminal's Ctrl-C. The
    /// worker's first acts are to map that memory, to close what else it has inherited, and to go to `/`.
    init(executable: String, addressSpaceBytes: Int) throws(WorkerFailure) {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { raw in
            socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0,
                raw.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard made == 0 else { throw .cannotStart(errorText(errno)) }
        var child: pid_t = 0
        do {
            console = try LogArea { console throws(WorkerFailure) in
                child = try spawn(
                    executable, [String(addressSpaceBytes)], standardStreams: ends.1, console: console)
            }
        } catch {
            close(ends.0)
            close(ends.1)
            throw error
        }
        close(ends.1)
        id = child
        socket = FrameSocket(descriptor: ends.0)
    }

    /// Waits until the child says that it is confined.
    ///
    /// - Returns: In which respect it is less confined than it should be; empty when in none.
    func waitUntilReady(within time: Duration) throws(WorkerFailure) -> String {
        let frame = try socket.receive(until: .now + time, payloadBytesMax: 1024)
        guard frame.kind == .ready else { throw .brokeProtocol }
        return String(decoding: frame.payload, as: UTF8.self)
    }

    /// To be called before a run.
    ///
    /// - Throws: ``WorkerFailure/gone`` when the child was lost meanwhile.
    func prepare() throws(WorkerFailure) {
        // The child has nothing to say before it is asked: what can be read is its end.
        if socket.isReadable { throw .gone }
        console.clear()
    }

    /// Sends a frame and waits for the next one.
    func exchange(
        _ frame: Frame, within time: Duration, payloadBytesMax: Int
    ) throws(WorkerFailure) -> Frame {
        let deadline = ContinuousClock.Instant.now + time
        try socket.send(frame, until: deadline)
        return try socket.receive(until: deadline, payloadBytesMax: payloadBytesMax)
    }

    /// Ends the child, whatever it does, and leaves no zombie.
    ///
    /// - Returns: How it ended. When it had ended by itself, that is what counts.
    @discardableResult
    func end() -> String {
        kill(id, SIGKILL)
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
        close(socket.descriptor)
        let signal = status & 0x7F
        return signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(signal)"
    }
}

/// Why a worker did not answer. All are the end of it.
enum WorkerFailure: Error, Equatable {
    case cannotStart(String)
    /// It was lost before it had seen what was sent.
    case gone
    case died
    case timedOut
    case brokeProtocol
}

func errorText(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
}

private func spawn(
    _ executable: String, _ arguments: [String], standardStreams: Int32, console: Int32
) throws(WorkerFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, standardStreams, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, standardStreams, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, console, LogArea.descriptorInWorker)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETPGROUP)
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var strings: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var id: pid_t = 0
    let refusal = posix_spawn(&id, executable, &actions, &attributes, &strings, &environment)
    guard refusal == 0 else { throw .cannotStart("\(executable): \(errorText(refusal))") }
    return id
}
