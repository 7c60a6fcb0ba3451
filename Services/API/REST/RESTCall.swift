import AlertCore
import Endpoints
import Foundation
import HTTPTypes
import Hummingbird
import Messaging
import Persistence

/// One request, authenticated and parsed.
struct RESTCall: Sendable {
    /// The parts of the path that vary, by the names of the route.
    let parameters: [String: String]
    let query: QueryParameters
    let path: String
    /// `nil` where the method has no body.
    let body: JSONValue?
    let caller: Caller
    /// The request's own id: the `X-Trace` of the answer, the correlation of the audit events.
    let trace: String
    /// Of a route whose body is no JSON.
    var raw = RawBody(bytes: Data(), type: nil)

    /// A parameter of the route's own path.
    func parameter(_ name: String) -> String {
        guard let value = parameters[name] else { preconditionFailure("the route has no parameter \(name)") }
        return value
    }

    /// The body as the fields of an object.
    func fields() throws(RestError) -> RequestFields {
        guard let body else { throw RestError(400, "The request needs a body.", subcode: "request.body_missing") }
        guard case .object(let fields) = body else {
            throw RestError(
                400, "The body must be a JSON object, not \(body.kindName).", subcode: "request.body_invalid")
        }
        return RequestFields(fields, reads: query.reads)
    }
}

/// A body as it came, with its media type.
struct RawBody: Sendable {
    let bytes: Data
    let type: String?
}

/// A file in an answer.
struct RESTFile: Sendable {
    let bytes: [UInt8]
    let type: String
    let name: String
}

/// What a handler answers.
struct RESTAnswer: Sendable {
    let status: HTTPResponse.Status
    let body: JSONValue?
    /// Instead of `body`.
    var file: RESTFile?

    static func ok(_ body: JSONValue) -> RESTAnswer { RESTAnswer(status: .ok, body: body) }
    static let noContent = RESTAnswer(status: .noContent, body: nil)

    /// 201 for something new, 200 for something changed (spec §4.1).
    static func saved(_ body: JSONValue, isNew: Bool) -> RESTAnswer {
        RESTAnswer(status: isNew ? .created : .ok, body: body)
    }

    /// 200 with what was deleted, 204 when there was nothing (spec §4.1).
    static func deleted(_ body: JSONValue?) -> RESTAnswer { body.map(ok) ?? noContent }

    func response(trace: String) throws -> Response {
        guard let file else { return try Response(status: status, json: body, trace: trace) }
        let plain = String(
            file.name.unicodeScalars.map {
                $0.isASCII && $0.value > 31 && $0 != "\"" && $0 != "\\" ? Character($0) : "_"
            })
        let encoded = file.name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? plain
        var response = try Response(
            status: status, json: body, trace: trace,
            headers: [
                "Content-Disposition": "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)",
                "Content-Type": file.type,
            ])
        response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes))
        response.headers[.contentLength] = String(file.bytes.count)
        return response
    }
}

