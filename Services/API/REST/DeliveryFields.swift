import AlertCore

/// The `delivery` of an outbound integration; fields that are absent stay as they are.
struct DeliveryFields {
    private let fields: RequestFields

    /// - Parameter fields: Of the integration.
    init(_ fields: RequestFields) { self.fields = fields }

    /// - Parameter isNew: One that is new gets the newest payload; one from before there were versions has the first.
    func settings(_ current: DeliverySettings?, isNew: Bool) throws(RestError) -> DeliverySettings? {
        let usual = isNew ? DeliverySettings(payloadVersion: DeliverySettings.payloadVersions.last) : current
        guard let given = try fields.object("delivery") else { return usual }
        var settings = usual ?? DeliverySettings()
        settings.timeoutSeconds =
            try given.integer("timeoutSeconds", in: DeliverySettings.timeoutRange) ?? settings.timeoutSeconds
        settings.concurrency =
            try given.integer("concurrency", in: DeliverySettings.concurrencyRange) ?? settings.concurrency
        if let rate = try given.number("requestsPerSecond") {
            let range = DeliverySettings.rateRange
            guard rate == 0 || range.contains(rate) else {
                throw .invalidValue(
                    given.name("requestsPerSecond"),
                    "it must be from \(range.lowerBound) to \(Int(range.upperBound)), or 0 for no limit.")
            }
            settings.requestsPerSecond = rate == 0 ? nil : rate
        }
        settings.order = try given.choice("order") ?? settings.order
        settings.filter = try filter(given, or: settings.filter)
        if let version = try given.integer("payloadVersion", in: 0...Int(Int32.max)) {
            guard DeliverySettings.payloadVersions.contains(version) else {
                throw .invalidChoice(
                    given.name("payloadVersion"), String(version),
                    valid: DeliverySettings.payloadVersions.map(String.init))
            }
            settings.payloadVersion = version
        }
        return settings
    }

    /// An empty one takes it away.
    private func filter(_ given: RequestFields, or current: String?) throws(RestError) -> String? {
        guard let text = try given.text("filter") else { return current }
        guard !text.allSatisfy(\.isWhitespace) else { return nil }
        do {
            _ = try Filter(text)
        } catch {
            throw .invalidValue(given.name("filter"), "\(error).")
        }
        return text
    }
}

extension DeliverySettings {
    /// What is set, and the version of the payload.
    var wire: JSONValue {
        .fields([
            "timeoutSeconds": timeoutSeconds.map(JSONValue.whole), "concurrency": concurrency.map(JSONValue.whole),
            "requestsPerSecond": requestsPerSecond.map(JSONValue.rate),
            "order": .string((order ?? .alert).rawValue), "filter": .text(filter),
            "payloadVersion": .whole(payloadVersion ?? 1),
        ])
    }
}
