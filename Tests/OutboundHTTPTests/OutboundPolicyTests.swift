import Testing

@testable import OutboundHTTP

struct OutboundPolicyTests {
    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "169.253.0.1", "169.255.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.1", "223.255.255.255",
        "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "3ffe::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    ])
    func permitsPublicAddresses(_ text: String) throws {
        #expect(OutboundPolicy().verdict(for: try #require(IPAddress(text))) == .permitted)
    }

    @Test(arguments: [
        ("0.0.0.0", "an address of \"this network\""), ("0.1.2.3", "an address of \"this network\""),
        ("10.0.0.0", "a private address"), ("10.255.255.255", "a private address"),
        ("100.64.0.1", "a carrier-grade NAT address"), ("100.127.255.255", "a carrier-grade NAT address"),
        ("127.0.0.1", "a loopback address"), ("127.255.255.254", "a loopback address"),
        ("169.254.0.1", "a link-local address"), ("172.16.0.1", "a private address"),
        ("172.31.255.255", "a private address"), ("192.0.0.1", "a protocol assignment"),
        ("192.0.2.1", "a documentation address"), ("192.88.99.1", "a 6to4 relay address"),
        ("192.168.0.1", "a private address"), ("192.168.255.255", "a private address"),
        ("198.18.0.1", "a benchmark address"), ("198.19.255.255", "a benchmark address"),
        ("198.51.100.1", "a documentation address"), ("203.0.113.1", "a documentation address"),
        ("224.0.0.1", "a multicast address"), ("239.255.255.255", "a multicast address"),
        ("240.0.0.1", "a reserved address"), ("255.255.255.254", "a reserved address"),
        ("255.255.255.255", "the broadcast address"),
        ("::", "the unspecified address"), ("::1", "the loopback address"),
        ("2001:2::1", "a benchmark address"), ("2001:10::1", "an ORCHID address"),
        ("2001:2f::1", "an ORCHID address"), ("2001:db8::1", "a documentation address"),
        ("3fff::1", "a documentation address"), ("fc00::1", "a private address"), ("fd12:3456::1", "a private address"),
        ("fe80::1", "a link-local address"), ("febf::1", "a link-local address"), ("fec0::1", "a site-local address"),
        ("ff02::1", "a multicast address"), ("100::1", "not a global unicast address"),
        ("64:ff9b:1::1", "a local NAT64 address"), ("64:ff9b:1:ffff::1", "a local NAT64 address"),
        ("2002:808:808::1", "a 6to4 address"), ("2001:0:808:808::f7f7:f7f7", "a Teredo address"),
        ("::ffff:0:808:808", "not a global unicast address"),
        ("4000::1", "not a global unicast address"),
    ])
    func refusesOthers(_ text: String, _ kind: String) throws {
        let verdict = OutboundPolicy().verdict(for: try #require(IPAddress(text)))
        #expect(verdict == .refused(reason: "\(text) is \(kind); TOCSIN_OUTBOUND_ALLOW can permit it"))
    }

    @Test(arguments: [
        ("::ffff:127.0.0.1", "127.0.0.1", "a loopback address"), ("::ffff:10.0.0.7", "10.0.0.7", "a private address"),
        ("::127.0.0.1", "127.0.0.1", "a loopback address"), ("::0.0.0.2", "0.0.0.2", "an address of \"this network\""),
        ("64:ff9b::10.0.0.7", "10.0.0.7", "a private address"),
        ("64:ff9b::192.168.1.1", "192.168.1.1", "a private address"),
        ("2002:a00:7::1", "10.0.0.7", "a private address"), ("2002:7f00:1::", "127.0.0.1", "a loopback address"),
        ("2001:0:a00:7::f7f7:f7f7", "10.0.0.7", "a private address"),
        ("2001:0:808:808::f5ff:fff8", "10.0.0.7", "a private address"),
    ])
    func judgesTheAddressInside(_ text: String, _ inner: String, _ kind: String) throws {
        let address = try #require(IPAddress(text))
        let reason = "\(address) stands for \(inner), \(kind); TOCSIN_OUTBOUND_ALLOW can permit it"
        #expect(OutboundPolicy().verdict(for: address) == .refused(reason: reason))
    }

    @Test func anAllowedBlockPermits() throws {
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "10.0.0.0/8"), try CIDR(parsing: "fd00::/16")])
        for text in ["10.0.0.7", "::ffff:10.0.0.7", "64:ff9b::10.0.0.7", "fd00::7"] {
            #expect(policy.verdict(for: try #require(IPAddress(text))) == .permitted, "\(text)")
        }
        for text in ["127.0.0.1", "192.168.0.1", "fd01::7", "::1", "2002:a00:7::1"] {
            #expect(policy.verdict(for: try #require(IPAddress(text))) != .permitted, "\(text)")
        }
    }

    @Test func anAllowedIPv6BlockDoesNotPermitTheIPv4AddressInside() throws {
        let policy = OutboundPolicy(allowing: [try CIDR(parsing: "::/0")])
        #expect(policy.verdict(for: try #require(IPAddress("::1"))) == .permitted)
        #expect(policy.verdict(for: try #require(IPAddress("::ffff:127.0.0.1"))) != .permitted)
    }

    @Test(arguments: ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"])
    func aMetadataAddressMustBeAllowedByItself(_ text: String) throws {
        let address = try #require(IPAddress(text))
        let exact = try CIDR(parsing: text)
        let everything = OutboundPolicy(allowing: [try CIDR(parsing: "0.0.0.0/0"), try CIDR(parsing: "::/0")])
        let reason = "\(text) is a cloud metadata address; only \(exact) in TOCSIN_OUTBOUND_ALLOW can permit it"
        #expect(OutboundPolicy().verdict(for: address) == .refused(reason: reason))
        #expect(everything.verdict(for: address) == .refused(reason: reason))
        #expect(OutboundPolicy(allowing: [exact]).verdict(for: address) == .permitted)
    }
}
