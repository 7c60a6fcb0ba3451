import Testing

@testable import OutboundHTTP

struct IPAddressTests {
    @Test(arguments: [
        "192.0.2.7", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::7", "fe80::1", "::ffff:10.0.0.7",
    ])
    func readsAndWrites(_ text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "0x7f.0.0.1", "0177.0.0.1", "256.1.1.1", "[::1]", "fe80::1%eth0", "a"])
    func readsNothingLooser(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func blocksContainTheirAddresses() throws {
        let v4 = try CIDR(parsing: "10.20.0.0/14")
        let v6 = try CIDR(parsing: "2001:db8:8000::/33")
        let long = try CIDR(parsing: "2001:db8::ff00:0/104")
        let all = try CIDR(parsing: "0.0.0.0/0")
        let allV6 = try CIDR(parsing: "::/0")
        func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        #expect(v4.contains(try address("10.23.255.255")))
        #expect(!v4.contains(try address("10.24.0.0")))
        #expect(v6.contains(try address("2001:db8:8000::1")))
        #expect(!v6.contains(try address("2001:db8:7fff::1")))
        #expect(long.contains(try address("2001:db8::ffff:ffff")))
        #expect(!long.contains(try address("2001:db8::1:0:1")))
        #expect(all.contains(try address("8.8.8.8")))
        #expect(!all.contains(try address("::1")))
        #expect(allV6.contains(try address("ffff::1")))
        #expect(!allV6.contains(try address("8.8.8.8")))
    }

    @Test func aBareAddressIsABlockOfOne() throws {
        #expect(try CIDR(parsing: "10.0.0.7").description == "10.0.0.7/32")
        #expect(try CIDR(parsing: "fd00::7").description == "fd00::7/128")
    }

    @Test(arguments: [
        ("10.0.0.0/33", "'10.0.0.0/33' is no address block: the prefix length must be from 0 to 32"),
        ("10.0.0.0/+8", "'10.0.0.0/+8' is no address block: the prefix length must be from 0 to 32"),
        ("fd00::/129", "'fd00::/129' is no address block: the prefix length must be from 0 to 128"),
        ("10.0.0.7/8", "'10.0.0.7/8' is no address block: did you mean 10.0.0.0/8?"),
        ("intranet/8", "'intranet/8' is no address block: 'intranet' is neither an IPv4 nor an IPv6 address"),
        ("", "'' is no address block: '' is neither an IPv4 nor an IPv6 address"),
    ])
    func namesWhatIsWrongWithABlock(_ text: String, _ message: String) {
        let error = #expect(throws: CIDR.ParseError.self) { try CIDR(parsing: text) }
        #expect(error?.description == message)
    }
}
