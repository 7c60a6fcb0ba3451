import ArgumentParser
import Foundation

/// Which server, and as whom: options over environment over the file that `tocsin login` keeps.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address, as in https://alerts.example.com; or TOCSIN_URL.")
    var url: String?

    @Option(help: "An API key as KEY:SECRET; or TOCSIN_API_KEY.")
    var key: String?

    @Option(help: "A login as NAME:PASSWORD, instead of a key; with NAME alone the password is asked for.")
    var user: String?

    @Option(help: "The server and key that tocsin login keeps by this name; or TOCSIN_PROFILE.", completion: .profiles)
    var profile: String?

    @Flag(help: "Accept any certificate of the server.")
    var insecure = false

    @Option(help: "A PEM file: certificates that are trusted besides the system's.", completion: .file())
    var ca: String?

    func client() throws -> ServerClient {
        let target = try target()
        guard let login = try login(at: target) else {
            throw CommandError(
                "As whom? Type tocsin login --url \(target.url), or add --key KEY:SECRET or --user NAME, "
                    + "or set TOCSIN_API_KEY.")
        }
        return try client(target, login)
    }

    /// For what needs no login, or makes one.
    func client(as login: (String, String)) throws -> ServerClient { try client(try target(), login) }

    private func client(_ target: Target, _ login: (String, String)) throws -> ServerClient {
        var authority: String?
        if let path = ca ?? target.profile?.ca {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandError("The certificates in \(path) cannot be read.")
            }
            authority = String(decoding: data, as: UTF8.self)
        }
        return ServerClient(
            base: target.url, login: login, isInsecure: insecure || target.profile?.insecure == true,
            certificateAuthority: authority)
    }

    // MARK: - Which one

    private struct Target {
        let url: String
        /// The one that has this very address: its key goes nowhere else.
        let profile: Profiles.Profile?
    }

    private func target() throws -> Target {
        let environment = ProcessInfo.processInfo.environment
        let name = profile ?? (url == nil ? environment["TOCSIN_PROFILE"].flatMap { $0.isEmpty ? nil : $0 } : nil)
        if let name {
            let profile = try Profiles.load().required(name)
            return Target(url: try Self.address(url ?? profile.url), profile: url == nil ? profile : nil)
        }
        if let given = url ?? environment["TOCSIN_URL"].flatMap({ $0.isEmpty ? nil : $0 }) {
            let address = try Self.address(given)
            // Keys that are given need no file, whatever state it is in.
            let needsFile = key == nil && user == nil && environment["TOCSIN_API_KEY"] == nil
            let known = needsFile ? try Profiles.load().profiles.values.first { $0.url == address } : nil
            return Target(url: address, profile: known)
        }
        let profiles = try Profiles.load()
        guard let name = profiles.default, let profile = profiles.profiles[name] else {
            throw CommandError(
                "Which server? Type tocsin login --url https://HOST once, or add --url, or set TOCSIN_URL.")
        }
        return Target(url: try Self.address(profile.url), profile: profile)
    }

    /// Without a slash at the end.
    static func address(_ text: String) throws -> String {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased()), url.host() != nil
        else {
            throw CommandError("\(text) is no address of a server. It looks like https://alerts.example.com")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private func login(at target: Target) throws -> (String, String)? {
        if let user { return try Self.credentials(user) }
        if let key { return try Self.pair(key, "--key", "KEY:SECRET") }
        if profile == nil, let key = ProcessInfo.processInfo.environment["TOCSIN_API_KEY"], !key.isEmpty {
            return try Self.pair(key, "TOCSIN_API_KEY", "KEY:SECRET")
        }
        return try target.profile?.key.map { try Self.pair($0, Profiles.path, "KEY:SECRET") }
    }

    /// `NAME:PASSWORD`, or `NAME` and the password asked for.
    static func credentials(_ text: String) throws -> (String, String) {
        if text.contains(":") { return try pair(text, "--user", "NAME:PASSWORD") }
        guard Terminal.canAsk, let password = Terminal.askSecretly("Password of \(text): ") else {
            throw CommandError("The password is missing: --user NAME:PASSWORD")
        }
        return (text, password)
    }

    private static func pair(_ text: String, _ origin: String, _ form: String) throws -> (String, String) {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw CommandError("\(origin) has to be \(form).")
        }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
