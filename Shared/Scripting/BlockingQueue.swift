@preconcurrency import Glibc

/// Hands values to a thread that may wait for them, which no task of the cooperative pool may.
final class BlockingQueue<Element>: @unchecked Sendable {  // Everything mutable is behind the lock.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let arrival: UnsafeMutablePointer<pthread_cond_t>
    private var elements: [Element] = []

    init() {
        lock = .allocate(capacity: 1)
        arrival = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(arrival, nil)
    }

    deinit {
        pthread_cond_destroy(arrival)
        pthread_mutex_destroy(lock)
        arrival.deallocate()
        lock.deallocate()
    }

    func put(_ element: sending Element) {
        pthread_mutex_lock(lock)
        elements.append(element)
        pthread_cond_signal(arrival)
        pthread_mutex_unlock(lock)
    }

    /// Waits for an element. For one thread only, which is no thread of the cooperative pool.
    func take() -> Element {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while elements.isEmpty { pthread_cond_wait(arrival, lock) }
        return elements.removeFirst()
    }
}

/// Runs `body` on a thread of its own, which ends with it.
///
/// - Returns: 0, or the errno with which the system refused.
func startThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let refusal = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, box.toOpaque())
    if refusal == 0 { pthread_detach(thread) } else { box.release() }
    return refusal
}
