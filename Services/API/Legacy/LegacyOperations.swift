import AlertCore
import HTTPTypes
import Persistence

/// What the older interface does, by the operations of the present one.
struct LegacyOperations: Sendable {
    let rest: InternalREST

    private func call(
        _ method: HTTPRequest.Method, _ path: String, _ parameters: [String: String] = [:],
        query: [(name: String, value: String)] = [], body: JSONValue? = nil, by caller: Caller
    ) async throws -> RESTAnswer {
        try await rest.call(
            method, path, parameters, query: QueryParameters(items: query), body: body, by: caller)
    }

    // MARK: Events

    /// `{total, records: [{href, identifier, …}]}`. Narrowed by `status`, `range=<from>/<to>` and properties, as
    /// `properties=Name=value,Other=value` or `properties["Name"]=value`.
    @Sendable
    func listEvents(_ call: LegacyCall) async throws -> JSONValue {
        var query: [(name: String, value: String)] = call.query.items.filter {
            ["status", "offset", "limit", "priority", "form", "plan"].contains($0.name)
        }
        if let range = call.query["range"], !range.isEmpty {
            let ends = range.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard ends.count == 2 else {
                throw RestError.invalidValue(
                    "range", "it must be two times, as in 2015-01-01T00:00:00Z/2015-01-02T00:00:00Z.")
            }
            query += [("from", ends[0]), ("to", ends[1])].filter { !$0.1.isEmpty }.map { (name: $0.0, value: $0.1) }
        }
        let properties = try Self.properties(call.query)
        if !properties.isEmpty {
            query.append(("propertyName", properties.map(\.name).joined(separator: ",")))
            query.append(("propertyValue", properties.map(\.value).joined(separator: ",")))
        }
        let answer = try await self.call(.get, "events", query: query, by: call.caller).body
        let events = answer?["data"]?.array ?? []
        return [
            "total": answer?["total"] ?? 0, "count": .whole(events.count),
            "records": .array(events.map { Self.record($0, call) }),
        ]
    }

    private static func properties(_ query: QueryParameters) throws(RestError) -> [(name: String, value: String)] {
        var properties: [(name: String, value: String)] = []
        for item in query.items {
            if let match = item.name.wholeMatch(of: /properties\["?([^"\]]+)"?\]/) {
                properties.append((String(match.1), item.value))
            }
            guard item.name == "properties" else { continue }
            for part in item.value.split(separator: ",") {
                guard let mark = part.firstIndex(of: "=") else {
                    throw .invalidValue("properties", "it must be Name=value, with commas between several.")
                }
                properties.append((String(part[..<mark]), String(part[part.index(after: mark)...])))
            }
        }
        return properties
    }

    private static func record(_ event: JSONValue, _ call: LegacyCall) -> JSONValue {
        let number = event["eventId"]?.string ?? ""
        return .fields([
            "href": call.href("events/\(number)"), "identifier": .string(number), "id": .string(number),
            "status": event["status"], "priority": event["priority"], "name": event["name"],
            "form": event["form"]?["name"], "created": event["created"], "terminated": event["terminated"],
            "incident": event["incident"],
        ])
    }

    @Sendable
    func getEvent(_ call: LegacyCall) async throws -> JSONValue {
        let answer = try await self.call(
            .get, "events/{event}", ["event": call.parameters["event"] ?? ""],
            query: [("embed", "properties")], by: call.caller)
        guard case .object(var fields) = Self.record(answer.body ?? .null, call) else { return .null }
        fields["properties"] = answer.body?["properties"]
        return .object(fields)
    }

    /// `{"status": "TERMINATED"}`, in any case; 409 when the alert has ended already.
    @Sendable
    func setStatus(_ call: LegacyCall) async throws -> JSONValue {
        guard case .object(let fields)? = call.body, let status = fields["status"]?.string else {
            throw RestError.missingField("status")
        }
        let event = call.parameters["event"] ?? ""
        let answer = try await self.call(
            .post, "events", body: ["id": .string(event), "status": .string(status.uppercased())], by: call.caller)
        return Self.record(answer.body ?? .null, call)
    }

    // MARK: People

    /// The person of that `targetName`, or 404.
    @Sendable
    func findPerson(_ call: LegacyCall) async throws -> JSONValue {
        guard let name = call.query["targetName"], !name.isEmpty else { throw RestError.missingField("targetName") }
        let answer = try await self.call(.get, "people", query: [("targetName", name)], by: call.caller).body
        let people = answer?["data"]?.array ?? []
        guard !people.isEmpty else { throw RestError.notFound("There is no person \(name).") }
        let records: [JSONValue] = people.map { person in
            let id = person["id"]?.string ?? ""
            var fields = person.object ?? [:]
            fields["links"] = nil
            fields["href"] = call.href("people/\(id)")
            fields["identifier"] = .string(id)
            return .object(fields)
        }
        return ["total": .whole(records.count), "records": .array(records)]
    }

    // MARK: Values of properties

    /// Replaces all values of a list, `["a", "b*"]`, or of a hierarchy, `[{name, isDefault, childNodes}]`; a star marks
    /// the default.
    @Sendable
    func setValues(_ call: LegacyCall) async throws -> JSONValue {
        let id = call.parameters["property"]?.lowercased() ?? ""
        let found = try await rest.services.database.reading {
            try Directory($0).get(PropertyDefinition.self, id: id)
        }
        guard let property = found else { throw RestError.notFound("There is no property \(id).") }
        guard let values = call.body?.array else {
            throw RestError.wrongType("body", expected: "an array", found: call.body?.kindName ?? "nothing")
        }
        var body = try LegacyValues(values).fields(for: property)
        body["id"] = .string(property.id)
        _ = try await self.call(
            .post, "plans/{plan}/property-definitions", ["plan": property.plan], body: .object(body), by: call.caller)
        return [
            "href": call.href("properties/\(property.id)/values"), "identifier": .string(property.id),
            "name": .string(property.name), "total": .whole(values.count),
        ]
    }

    // MARK: Sites

    private static let siteFields = [
        "name", "status", "language", "timezone", "address1", "address2", "city", "state", "country", "postalCode",
        "latitude", "longitude",
    ]

    /// A new one answers its `identifier`, a changed one everything.
    @Sendable
    func saveSite(_ call: LegacyCall) async throws -> JSONValue {
        guard case .object(let given)? = call.body else {
            throw RestError(400, "The request needs a body: a JSON object.", subcode: "request.body_missing")
        }
        var fields = given.filter { Self.siteFields.contains($0.key) && $0.value != .null }
        for name in ["latitude", "longitude"] {
            guard let text = fields[name]?.string else { continue }
            fields[name] = nil
            if text.isEmpty { continue }
            guard let degrees = Double(text), degrees.isFinite else {
                throw RestError.invalidValue(name, "it must be a number.")
            }
            fields[name] = .number(degrees)
        }
        guard let id = call.parameters["site"] else {
            let made = try await self.call(.post, "sites", body: .object(fields), by: call.caller).body
            let identifier = made?["id"]?.string ?? ""
            return ["identifier": .string(identifier), "href": call.href("sites/\(identifier)")]
        }
        let answer = try await self.call(.post, "sites/{site}", ["site": id], body: .object(fields), by: call.caller)
        return Self.site(answer.body ?? .null)
    }

    @Sendable
    func deleteSite(_ call: LegacyCall) async throws -> JSONValue {
        let id = call.parameters["site"] ?? ""
        let answer = try await self.call(.delete, "sites/{site}", ["site": id], by: call.caller)
        guard let body = answer.body else { throw RestError.notFound("There is no site \(id).") }
        return Self.site(body)
    }

    /// Degrees as texts; what is not known is null.
    private static func site(_ site: JSONValue) -> JSONValue {
        var fields: [String: JSONValue] = ["identifier": site["id"] ?? .null, "cluster": .null]
        for name in siteFields { fields[name] = site[name] ?? .null }
        for name in ["latitude", "longitude"] {
            if let value = site[name] { fields[name] = .string(value.readable) }
        }
        return .object(fields)
    }
}

