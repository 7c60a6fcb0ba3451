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

    private static func fingerprints(_ arguments: String...) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: BuiltProduct.path(of: "simulate"))
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text.suffix(2000))")
        return text.matches(of: #/fingerprint ([0-9a-f]+)/#).map { String($0.1) }
    }
}
