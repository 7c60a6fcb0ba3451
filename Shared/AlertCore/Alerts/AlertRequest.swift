/// What a request says about the alert that it wants, in the platform's newer and older spellings (spec §2.3).
/// What it does not say comes from the form.
public struct AlertRequest: Equatable, Sendable {
    /// Somebody to be told, as the request names him.
    public struct Recipient: Hashable, Sendable, ExpressibleByStringLiteral {
        /// The kinds that a request can name.
        public enum Kind: String, CaseIterable, Sendable {
            case person = "PERSON"
            case group = "GROUP"
            case device = "DEVICE"
            case dynamicTeam = "DYNAMIC_TEAM"
        }

        /// A target name or an id.
        public var name: String
        public var kind: Kind?
        /// How many of a group's answers are wanted (spec §5.5).
        public var responseCountThreshold: Int?

        public init(_ name: String, kind: Kind? = nil, responseCountThreshold: Int? = nil) {
            self.name = name
            self.kind = kind
            self.responseCountThreshold = responseCountThreshold
        }

        public init(stringLiteral name: String) { self.init(name) }
    }

    public var properties: [String: JSONValue] = [:]
    /// `nil` for the form's own recipients.
    public var recipients: [Recipient]?
    public var priority: Priority?
    public var expirationInMinutes: Int?
    /// The four: `nil` for what the form says.
    public var overrideDeviceRestrictions: Bool?
    public var escalationOverride: Bool?
    public var bypassPhoneIntro: Bool?
    public var requirePhonePassword: Bool?
    public var voicemailOptions: VoicemailRequest?
    public var conference: ConferenceReference?
    /// Which field says the name of the conference, in the request's own spelling.
    var conferenceField = "conference.bridgeId"
    public var targetAllDevices = false
    /// `nil` for the form's own restriction.
    public var targetDeviceNames: [String]?
    /// Ids of the form's options that are to be offered, or whole options; `nil` for all of the form's.
    public var responseOptions: [JSONValue]?
    public var otherResponseCountThreshold: Int?
    public var senderOverrides: SenderOverrides?
    public var attachments: [AlertAttachment] = []
    public var callbacks: [CallbackRequest] = []

    /// One year.
    static let longestExpiration = 525_600
    static let mostRecipients = 10_000
    static let mostElements = 100

    public init() {}

    /// - Parameter json: The body of a request, or the `trigger` of a script.
    public init(_ json: JSONValue) throws(FieldProblem) {
        guard let object = json.object else {
            throw FieldProblem("the request", "has to be a JSON object; it is \(json.kindName)")
        }
        let fields = FieldReader(object)
        try Self.refuseMixture(in: fields)
        properties = try fields.object("properties")?.fields ?? [:]
        recipients = try Self.recipients(fields)
        if fields["priority"] != "" { priority = try fields.choice("priority") }
        expirationInMinutes = try fields.integer("expirationInMinutes", in: 1...Self.longestExpiration)
        overrideDeviceRestrictions = try fields.flag("overrideDeviceRestrictions")
        escalationOverride = try fields.flag("escalationOverride")
        bypassPhoneIntro = try fields.flag("bypassPhoneIntro")
        requirePhonePassword = try fields.flag("requirePhonePassword")
        voicemailOptions = try fields.object("voicemailOptions").map(VoicemailRequest.init)
        if requirePhonePassword == true { try voicemailOptions?.refuseContent(field: "voicemailOptions.leave") }
        conference = try ConferenceReference(fields)
        if fields["conference"] == nil, conference != nil { conferenceField = "conferences[0].name" }
        targetAllDevices = try fields.flag("targetAllDevices") ?? false
        targetDeviceNames = try Self.deviceNames(fields)
        responseOptions = try Self.options(fields, "responseOptions")
        if responseOptions == nil { responseOptions = try Self.options(fields, "responses") }
        otherResponseCountThreshold = try fields.integer("otherResponseCountThreshold", in: 1...1_000_000)
        senderOverrides = try fields.object("senderOverrides").flatMap(SenderOverrides.init)
        attachments = try fields.objects("attachments", limit: Self.mostElements)?.map(AlertAttachment.init) ?? []
        callbacks = try fields.objects("callbacks", limit: Self.mostElements)?.map(CallbackRequest.init) ?? []
    }

