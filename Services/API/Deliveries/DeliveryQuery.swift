import AlertCore
import Persistence

/// Which deliveries somebody names, in a query or in a body: the same fields in both.
struct DeliveryQuery {
    /// Deliveries that one request can name.
    static let idLimit = 1000
    /// In both, a status by its name on the wire.
    static let statuses: [WebhookDelivery.Phase] = [.parked, .delivered, .exhausted, .cancelled, .skipped]
    static let reasons =
        WebhookDelivery.Parking.Reason.allCases.map(\.rawValue) + DeliveryRefusal.Reason.allCases.map(\.rawValue)

    let filter: DeliveryFilter
    /// Whether nothing was named: all deliveries.
    let isEmpty: Bool

    /// - Parameter values: Of a field; `nil` when it is absent.
    /// - Throws: 400 for a value that is none, 404 for something that is not there.
    init(
        _ directory: DirectoryView, in database: any SQLDatabase, _ values: (String) throws(RestError) -> [String]?
    ) async throws {
        var filter = DeliveryFilter()
        filter.ids = try values("ids")?.map { $0.lowercased() } ?? []
        guard filter.ids.count <= Self.idLimit else {
            throw RestError.invalidValue("ids", "it may have at most \(Self.idLimit) elements.")
        }
        for name in try values("status") ?? [] {
            guard let status = Self.statuses.first(where: { $0.rawValue.uppercased() == name.uppercased() }) else {
                throw RestError.invalidChoice("status", name, valid: Self.statuses.map { $0.rawValue.uppercased() })
            }
            filter.statuses.append(status)
        }
        for name in try values("reason") ?? [] {
            guard let reason = Self.reasons.first(where: { $0.lowercased() == name.lowercased() }) else {
                throw RestError.invalidChoice("reason", name, valid: Self.reasons)
            }
            filter.reasons.append(reason)
        }
        let integrations = try Self.integrations(directory, values)
        filter.integrations = integrations ?? []
        // A plan without integrations has no deliveries.
        if integrations == [] { filter.integrations = [""] }
        filter.from = try Self.time("from", values)
        filter.to = try Self.time("to", values)
        filter.replay = try values("replay")?.first?.lowercased()
        if let name = try values("event")?.first {
            guard let row = try await database.reading({ try Alerts($0).get(name) }) else {
                throw RestError.notFound("There is no event \(name).")
            }
            filter.alert = row.id
        }
        self.filter = filter
        isEmpty = filter == DeliveryFilter()
    }

    /// Of a query.
    init(_ query: QueryParameters, _ directory: DirectoryView, in database: any SQLDatabase) async throws {
        try await self.init(directory, in: database) { (name) throws(RestError) in query.list(name) }
    }

    /// Of a body: each field a text or an array of texts.
    init(_ fields: RequestFields, _ directory: DirectoryView, in database: any SQLDatabase) async throws {
        try await self.init(directory, in: database) { (name) throws(RestError) in
            if case .string(let text) = fields[name] { return text.isEmpty ? nil : [text] }
            return try fields.texts(name, limit: Self.idLimit)
        }
    }

    /// By id or name, and those of plans; `nil` when neither is named.
    private static func integrations(
        _ directory: DirectoryView, _ values: (String) throws(RestError) -> [String]?
    ) throws(RestError) -> [String]? {
        var ids: [String]?
        for name in try values("integration") ?? [] {
            let named = directory.integrations.values.filter { $0.name.lowercased() == name.lowercased() }.map(\.id)
            // One that is not there any more still has deliveries, and a callback's lane is in no directory.
            ids = (ids ?? []) + (named.isEmpty ? [name.contains("/") ? name : name.lowercased()] : named)
        }
        guard let plans = try values("plan") else { return ids }
        var ofPlans: Set<String> = []
        for name in plans {
            let plan = directory.plans.values.first {
                $0.id == name.lowercased() || $0.name.lowercased() == name.lowercased()
            }
            guard let plan else { throw .notFound("There is no plan \(name).") }
            ofPlans.formUnion(directory.integrations.values.filter { $0.plan == plan.id }.map(\.id))
        }
        return ids?.filter(ofPlans.contains) ?? ofPlans.sorted()
    }

    private static func time(
        _ field: String, _ values: (String) throws(RestError) -> [String]?
    ) throws(RestError) -> Timestamp? {
        guard let text = try values(field)?.first else { return nil }
        guard let time = Timestamp(iso: text) else {
            throw .invalidValue(field, "\(text) is no time such as 2018-04-17T14:00:00.000Z.")
        }
        return time
    }
}