extension Response {
    /// An answer with the headers that every answer of the API has (spec §4.1).
    init(status: HTTPResponse.Status, json body: (some Encodable)?, trace: String, headers: [String: String] = [:])
        throws
    {
        var fields: HTTPFields = [
            .cacheControl: "no-cache, no-store, max-age=0, must-revalidate", .expires: "0",
            .xContentTypeOptions: "nosniff", .xFrameOptions: "SAMEORIGIN",
        ]
        let always = ["X-Trace": trace, "Pragma": "no-cache"]
        for (name, value) in headers.merging(always, uniquingKeysWith: { first, _ in first }) {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        guard let body else {
            self.init(status: status, headers: fields)
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        fields[.contentType] = "application/json;charset=utf-8"
        let bytes = try encoder.encode(body)
        self.init(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension HTTPField.Name {
    fileprivate static let xFrameOptions = HTTPField.Name("X-Frame-Options")!  // a valid name
}

/// What the routes work with.
struct RESTServices: Sendable {
    let database: any SQLDatabase
    let cache: DirectoryCache
    let secrets: SecretBox
    let authenticator: Authenticator
    let now: Clock
    let passwordCost: PasswordHash.Cost
    /// What people's programs reach this server by; empty where only paths are known.
    var publicURL = ""
    /// Of the bus: whose owner sends what a test of a provider plans.
    var partitions = Partitions(1)
    /// Whether the settings name a mail server.
    var hasMail = false
    /// What tries of webhooks go out by; `nil` where none can.
    var webhookClient: EndpointClient?

    var routes: [RESTRoute] {
        let forms = formRoutes + formPartRoutes + responseOptionRoutes + messageTemplateRoutes + sectionRoutes
        let plans = planRoutes + planPartRoutes + libraryRoutes + flowRoutes + integrationRoutes
        return peopleRoutes + deviceRoutes + deviceNameRoutes + bridgeRoutes + referenceRoutes + plans + forms
            + keyRoutes + scriptVersionRoutes + workflowRoutes + onCallRoutes + providerRoutes
            + inboundMessageRoutes + pastRoutes + holdRoutes + serviceRoutes + incidentRoutes + changeRoutes
            + scenarioRoutes + scheduledMessageRoutes + subscriptionFormRoutes + subscriptionRoutes + importRoutes
            + erasureRoutes + absentRoutes
    }

    /// One consistent look at the directory.
    func read(_ body: @escaping @Sendable (Directory) throws -> RESTAnswer) async throws -> RESTAnswer {
        try await database.reading { connection in try body(Directory(connection)) }
    }

    /// One transaction that changes the directory; run again when the store says so.
    func write(
        _ call: RESTCall, _ body: @escaping @Sendable (DirectoryEdit) throws -> RESTAnswer
    ) async throws -> RESTAnswer {
        defer { cache.invalidate() }  // after a throw, too: the transaction may have been committed
        let now = now()
        return try await database.retrying { connection in
            let directory = Directory(connection)
            try directory.lock()
            return try body(DirectoryEdit(directory: directory, call: call, now: now))
        }
    }
}

/// A transaction of one caller on the directory.
struct DirectoryEdit {
    let directory: Directory
    let call: RESTCall
    let now: Timestamp

    var origin: Origin {
        Origin(
            actor: call.caller.person.targetName, causation: "rest-\(call.trace)", correlation: call.trace,
            person: call.caller.person.id)
    }

    func put(_ entry: some DirectoryEntry) throws {
        do {
            try directory.put(entry, by: origin, at: now)
        } catch DirectoryError.nameTaken(let field, let name) {
            throw RestError(
                409, "The \(field) field contains a value that is taken already: \(name).",
                subcode: "validation.common.field.not_unique", arguments: [field, name])
        }
    }

    func delete<Entry: DirectoryEntry>(_ entry: Entry) throws {
        do {
            try directory.delete(Entry.self, id: entry.id, by: origin, at: now)
        } catch DirectoryError.inUse(let user) {
            throw RestError.conflict(
                "\(entry.entryName) is still used by: \(user).", subcode: "validation.common.in_use")
        }
    }

    /// A new id, in the order of time.
    func newID() -> String { DerivedID.timeOrdered(at: now, chance: RandomSecret.bytes(10)) }

    /// The entry that a POST with an `id`, in the body or the path, modifies; `nil` when it has none and creates.
    func existing<Entry: DirectoryEntry>(
        _ type: Entry.Type, _ fields: RequestFields, in parent: String = "", path: String? = nil
    ) throws -> Entry? {
        guard let id = try path ?? fields.text("id") else { return nil }
        return try directory.required(Entry.self, id, in: parent)
    }
}

extension Directory {
    /// The entry of that id or name.
    /// - Throws: 404.
    func required<Entry: DirectoryEntry>(
        _ type: Entry.Type, _ idOrName: String, in parent: String = ""
    ) throws -> Entry {
        guard let entry = try resolve(Entry.self, idOrName, in: parent) else {
            throw RestError.notFound("There is no \(Entry.kind) \(idOrName).")
        }
        return entry
    }
}
