import Testing

@testable import Scripting

/// The memory that a worker's console is in.
struct LogAreaTests {
    /// Whoever unmaps more than was mapped takes away what others have got there since: a crash.
    @Test func oneThatCannotBePassedLeavesOthersAlone() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<2 {
                tasks.addTask {
                    for _ in 0..<2000 {
                        #expect(throws: WorkerFailure.self) {
                            try LogArea { _ throws(WorkerFailure) -> Void in throw .gone }
                        }
                    }
                }
                tasks.addTask {
                    for number in 0..<2000 {
                        let area = try LogArea { _ throws(WorkerFailure) in }
                        area.append(Array("\(number)".utf8))
                        await Task.yield()
                        #expect(area.text == "\(number)")
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }
}
