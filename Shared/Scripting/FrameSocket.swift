@preconcurrency import Glibc

/// Frames over a stream socket, with a deadline for each. Blocks its thread, and is for one thread.
final class FrameSocket {
    let descriptor: Int32
    /// What has been received and not been read: most frames come in one piece.
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    private var unread = 0..<0

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether there is something to read, be it the end.
    var isReadable: Bool {
        if !unread.isEmpty { return true }
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    func send(_ frame: Frame, until deadline: ContinuousClock.Instant) throws(WorkerFailure) {
        let bytes = frame.bytes
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
            } else {
                guard isPassing(errno) else { throw .died }
                try wait(for: POLLOUT, until: deadline)
            }
        }
    }

    /// - Parameter payloadBytesMax: More than that is announced only by a worker that is no longer ours.
    func receive(
        until deadline: ContinuousClock.Instant, payloadBytesMax: Int
    ) throws(WorkerFailure) -> Frame {
        let header = try receive(count: Frame.headerBytes, until: deadline)
        guard let (kind, count) = Frame.parseHeader(header), count <= payloadBytesMax else {
            throw .brokeProtocol
        }
        return Frame(kind, try receive(count: count, until: deadline))
    }

    private func receive(count: Int, until deadline: ContinuousClock.Instant) throws(WorkerFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while true {
            let part = unread.prefix(count - bytes.count)
            bytes.append(contentsOf: buffer[part])
            unread = part.endIndex..<unread.upperBound
            if bytes.count == count { return bytes }
            try wait(for: POLLIN, until: deadline)
            let count = buffer.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                unread = 0..<count
            } else if count == 0 || !isPassing(errno) {
                throw .died
            }
        }
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws(WorkerFailure) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .timedOut }
            var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // One more, because the fraction of a millisecond is cut off.
            let ready = Glibc.poll(&poll, 1, Int32(clamping: left.wholeMilliseconds + 1))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .died }
        }
    }

    private func isPassing(_ number: Int32) -> Bool {
        number == EINTR || number == EAGAIN
    }
}
