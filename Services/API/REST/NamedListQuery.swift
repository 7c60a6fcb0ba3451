import AlertCore
import Persistence

/// What lists of plans and forms can be searched and sorted by (spec §4.7).
struct NamedListQuery: Sendable {
    private enum Field: String, CaseIterable {
        case name = "NAME"
        case description = "DESCRIPTION"
    }

    private let search: Search
    private let fields: Set<Field>
    private let isByPosition: Bool
    private let isDescending: Bool

    /// - Throws: 400 for an unknown `operand`, `fields`, `sortBy` or `sortOrder`.
    init(_ query: QueryParameters) throws(RestError) {
        search = try Search(query)
        var fields: Set<Field> = []
        for name in query.list("fields") ?? Field.allCases.map(\.rawValue) {
            guard let field = Field(rawValue: name.uppercased()) else {
                throw .invalidChoice("fields", name, valid: Field.allCases.map(\.rawValue))
            }
            fields.insert(field)
        }
        self.fields = fields
        // Of several, the first one counts.
        let order = query.list("sortBy")?.first?.uppercased() ?? "NAME"
        guard ["NAME", "USER_DEFINED"].contains(order) else {
            throw .invalidChoice("sortBy", order, valid: ["NAME", "USER_DEFINED"])
        }
        isByPosition = order == "USER_DEFINED"
        isDescending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
    }

    /// Whether the list is just in the order of the names.
    var isPlain: Bool { search.isEmpty && !isByPosition && !isDescending }

    func matches(name: String, description: String) -> Bool {
        var texts: [String] = []
        if fields.contains(.name) { texts.append(name) }
        if fields.contains(.description) { texts.append(description) }
        return search.matches(texts)
    }

    func areInOrder(_ left: (name: String, position: Int), _ right: (name: String, position: Int)) -> Bool {
        let keys = (key(left), key(right))
        return isDescending ? keys.0 > keys.1 : keys.0 < keys.1
    }

    private func key(_ entry: (name: String, position: Int)) -> (Int, String) {
        (isByPosition ? entry.position : 0, entry.name.lowercased())
    }
}

/// Whom or what a form has to be enabled for, to be in a list: a way to begin alerts, or whoever asks.
enum EnabledFor: String, CaseIterable {
    case api = "API"
    case mobile = "MOBILE"
    case ui = "UI"
    /// Whoever asks may begin alerts.
    case user = "USER"
    /// Whoever asks may change it.
    case developer = "DEVELOPER"

    /// - Throws: 400 for another value.
    init?(_ query: QueryParameters) throws(RestError) {
        guard let value = try query.choice("enabledFor", of: Self.allCases.map(\.rawValue)) else { return nil }
        self.init(rawValue: value)
    }

    func includes(_ form: Form, for caller: Caller) -> Bool {
        switch self {
        case .api: form.apiEnabled
        case .mobile: form.mobileEnabled
        case .ui: form.uiEnabled
        case .user: form.maySend(caller.person) && (form.apiEnabled || form.mobileEnabled || form.uiEnabled)
        case .developer: caller.may(.writeConfiguration)
        }
    }

    /// - Parameter forms: The plan's.
    func includes(_ plan: Plan, forms: [Form], for caller: Caller) -> Bool {
        if self == .developer { return caller.may(.writeConfiguration) }
        return plan.enabled && forms.contains { includes($0, for: caller) }
    }
}