    /// Strings, objects with `id` or `targetName`, or one text with commas. An empty list is no list.
    private static func recipients(_ fields: FieldReader) throws(FieldProblem) -> [Recipient]? {
        if let text = fields["recipients"]?.string {
            let recipients = RecipientList.names(of: text).map { Recipient($0) }
            return recipients.isEmpty ? nil : recipients
        }
        var recipients: [Recipient] = []
        for (index, item) in try fields.list("recipients", limit: mostRecipients)?.enumerated() ?? [].enumerated() {
            let path = "recipients[\(index)]"
            guard let name = item.string ?? item["id"]?.string ?? item["targetName"]?.string, !name.isEmpty else {
                throw FieldProblem(path, "has to be a name, or an object with an id or targetName")
            }
            var recipient = Recipient(name)
            if let object = item.object {
                let reader = FieldReader(object, prefix: "\(path).")
                recipient.kind = try reader.choice("recipientType")
                recipient.responseCountThreshold = try reader.integer("responseCountThreshold", in: 1...1_000_000)
            }
            recipients.append(recipient)
        }
        return recipients.isEmpty ? nil : recipients
    }

    private static func deviceNames(_ fields: FieldReader) throws(FieldProblem) -> [String]? {
        guard let list = try fields.list("targetDeviceNames", limit: mostElements) else { return nil }
        var names: [String] = []
        for (index, item) in list.enumerated() {
            guard let name = item.string ?? item["name"]?.string, !name.isEmpty else {
                throw FieldProblem("targetDeviceNames[\(index)]", "has to be an object with a name")
            }
            names.append(name)
        }
        return names
    }

    private static func options(_ fields: FieldReader, _ name: String) throws(FieldProblem) -> [JSONValue]? {
        guard let list = try fields.list(name, limit: mostElements) else { return nil }
        for (index, item) in list.enumerated() where item.string == nil && item.object == nil {
            throw .wrongKind("\(name)[\(index)]", "an id or an object", item)
        }
        return list.isEmpty ? nil : list
    }
}

// MARK: - The two formats

extension AlertRequest {
    /// The newer and the older spelling of a field do not go together in one request. Plain names as recipients, and
    /// objects that have `id` and `targetName`, belong to both.
    private static func refuseMixture(in fields: FieldReader) throws(FieldProblem) {
        let pairs = [("responseOptions", "responses"), ("conference", "conferences")]
        let newer =
            pairs.map(\.0).first { fields[$0] != nil } ?? recipient(in: fields, with: "id", without: "targetName")
        let older =
            pairs.map(\.1).first { fields[$0] != nil } ?? recipient(in: fields, with: "targetName", without: "id")
        guard let newer, let older else { return }
        throw FieldProblem(
            older, "is of the older format and \(newer) of the newer one: a request has to be in one of them")
    }

    private static func recipient(in fields: FieldReader, with key: String, without other: String) -> String? {
        let index = fields["recipients"]?.array?.firstIndex { $0[key]?.string != nil && $0[other]?.string == nil }
        return index.map { "recipients[\($0)].\(key)" }
    }
}

/// The text form of a list of recipients, as in the `recipients` parameter of a URL (spec §2.1).
public enum RecipientList {
    /// Names between commas; one in double quotes may have commas itself, and `""` in it is a quote.
    public static func names(of text: String) -> [String] {
        var names: [String] = []
        var name = ""
        var isQuoted = false
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                rest.removeFirst()
                name.append("\"")
            case "\"" where isQuoted: isQuoted = false
            case "\"" where name.allSatisfy(\.isWhitespace): isQuoted = true
            case "," where !isQuoted:
                names.append(name)
                name = ""
            default: name.append(character)
            }
        }
        return (names + [name]).map(\.trimmingSpaces).filter { !$0.isEmpty }
    }
}

extension StringProtocol {
    var trimmingSpaces: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
