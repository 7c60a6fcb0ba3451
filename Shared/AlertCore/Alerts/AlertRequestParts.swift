// The parts of an alert's request that are objects of their own (spec §2.3, §1.11).

/// What a request says about voicemails; the form says the rest.
public struct VoicemailRequest: Equatable, Sendable {
    public var retry: Int?
    public var every: Int?
    public var leave: VoicemailOptions.Leave?

    init(_ fields: FieldReader) throws(FieldProblem) {
        retry = try fields.integer("retry", in: 0...100)
        every = try fields.integer("every", in: 0...86_400)
        leave = try fields.choice("leave")
    }

    /// Whoever has to give a password must not hear the message without it.
    func refuseContent(field: String) throws(FieldProblem) {
        guard let leave, leave.revealsContent else { return }
        throw FieldProblem(
            field, "is \(leave.rawValue), which tells the message: that is not allowed with requirePhonePassword")
    }
}

extension VoicemailOptions.Leave {
    var revealsContent: Bool { self == .callbackAndMessage || self == .messageOnly }
}

/// The conference that an alert's recipients join.
public struct ConferenceReference: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// Hosted here.
        case bridge = "BRIDGE"
        case external = "EXTERNAL"
    }

    public var type: Kind
    /// Of a running hosted bridge, or the name of an external one; `nil` for a new hosted bridge.
    public var bridgeId: String?
    public var bridgeNumber: String?

    public init(type: Kind, bridgeId: String? = nil, bridgeNumber: String? = nil) {
        self.type = type
        self.bridgeId = bridgeId
        self.bridgeNumber = bridgeNumber
    }

    /// `conference` of the newer format, `conferences` with at most one element of the older.
    init?(_ request: FieldReader) throws(FieldProblem) {
        if let fields = try request.object("conference") {
            guard let type = try fields.choice("type", Kind.self) else {
                throw FieldProblem(fields.path("type"), "is missing")
            }
            self.init(
                type: type, bridgeId: try fields.text("bridgeId", limit: 200),
                bridgeNumber: try fields.text("bridgeNumber", limit: 200))
            guard type == .bridge || bridgeId?.isEmpty == false else {
                throw FieldProblem(fields.path("bridgeId"), "is missing: an external conference needs its name")
            }
        } else if let fields = try request.objects("conferences", limit: 1)?.first {
            let name = try fields.text("name", limit: 200)
            let isHosted = name?.allSatisfy(\.isNumber) ?? true
            self.init(type: isHosted ? .bridge : .external, bridgeId: name)
        } else {
            return nil
        }
    }
}

extension SenderOverrides {
    /// `nil` where there is nothing in it.
    init?(_ fields: FieldReader) throws(FieldProblem) {
        let name = try fields.text("displayName", limit: 200)
        let number = try fields.text("callerId", limit: 40)
        if let name, name.contains(where: \.isNewline) {
            throw FieldProblem(fields.path("displayName"), "has to be one line")
        }
        if let number, !number.isEmpty, !Self.isE164(number) {
            throw FieldProblem(
                fields.path("callerId"), "has to be a number in the form of E.164, as in +16045551212; it is \(number)")
        }
        self.init(
            displayName: name.flatMap { $0.isEmpty ? nil : $0 }, callerId: number.flatMap { $0.isEmpty ? nil : $0 })
        if displayName == nil, callerId == nil { return nil }
    }

    /// `+`, then 2 to 15 digits of which the first is not 0.
    static func isE164(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.utf8.first == UInt8(ascii: "+") && (2...15).contains(digits.count)
            && digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// A file that goes with an alert; its path is that of an upload.
public struct AlertAttachment: Codable, Hashable, Sendable {
    public var name: String
    public var path: String

    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    init(_ fields: FieldReader) throws(FieldProblem) {
        guard let name = try fields.text("name", limit: 255), !name.isEmpty else {
            throw FieldProblem(fields.path("name"), "is missing")
        }
        guard let path = try fields.text("path", limit: 2000), !path.isEmpty else {
            throw FieldProblem(fields.path("path"), "is missing")
        }
        self.init(name: name, path: path)
    }
}

/// Somebody who is to be told about one alert, besides the outbound integrations.
public struct AlertCallback: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case status
        case deliveryStatus
        case response
    }

    /// `https://…`, or `ia://` and the name of an Integration Agent's service.
    public var url: String
    public var type: Kind
    /// Basic authentication, when there is one.
    public var user: String?
    /// Sealed by `SecretBox`.
    public var sealedPassword: String?
    /// Only with `ia://`.
    public var agent: String?
    /// Whether an Integration Agent is to take it.
    public var isForAgent: Bool { url.lowercased().hasPrefix("ia://") }

    public init(
        url: String, type: Kind, user: String? = nil, sealedPassword: String? = nil, agent: String? = nil
    ) {
        self.url = url
        self.type = type
        self.user = user
        self.sealedPassword = sealedPassword
        self.agent = agent
    }
}

/// A callback as a request gives it: with its password.
public struct CallbackRequest: Equatable, Sendable {
    public var callback: AlertCallback
    public var password: String?

    init(_ fields: FieldReader) throws(FieldProblem) {
        guard let url = try fields.text("url", limit: 2000), !url.isEmpty else {
            throw FieldProblem(fields.path("url"), "is missing")
        }
        let agentPrefix = "ia://"
        guard Self.names(url, after: "https://") || Self.names(url, after: agentPrefix) else {
            throw FieldProblem(fields.path("url"), "has to begin with https:// or ia://")
        }
        guard let type = try fields.choice("type", AlertCallback.Kind.self) else {
            throw FieldProblem(fields.path("type"), "is missing")
        }
        callback = AlertCallback(url: url, type: type)
        if let agent = try fields.text("iaId", limit: 200), !agent.isEmpty {
            guard url.lowercased().hasPrefix(agentPrefix) else {
                throw FieldProblem(fields.path("iaId"), "goes with a url that begins with ia:// only")
            }
            callback.agent = agent
        }
        if let kind = try fields.text("authType", limit: 40), !kind.isEmpty, kind.lowercased() != "none" {
            guard kind.lowercased() == "basic" else {
                throw .invalidChoice(fields.path("authType"), kind, ["basic"])
            }
            guard let user = try fields.text("authUserName", limit: 200), !user.isEmpty else {
                throw FieldProblem(fields.path("authUserName"), "is missing")
            }
            callback.user = user
            password = try fields.text("authPassword", limit: 1000)
        }
    }

    private static func names(_ url: String, after scheme: String) -> Bool {
        url.lowercased().hasPrefix(scheme) && url.count > scheme.count && !url.contains(where: \.isWhitespace)
    }
}
