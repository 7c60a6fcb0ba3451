import Foundation

/// Which part of an SMTP address is wrong, and why. The text never quotes the password.
public struct SMTPSettingsError: Error, Equatable, CustomStringConvertible {
    /// `scheme`, `user`, `password`, `host`, `port`, `path`, `starttls`, `ca` or the name of an unknown option.
    public let part: String
    public let detail: String
    public var description: String { "SMTP address, \(part): \(detail)" }
}

/// The mail server to hand mail to, as the operator names it.
public struct SMTPSettings: Sendable, Equatable {
    public enum StartTLS: String, Sendable, CaseIterable {
        /// No mail without a verified TLS connection.
        case required
        /// TLS if the server offers it. Its certificate is verified only against a given `ca`: this mode
        /// accepts plain text, and an unknown certificate is no worse.
        case opportunistic
        case never
    }

    /// TLS from the first byte (`smtps`). ``startTLS`` has no meaning then.
    public let isImplicitTLS: Bool
    public let host: String
    public let port: Int
    public let user: String?
    public let password: String?
    public let startTLS: StartTLS
    /// A PEM file with the CAs to trust instead of the system's.
    public let caPath: String?

    /// Reads `smtp[s]://[user:password@]host[:port][?starttls=required|opportunistic|never][&ca=/path]`.
    ///
    /// User and password are percent-decoded. The port is 465 for `smtps`, 587 with credentials, 25 without.
    /// STARTTLS is required with credentials and opportunistic without, unless the address says otherwise.
    public init(url: String) throws(SMTPSettingsError) {
        guard let scheme = url.range(of: "://").map({ url[..<$0.lowerBound].lowercased() }),
            scheme == "smtp" || scheme == "smtps"
        else { throw SMTPSettingsError(part: "scheme", detail: "it must start with smtp:// or smtps://") }
        isImplicitTLS = scheme == "smtps"

        let rest = url.dropFirst(scheme.count + 3)
        let halves = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var authority = halves[0]
        if authority.hasSuffix("/") { authority.removeLast() }
        guard !authority.contains("/") else {
            throw SMTPSettingsError(part: "path", detail: "nothing may follow the port (write / as %2F in a password)")
        }
        if let at = authority.lastIndex(of: "@") {
            (user, password) = try Self.credentials(authority[..<at])
            authority = authority[authority.index(after: at)...]
        } else {
            (user, password) = (nil, nil)
        }
        let (host, port) = try Self.hostAndPort(authority)
        self.host = host
        self.port = port ?? (isImplicitTLS ? 465 : user == nil ? 25 : 587)
        let options = try Self.options(halves.count == 2 ? halves[1] : "")
        guard !isImplicitTLS || options.startTLS == nil else {
            throw SMTPSettingsError(part: "starttls", detail: "smtps is TLS from the start")
        }
        startTLS = options.startTLS ?? (user == nil ? .opportunistic : .required)
        caPath = options.caPath
    }
}

extension SMTPSettings {
    /// The same server with other credentials, which are never sent without TLS; none of them empty or missing.
    public func with(user: String, password: String?) -> SMTPSettings {
        guard !user.isEmpty, let password, !password.isEmpty else { return self }
        return SMTPSettings(self, user: user, password: password)
    }

    private init(_ other: SMTPSettings, user: String, password: String) {
        isImplicitTLS = other.isImplicitTLS
        host = other.host
        port = other.port
        self.user = user
        self.password = password
        startTLS = other.isImplicitTLS || other.startTLS == .never ? other.startTLS : .required
        caPath = other.caPath
    }

    private static func credentials(_ text: Substring) throws(SMTPSettingsError) -> (String, String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try decoded(parts[0], part: "user")
        guard !user.isEmpty else { throw SMTPSettingsError(part: "user", detail: "it is empty") }
        guard parts.count == 2, !parts[1].isEmpty else {
            throw SMTPSettingsError(part: "password", detail: "it is missing")
        }
        return (user, try decoded(parts[1], part: "password"))
    }

    private static func hostAndPort(_ text: Substring) throws(SMTPSettingsError) -> (String, Int?) {
        var host = text
        var port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[...end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw SMTPSettingsError(part: "host", detail: "only a port may follow the ]")
            }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw SMTPSettingsError(part: "host", detail: "it is missing") }
        let isLiteral = host.hasPrefix("[") && IPAddress(String(host.dropFirst().dropLast())) != nil
        guard isLiteral || host.utf8.allSatisfy(isHostByte) else {
            throw SMTPSettingsError(part: "host", detail: "'\(host)' is neither a host name nor an address")
        }
        guard let port else { return (String(host), nil) }
        guard let number = Int(port), (1...65_535).contains(number), port.allSatisfy(\.isNumber) else {
            throw SMTPSettingsError(part: "port", detail: "'\(port)' must be a number from 1 to 65535")
        }
        return (String(host), number)
    }

    private static func options(
        _ query: Substring
    ) throws(SMTPSettingsError) -> (startTLS: StartTLS?, caPath: String?) {
        var startTLS: StartTLS?
        var caPath: String?
        for option in query.split(separator: "&") {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            let value = try decoded(pair.count == 2 ? pair[1] : "", part: name)
            switch name {
            case "starttls":
                guard let mode = StartTLS(rawValue: value) else {
                    throw SMTPSettingsError(part: name, detail: "it must be required, opportunistic or never")
                }
                startTLS = mode
            case "ca":
                guard value.hasPrefix("/") else {
                    throw SMTPSettingsError(part: name, detail: "'\(value)' must be an absolute path")
                }
                caPath = value
            default:
                throw SMTPSettingsError(part: name, detail: "there is no such option; starttls and ca are")
            }
        }
        return (startTLS, caPath)
    }

    private static func decoded(_ text: Substring, part: String) throws(SMTPSettingsError) -> String {
        guard let value = String(text).removingPercentEncoding else {
            throw SMTPSettingsError(part: part, detail: "it is not valid percent-encoding (write % as %25)")
        }
        guard !value.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
            throw SMTPSettingsError(part: part, detail: "it contains a control character")
        }
        return value
    }

    /// The name by which this machine greets mail servers: its host name, if that can be one.
    static func greetingName() -> String {
        let name = ProcessInfo.processInfo.hostName
        return !name.isEmpty && name.utf8.count <= 253 && name.utf8.allSatisfy(isHostByte) ? name : "localhost"
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
