import CCurl

/// An HTTP proxy that requests go through, by CONNECT whatever their scheme.
///
/// The guard holds with it, too: a target's name is resolved here, each of its addresses is judged by the
/// ``OutboundPolicy``, and the proxy is asked for a tunnel to the very **address** that was judged. So the proxy has no
/// name to resolve to something else; TLS goes through the tunnel and is checked against the name. The proxy's own
/// address is not judged: the operator has named it.
public struct OutboundProxy: Sendable, Equatable {
    /// `http://proxy:3128`, without credentials.
    let url: String
    let credentials: Credentials?
    /// Hosts that are reached without it, in lower case; with a dot in front, all names below.
    let exceptions: [String]

    struct Credentials: Sendable, Equatable {
        let user: String
        let password: String
    }

    /// Why a text names no proxy. It shows no password.
    public struct ParseError: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// - Parameters:
    ///   - text: `http://proxy:3128`, or `https://user:password@proxy`; what has a meaning in URLs is escaped.
    ///   - exceptions: `internal.example.org`, or `.example.org` for all names below.
    /// - Throws: ``ParseError``.
    public init(parsing text: String, except exceptions: [String] = []) throws(ParseError) {
        guard let parsed = curl_url() else { throw ParseError(description: "out of memory") }
        defer { curl_url_cleanup(parsed) }
        guard curl_url_set(parsed, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: parsed), scheme == "http" || scheme == "https",
            let host = Self.part(CURLUPART_HOST, of: parsed), !host.isEmpty,
            let port = Self.part(CURLUPART_PORT, of: parsed, UInt32(CURLU_DEFAULT_PORT)),
            ["/", ""].contains(Self.part(CURLUPART_PATH, of: parsed) ?? ""),
            Self.part(CURLUPART_QUERY, of: parsed) == nil
        else { throw ParseError(description: "it must be as in http://proxy:3128 or https://user:password@proxy") }
        url = "\(scheme)://\(host):\(port)"
        let decode = UInt32(CURLU_URLDECODE)
        credentials = Self.part(CURLUPART_USER, of: parsed, decode).map { user in
            Credentials(user: user, password: Self.part(CURLUPART_PASSWORD, of: parsed, decode) ?? "")
        }
        self.exceptions = exceptions.map { $0.lowercased() }
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// Whether requests to a host go through the proxy.
    func serves(_ host: String) -> Bool {
        let host = host.lowercased()
        return !exceptions.contains { $0.hasPrefix(".") ? host.hasSuffix($0) : host == $0 }
    }
}

/// The way through a proxy to one judged address.
struct ProxiedRoute: Sendable {
    let proxy: OutboundProxy
    let address: IPAddress

    /// What libcurl connects to in place of the URL's host (CURLOPT_CONNECT_TO).
    func connectTo(port: String) -> String {
        "::" + (address.bitWidth == 32 ? "\(address)" : "[\(address)]") + ":\(port)"
    }
}

extension OutboundPolicy {
    /// The address that a proxy is to be asked for: the first one that is permitted, IPv4 before IPv6.
    ///
    /// - Throws: ``OutboundError`` with `.refused` when none is, and `.unresolved` when there is none.
    func chosen(of addresses: [IPAddress], host: String) throws(OutboundError) -> IPAddress {
        var refusal: String?
        for address in addresses.filter({ $0.bitWidth == 32 }) + addresses.filter({ $0.bitWidth != 32 }) {
            switch verdict(for: address) {
            case .permitted: return address
            case .refused(let reason):
                refusal = refusal ?? (host == "\(address)" ? reason : "\(host) leads to \(address): \(reason)")
            }
        }
        if let refusal { throw OutboundError(.refused, refusal) }
        throw OutboundError(.unresolved, "\(host) has no address")
    }
}
