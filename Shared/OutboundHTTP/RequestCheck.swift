import CCurl

/// Where a checked request goes to.
struct Target: Hashable {
    /// `scheme://host:port`, in lower case: requests with the same text share connections.
    let origin: String
    /// As DNS is asked for it: in ASCII.
    let host: String
    let port: String
}

extension OutboundRequest {
    static let urlLengthLimit = 8192
    static let headerCountLimit = 128
    static let headerLengthLimit = 65_536

    /// Headers that decide where a message ends or who it is for. A second opinion on either is how
    /// requests are smuggled into a shared connection.
    private static let framingHeaders = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "expect", "te",
        "trailer",
    ]

    /// Checks all that libcurl would pass on as it is.
    ///
    /// - Throws: ``OutboundError`` with `.invalidURL` or `.invalidRequest`. Secrets are not quoted.
    func checkedTarget() throws(OutboundError) -> Target {
        guard Self.isToken(method), method.utf8.count <= 32 else {
            throw OutboundError(.invalidRequest, "the method is no HTTP method")
        }
        guard headers.count <= Self.headerCountLimit else {
            throw OutboundError(.invalidRequest, "more than \(Self.headerCountLimit) headers")
        }
        var headerLength = 0
        for (name, value) in headers {
            guard Self.isToken(name) else {
                throw OutboundError(.invalidRequest, "'\(name)' is no header name")
            }
            guard !value.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) else {
                throw OutboundError(.invalidRequest, "the value of header \(name) contains a line break or NUL")
            }
            guard !Self.framingHeaders.contains(where: { equalsIgnoringCase($0, name) }) else {
                throw OutboundError(.invalidRequest, "header \(name) is set by the client itself")
            }
            headerLength += name.utf8.count + value.utf8.count
        }
        guard headerLength <= Self.headerLengthLimit else {
            throw OutboundError(.invalidRequest, "the headers have more than \(Self.headerLengthLimit) bytes")
        }
        if let basicAuth {
            guard !basicAuth.user.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 < 32 }),
                !basicAuth.password.utf8.contains(where: { $0 < 32 })
            else { throw OutboundError(.invalidRequest, "the user has a colon, or the credentials control characters") }
        }
        if let host {
            guard !host.isEmpty, host.utf8.count <= 255, host.utf8.allSatisfy(Self.isHostByte) else {
                throw OutboundError(.invalidRequest, "the host to be named is no host, as in example.com:8443")
            }
        }
        return try checkedURL()
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".-_:[]".utf8.contains(byte)
        }
    }

    private func checkedURL() throws(OutboundError) -> Target {
        guard url.utf8.count <= Self.urlLengthLimit else {
            throw OutboundError(.invalidURL, "the URL has more than \(Self.urlLengthLimit) bytes")
        }
        guard !url.utf8.contains(where: { $0 <= 32 || $0 == 127 }) else {
            throw OutboundError(.invalidURL, "the URL contains a space or a control character")
        }
        // libcurl's own parser: what is checked here is what is connected to.
        guard let parsed = curl_url() else { throw OutboundError(.invalidURL, "out of memory") }
        defer { curl_url_cleanup(parsed) }
        let code = curl_url_set(parsed, CURLUPART_URL, url, UInt32(CURLU_DISALLOW_USER))
        guard code != CURLUE_USER_NOT_ALLOWED else {
            throw OutboundError(.invalidURL, "the URL carries a user name; credentials belong into their own fields")
        }
        guard code == CURLUE_OK else {
            throw OutboundError(.invalidURL, "the URL is malformed: \(String(cString: curl_url_strerror(code)))")
        }
        guard let scheme = Self.part(CURLUPART_SCHEME, of: parsed), scheme == "http" || scheme == "https" else {
            throw OutboundError(.invalidURL, "the URL is of another kind: only http and https are possible")
        }
        guard let host = Self.part(CURLUPART_HOST, of: parsed, UInt32(CURLU_PUNYCODE)), !host.isEmpty else {
            throw OutboundError(.invalidURL, "the URL is incomplete: the host is missing, or no name")
        }
        let port = Self.part(CURLUPART_PORT, of: parsed) ?? ""
        return Target(origin: "\(scheme)://\(host.lowercased()):\(port)", host: host, port: port)
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, UInt32(CURLU_DEFAULT_PORT) | flags) == CURLUE_OK, let text else {
            return nil
        }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// RFC 9110's token: what a method or a header name is made of.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default:
                    "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
