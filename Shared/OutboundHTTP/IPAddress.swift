import Foundation

/// An IPv4 or IPv6 address, as numbers in host byte order. Zone ids are not kept.
public enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// Reads `192.0.2.7` or `2001:db8::7`, and nothing looser: no octal, no short forms, no brackets.
    public init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(UInt32(bigEndian: v4.s_addr))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            return nil
        }
    }

    /// The address in a socket address; `nil` for a family other than IPv4 and IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: self = .v4(UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6: self.init(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default: return nil
        }
    }

    private init(_ address: in6_addr) {
        self = withUnsafeBytes(of: address) { bytes in
            .v6(
                high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch self {
        case .v4(let bits):
            var address = in_addr(s_addr: bits.bigEndian)
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        case .v6(let high, let low):
            var address = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A block of addresses, as in `10.0.0.0/8` or `fd00::/8`.
public struct CIDR: Hashable, Sendable, CustomStringConvertible {
    public let base: IPAddress
    public let prefixLength: Int

    /// Why a text is no block of addresses. The description names the text.
    public struct ParseError: Error, Equatable, CustomStringConvertible {
        public let text: String
        public let detail: String
        public var description: String { "'\(text)' is no address block: \(detail)" }
    }

    /// Reads `10.0.0.0/8`. A bare address stands for itself alone.
    ///
    /// - Throws: ``ParseError`` also when bits behind the prefix are set, as in `10.0.0.7/8`: that is
    ///   more often a slip than a wish.
    public init(parsing text: String) throws(ParseError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else {
            throw ParseError(text: text, detail: "'\(parts[0])' is neither an IPv4 nor an IPv6 address")
        }
        var length = address.bitWidth
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...length).contains(number), parts[1].allSatisfy(\.isNumber) else {
                throw ParseError(text: text, detail: "the prefix length must be from 0 to \(length)")
            }
            length = number
        }
        self.init(base: address.masked(to: length), prefixLength: length)
        guard base == address else { throw ParseError(text: text, detail: "did you mean \(self)?") }
    }

    init(base: IPAddress, prefixLength: Int) {
        self.base = base
        self.prefixLength = prefixLength
    }

    /// Whether `address` lies in the block. An IPv4 block never contains an IPv6 address.
    public func contains(_ address: IPAddress) -> Bool {
        address.bitWidth == base.bitWidth && address.masked(to: prefixLength) == base
    }

    public var description: String { "\(base)/\(prefixLength)" }
}

extension IPAddress {
    /// The address with all bits behind the first `length` cleared.
    func masked(to length: Int) -> IPAddress {
        switch self {
        case .v4(let bits):
            return .v4(bits & ~(UInt32.max >> UInt32(length)))
        case .v6(let high, let low):
            let highMask = ~(UInt64.max >> UInt64(min(length, 64)))
            let lowMask = ~(UInt64.max >> UInt64(max(length - 64, 0)))
            return .v6(high: high & highMask, low: low & lowMask)
        }
    }
}
