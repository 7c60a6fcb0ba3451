import Foundation
import TestSupport
import Testing

/// The program: one seed is one run.
@Suite(.inTurn)
struct SeedTests {
    @Test func aSeedIsOneRunWhateverWasRunBefore() throws {
        let alone = try Self.fingerprints("--seed", "4")
        let again = try Self.fingerprints("--seed", "4")
        let behindOthers = try Self.fingerprints("--seed", "2", "--runs", "3")
        #expect(alone.count == 1 && again == alone)
        #expect(behindOthers.count == 3 && behindOthers.last == alone.last)
        #expect(Set(behindOthers).count == 3, "another seed is another run")
    }

    /// Whoever looks closer sees what had happened.
    @Test func aSeedIsTheSameRunWhenAllOfItIsShown() throws {
        let (quiet, verbose) = (try Self.output("--seed", "6"), try Self.output("--seed", "6", "--verbose"))
        let jobs = quiet.firstMatch(of: #/s, (\d+) jobs/#)?.1
        #expect(jobs != nil && verbose.firstMatch(of: #/s, (\d+) jobs/#)?.1 == jobs)
    }

    private static func fingerprints(_ arguments: String...) throws -> [String] {
        try output(arguments).matches(of: #/fingerprint ([0-9a-f]+)/#).map { String($0.1) }
    }

    private static func output(_ arguments: String...) throws -> String { try output(arguments) }

    private static func output(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: BuiltProduct.path(of: "simulate"))
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text.suffix(2000))")
        return text
    }
}
