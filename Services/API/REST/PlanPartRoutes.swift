import AlertCore
import Foundation
import Persistence

/// What belongs to a plan and stands by itself there: a property definition, a constant, an endpoint.
protocol PlanPart: DirectoryEntry {
    /// The collection's name in a path.
    static var collection: String { get }

    var wire: JSONValue { get }
    /// With what its plan, or its place in a list, makes of ``wire``.
    func wire(in plan: Plan, isListed: Bool) -> JSONValue
}

extension PlanPart {
    func wire(in plan: Plan, isListed: Bool) -> JSONValue { wire }
}

extension RESTServices {
    /// The parts of plans (spec §4.7).
    var planPartRoutes: [RESTRoute] {
        routes(of: PropertyDefinition.self) { try PropertyRequest(fields: $0).property($1, in: $2, $3) }
            + routes(of: Constant.self) { try Self.constant($0, $1, in: $2, $3) }
            + routes(of: Endpoint.self) { [secrets] in
                try EndpointRequest(fields: $0, secrets: secrets).endpoint($1, in: $2, $3)
            }
    }

    /// - Parameter make: The part that a request asks for: what is there already, or a new one.
    func routes<Part: PlanPart>(
        of type: Part.Type,
        make: @escaping @Sendable (RequestFields, Part?, Plan, DirectoryEdit) throws -> Part
    ) -> [RESTRoute] {
        let base = "plans/{plan}/\(Part.collection)"
        return [
            .get(base) { call in
                let paging = try call.query.paging()
                return try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    let page = try directory.list(Part.self, in: plan.id, offset: paging.offset, limit: paging.limit)
                    let parts = page.entries.map { $0.wire(in: plan, isListed: true) }
                    return .ok(call.page(parts, total: page.total, paging))
                }
            },
            .post(base) { call in
                let fields = try call.fields()
                return try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    let existing = try edit.existing(Part.self, fields, in: plan.id)
                    let part = try make(fields, existing, plan, edit)
                    try edit.put(part)
                    return .saved(part.wire(in: plan, isListed: false), isNew: existing == nil)
                }
            },
            .get("\(base)/{part}") { call in
                try await read { directory in
                    let plan = try directory.required(Plan.self, call.parameter("plan"))
                    let part = try directory.required(Part.self, call.parameter("part"), in: plan.id)
                    return .ok(part.wire(in: plan, isListed: false))
                }
            },
            .delete("\(base)/{part}") { call in
                try await write(call) { edit in
                    let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
                    guard let part = try edit.directory.resolve(Part.self, call.parameter("part"), in: plan.id)
                    else { return .noContent }
                    try edit.delete(part)
                    return .ok(part.wire(in: plan, isListed: false))
                }
            },
        ]
    }

    private static func constant(
        _ fields: RequestFields, _ existing: Constant?, in plan: Plan, _ edit: DirectoryEdit
    ) throws -> Constant {
        let name = try fields.requiredName("name", or: existing?.name)
        var constant = existing ?? Constant(id: edit.newID(), plan: plan.id, name: name, value: "")
        constant.name = name
        constant.value = try fields.text("value", limit: 100_000) ?? constant.value
        constant.description = try fields.text("description") ?? constant.description
        return constant
    }
}

extension Constant: PlanPart {
    static let collection = "constants"

    var wire: JSONValue {
        [
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name), "value": .string(value),
            "description": .string(description), "links": .links("/plans/\(plan)/constants/\(id)"),
        ]
    }
}

// MARK: - Endpoints

extension Endpoint: PlanPart {
    static let collection = "endpoints"

    var path: String { "/plans/\(plan)/endpoints/\(id)" }

    /// As an integration names it.
    var reference: JSONValue {
        ["id": .string(id), "name": .string(name), "plan": ["id": .string(plan)], "links": .links(path)]
    }

    var wire: JSONValue {
        .fields([
            "id": .string(id), "plan": ["id": .string(plan)], "name": .string(name), "url": .string(url),
            "endpointType": .string(endpointType), "authenticationType": .string(authenticationType.rawValue),
            "authentication": username.map { ["username": .string($0)] },
            "trustSelfSigned": .bool(trustSelfSigned), "preemptive": .bool(preemptive), "links": .links(path),
        ])
    }
}

/// The fields of an endpoint; those that are absent stay as they are, the password above all.
struct EndpointRequest {
    let fields: RequestFields
    let secrets: SecretBox

    func endpoint(_ existing: Endpoint?, in plan: Plan, _ edit: DirectoryEdit) throws -> Endpoint {
        let name = try fields.requiredName("name", or: existing?.name)
        let url = try url(existing)
        if let type = try fields.text("endpointType"), type != "EXTERNAL" {
            throw RestError.unsupported("endpointType", type, supported: "EXTERNAL")
        }
        var endpoint = existing ?? Endpoint(id: edit.newID(), plan: plan.id, name: name, url: url)
        endpoint.name = name
        endpoint.url = url
        endpoint.trustSelfSigned = try fields.bool("trustSelfSigned") ?? endpoint.trustSelfSigned
        endpoint.preemptive = try fields.bool("preemptive") ?? endpoint.preemptive
        endpoint.authenticationType = try authenticationType() ?? endpoint.authenticationType
        try authenticate(&endpoint)
        return endpoint
    }

    private func url(_ existing: Endpoint?) throws(RestError) -> String {
        let url = try fields.requiredName("url", or: existing?.url, limit: 2000)
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty
        else { throw .invalidValue("url", "it must begin with http:// or https:// and name a host.") }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw .invalidValue("url", "it must not hold a user, a password or a fragment.")
        }
        return url
    }

    private func authenticationType() throws(RestError) -> Endpoint.Authentication? {
        guard let text = try fields.text("authenticationType") else { return nil }
        if let type = Endpoint.Authentication(rawValue: text) { return type }
        let supported = Endpoint.Authentication.allCases.map(\.rawValue)
        guard Self.known.contains(text) else {
            throw .invalidChoice("authenticationType", text, valid: supported)
        }
        throw .unsupported("authenticationType", text, supported: supported.joined(separator: ", "))
    }

    private func authenticate(_ endpoint: inout Endpoint) throws(RestError) {
        guard endpoint.authenticationType == .basic else {
            endpoint.username = nil
            endpoint.sealedPassword = nil
            return
        }
        let given = try fields.object("authentication")
        endpoint.username = try given?.text("username") ?? endpoint.username
        if let password = try given?.text("password") {
            endpoint.sealedPassword = secrets.seal(password, for: .endpointPassword(endpoint.id))
        }
        guard let username = endpoint.username else { throw .missingField("authentication.username") }
        guard !username.contains(":") else {
            throw .invalidValue("authentication.username", "it holds a colon, which Basic cannot carry.")
        }
        guard endpoint.sealedPassword != nil else { throw .missingField("authentication.password") }
    }

    /// What the platform has and this server does not have yet (spec §3.4).
    private static let known: Set<String> = [
        "OAUTH2", "OAUTH2_FORCE", "OAUTH_SLACK", "SERVICENOW", "XMATTERS", "OAUTH2_MS_GRAPH", "REMEDY_TOKEN",
    ]
}
