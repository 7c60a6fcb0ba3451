import Foundation
import Testing

/// Lets a few of a process's tests run at a time, in the order in which they come: those that start servers and wait
/// for them. All of them together would wait for each other's processor time longer than for anything else.
///
/// A time limit counts the wait for its turn, too: on a slow machine that of all tests before it.
public struct InTurn: SuiteTrait, TestTrait, TestScoping {
    private static let places = Places(2 * max(2, ProcessInfo.processInfo.activeProcessorCount))

    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Self.places.take()
        defer { Self.places.giveBack() }
        try await function()
    }
}

extension Trait where Self == InTurn {
    public static var inTurn: Self { InTurn() }
}

private final class Places: @unchecked Sendable {  // everything mutable is touched under `lock` only
    private let lock = NSLock()
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = lock.withLock {
                guard free == 0 else {
                    free -= 1
                    return true
                }
                waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next: CheckedContinuation<Void, Never>? = lock.withLock {
            guard waiting.isEmpty else { return waiting.removeFirst() }
            free += 1
            return nil
        }
        next?.resume()
    }
}
