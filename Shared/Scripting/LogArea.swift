@preconcurrency import Glibc

/// The memory that a worker writes a script's console to and the pool reads it from. It is shared, so that what
/// was written is there however the worker ends, and writing a line costs no system call.
///
/// Eight bytes say how much is used; the text follows. To be used by one side at a time: by the worker while a
/// script computes, by the pool while the worker waits or is gone.
package final class LogArea: @unchecked Sendable {  // One side at a time, see above.
    /// Where a worker finds the descriptor of its area.
    package static let descriptorInWorker: Int32 = 3
    /// The largest console and the mark that tells of a cut.
    private static let capacity = ScriptLimits.outputBytesMax + 256
    private static let headerBytes = 8

    private let base: UnsafeMutableRawPointer

    /// Makes an area. `pass` is given its descriptor, which is closed afterwards.
    init<T>(passing pass: (Int32) throws(WorkerFailure) -> T) throws(WorkerFailure) {
        let name = "/tocsin-console-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotStart("no shared memory: \(errorText(errno))") }
        shm_unlink(name)
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(Self.size)) == 0, let base = Self.map(descriptor) else {
            throw .cannotStart("no shared memory: \(errorText(errno))")
        }
        self.base = base
        _ = try pass(descriptor)  // When it throws, `deinit` runs: all is initialized.
    }

    /// The worker's side. Without a pool, as when somebody starts it by hand, the area is its own.
    package init() {
        var status = stat()
        let isGiven =
            fstat(Self.descriptorInWorker, &status) == 0 && status.st_size == off_t(Self.size)
            && status.st_mode & S_IFMT == S_IFREG
        base =
            isGiven ? Self.map(Self.descriptorInWorker) ?? Self.allocate() : Self.allocate()
    }

    deinit { munmap(base, Self.size) }

    private static var size: Int { headerBytes + capacity }

    private static func map(_ descriptor: Int32) -> UnsafeMutableRawPointer? {
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        return address == MAP_FAILED ? nil : address
    }

    private static func allocate() -> UnsafeMutableRawPointer {
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { preconditionFailure("no memory for a console") }
        return address
    }

    /// How many bytes are used: never more than there are, whatever the other side says.
    package private(set) var count: Int {
        get { Int(min(base.load(as: UInt64.self), UInt64(Self.capacity))) }
        set { base.storeBytes(of: UInt64(newValue), as: UInt64.self) }
    }

    package func clear() { count = 0 }

    package func append(_ bytes: some Collection<UInt8>) {
        let used = count
        let new = min(bytes.count, Self.capacity - used)
        UnsafeMutableRawBufferPointer(start: base + Self.headerBytes + used, count: new)
            .copyBytes(from: bytes.prefix(new))
        count = used + new
    }

    package var text: String {
        String(decoding: UnsafeRawBufferPointer(start: base + Self.headerBytes, count: count), as: UTF8.self)
    }
}