/// The values of a list or hierarchy as the older interface writes them.
private struct LegacyValues {
    private static let deepest = 20

    let values: [JSONValue]

    init(_ values: [JSONValue]) { self.values = values }

    /// What the property definition is changed by.
    /// - Throws: 400 for values that do not go with the kind of property.
    func fields(for property: PropertyDefinition) throws -> [String: JSONValue] {
        switch property.propertyType {
        case .singleSelect, .multiSelect: return try list(isMultiple: property.propertyType == .multiSelect)
        case .hierarchy: return try hierarchy()
        case .text, .password, .number, .boolean:
            throw RestError.invalidValue(
                "body", "the property \(property.name) is no list and no hierarchy, and has no values.")
        }
    }

    private func list(isMultiple: Bool) throws -> [String: JSONValue] {
        var items: [JSONValue] = []
        var defaults: [JSONValue] = []
        for (index, value) in values.enumerated() {
            guard let text = value.string ?? value["name"]?.string else {
                throw RestError.wrongType("body[\(index)]", expected: "a string", found: value.kindName)
            }
            let isDefault = text.hasSuffix("*") || value["isDefault"]?.bool == true
            let item = JSONValue.string(text.hasSuffix("*") ? String(text.dropLast()) : text)
            items.append(item)
            if isDefault { defaults.append(item) }
        }
        let none: JSONValue = isMultiple && !defaults.isEmpty ? .array(defaults) : ""
        return ["items": .array(items), "default": isMultiple ? none : defaults.first ?? ""]
    }

    private func hierarchy() throws -> [String: JSONValue] {
        var paths: [[String]] = []
        var chosen: [String]?
        for node in values { try read(node, below: [], into: &paths, &chosen) }
        let wire = paths.map { JSONValue.array($0.map(JSONValue.string)) }
        return ["paths": .array(wire), "default": chosen.map { .array($0.map(JSONValue.string)) } ?? ""]
    }

    private func read(
        _ node: JSONValue, below parents: [String], into paths: inout [[String]], _ chosen: inout [String]?
    ) throws {
        guard let name = node["name"]?.string ?? node.string, !name.isEmpty else {
            throw RestError.missingField("name")
        }
        guard parents.count < Self.deepest else {
            throw RestError.invalidValue("childNodes", "it is deeper than \(Self.deepest) levels.")
        }
        let path = parents + [name]
        if node["isDefault"]?.bool == true { chosen = path }
        let children = node["childNodes"]?.array ?? []
        if children.isEmpty { paths.append(path) }
        for child in children { try read(child, below: path, into: &paths, &chosen) }
    }
}
