import Crypto
import CryptoExtras
import Foundation

/// Passwords as they are stored: scrypt, with its parameters in the text, so that they can grow.
public enum PasswordHash {
    /// What a hash costs to make and to guess.
    public struct Cost: Hashable, Sendable {
        /// The memory is 1 KiB × 2^`logarithm` × `blockSize` / 8.
        public let logarithm: Int
        public let blockSize: Int
        public let parallelism: Int

        public init(logarithm: Int, blockSize: Int = 8, parallelism: Int) {
            self.logarithm = logarithm
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// What OWASP's password storage cheat sheet recommends for 16 MiB of memory.
        public static let standard = Cost(logarithm: 14, parallelism: 5)
        /// For tests only.
        public static let lowest = Cost(logarithm: 4, parallelism: 1)

        var isSane: Bool {
            (1...20).contains(logarithm) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
        }
    }

    /// `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, the last two in base64. Takes about a quarter of a second.
    public static func make(_ password: String, cost: Cost = .standard) -> String {
        let salt = RandomSecret.bytes(16)
        guard let hash = derive(password, salt: salt, cost: cost) else {
            preconditionFailure("scrypt refused \(cost)")
        }
        let parts = [Data(salt).base64EncodedString(), hash.base64EncodedString()]
        return "scrypt$\(cost.logarithm)$\(cost.blockSize)$\(cost.parallelism)$\(parts[0])$\(parts[1])"
    }

    /// Takes as long as making the hash did. A text that is no hash is nobody's.
    public static func verify(_ password: String, against stored: String) -> Bool {
        let parts = stored.split(separator: "$").map(String.init)
        guard parts.count == 6, parts[0] == "scrypt", let logarithm = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = Data(base64Encoded: parts[4])
        else { return false }
        let cost = Cost(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
        guard cost.isSane, let hash = derive(password, salt: Array(salt), cost: cost) else { return false }
        return constantTimeEquals(hash.base64EncodedString(), parts[5])
    }

    static func derive(_ password: String, salt: [UInt8], cost: Cost, length: Int = 32) -> Data? {
        // Scrypt throws for parameters that make no sense only: whoever asks says what that means.
        let key = try? KDF.Scrypt.deriveKey(
            from: Array(password.utf8), salt: salt, outputByteCount: length, rounds: 1 << cost.logarithm,
            blockSize: cost.blockSize, parallelism: cost.parallelism)
        return key?.withUnsafeBytes { Data($0) }
    }
}
