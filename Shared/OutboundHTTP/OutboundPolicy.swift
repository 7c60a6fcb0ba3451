/// Which addresses the outbound client may connect to: the public internet, and what the operator allows.
///
/// People who may set up a webhook choose its URL. Without this guard they could make the server talk
/// to its own network: to a database, to a cloud's metadata service, to itself (SSRF).
public struct OutboundPolicy: Sendable {
    public enum Verdict: Equatable, Sendable {
        case permitted
        /// The reason is one sentence for people, and says how to permit the address.
        case refused(reason: String)
    }

    private let allowed: [CIDR]

    /// - Parameter allowed: Blocks that are permitted although they are not public. A metadata address
    ///   is only permitted by a block of just that address, so that `0.0.0.0/0` does not open it.
    public init(allowing allowed: [CIDR] = []) {
        self.allowed = allowed
    }

    /// Judges one address. An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4, Teredo)
    /// is judged by what it carries, too: an allowed IPv6 block does not permit a refused IPv4 address. Of the
    /// tunnels, NAT64's well-known prefix alone is permitted for public addresses: networks without IPv4 live on it.
    public func verdict(for address: IPAddress) -> Verdict {
        let (judgesItself, embedded) = Self.embeddedAddresses(of: address)
        for inner in embedded {
            if let kind = refusal(of: inner) {
                return .refused(reason: "\(address) stands for \(inner), \(kind)")
            }
        }
        if judgesItself, let kind = refusal(of: address) {
            return .refused(reason: "\(address) is \(kind)")
        }
        return .permitted
    }

    /// What is wrong with an address, with the way out; `nil` when it may be connected to.
    private func refusal(of address: IPAddress) -> String? {
        if Self.metadataAddresses.contains(address) {
            let exact = CIDR(base: address, prefixLength: address.bitWidth)
            return allowed.contains(exact)
                ? nil : "a cloud metadata address; only \(exact) in TOCSIN_OUTBOUND_ALLOW can permit it"
        }
        guard let kind = Self.kind(of: address), !allowed.contains(where: { $0.contains(address) }) else { return nil }
        return "\(kind); TOCSIN_OUTBOUND_ALLOW can permit it"
    }
}

extension OutboundPolicy {
    /// What kind of address this is when it is not a public one.
    private static func kind(of address: IPAddress) -> String? {
        if let special = specialBlocks.first(where: { $0.block.contains(address) }) { return special.kind }
        // Of IPv6 only 2000::/3 is handed out: what is not listed is refused as well.
        if case .v6(let high, _) = address, high >> 61 != 1 { return "not a global unicast address" }
        return nil
    }

    /// The IPv4 addresses inside an IPv6 address, and whether the outer address counts on its own.
    private static func embeddedAddresses(of address: IPAddress) -> (judgesItself: Bool, embedded: [IPAddress]) {
        guard case .v6(let high, let low) = address else { return (true, []) }
        let last = IPAddress.v4(UInt32(truncatingIfNeeded: low))
        switch (high, low >> 32) {
        case (0, 0) where low > 1, (0, 0xffff): return (false, [last])  // ::a.b.c.d and ::ffff:a.b.c.d
        case (0x0064_ff9b_0000_0000, 0): return (false, [last])  // NAT64, 64:ff9b::a.b.c.d
        default: break
        }
        if high >> 48 == 0x2002 {  // 6to4: the address follows the prefix
            return (true, [.v4(UInt32(truncatingIfNeeded: high >> 16))])
        }
        if high >> 32 == 0x2001_0000 {  // Teredo: the server's address, and the client's with all bits turned
            return (true, [.v4(UInt32(truncatingIfNeeded: high)), .v4(~UInt32(truncatingIfNeeded: low))])
        }
        return (true, [])
    }

    /// AWS and most others, AWS over IPv6, Alibaba, Oracle, Azure (a public address, but Azure's own).
    private static let metadataAddresses: Set<IPAddress> = Set(
        ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"].map(literal))

    private static let specialBlocks: [(block: CIDR, kind: String)] = [
        ("0.0.0.0/8", "an address of \"this network\""),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier-grade NAT address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a protocol assignment"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a 6to4 relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmark address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "the unspecified address"),
        ("::1/128", "the loopback address"),
        ("64:ff9b:1::/48", "a local NAT64 address"),
        ("2001::/32", "a Teredo address"),
        ("2002::/16", "a 6to4 address"),
        ("2001:2::/48", "a benchmark address"),
        ("2001:10::/28", "an ORCHID address"),
        ("2001:20::/28", "an ORCHID address"),
        ("2001:db8::/32", "a documentation address"),
        ("3fff::/20", "a documentation address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    ].map { (block($0), $1) }

    private static func literal(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    private static func block(_ text: String) -> CIDR {
        do { return try CIDR(parsing: text) } catch { preconditionFailure("\(error)") }
    }
}
