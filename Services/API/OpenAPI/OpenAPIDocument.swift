import AlertCore
import Foundation
import HTTPTypes
import Persistence

/// The OpenAPI 3.1 document of the API, made from its routes and what ``OperationGroup/all`` says of them.
struct OpenAPIDocument {
    /// Served without a sign-in: it says what this program can do, nothing of an installation but its address.
    static let path = "/openapi.json"

    /// An operation with the route that carries it out; without one where another part of the server does.
    struct Operation {
        let group: String
        let description: OperationDescription
        let route: RESTRoute?

        /// What everybody who calls it needs; `nil` where nobody has to sign in, or the route decides.
        var permission: Permission? { route?.permission }

        /// From the root.
        var path: String {
            description.path.hasPrefix("/") ? description.path : "\(RESTPath.base)/\(description.path)"
        }
    }

    let operations: [Operation]

    /// - Parameter routes: Every route below `/api/xm/1/`.
    init(routes: [RESTRoute], groups: [OperationGroup] = OperationGroup.all) {
        let byKey = Dictionary(routes.map { ($0.key, $0) }) { first, _ in first }
        operations = groups.flatMap { group in
            group.operations.map { Operation(group: group.name, description: $0, route: byKey[$0.key]) }
        }
    }

    func json(version: String, publicURL: String) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for operation in operations {
            paths[operation.path, default: [:]][operation.description.method.rawValue.lowercased()] = operation.json
        }
        return .fields([
            "openapi": "3.1.0",
            "info": [
                "title": "Tocsin", "version": .string(version),
                "description": .string(Self.introduction),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": publicURL.isEmpty ? nil : [["url": .string(publicURL)]],
            "tags": .array(OperationGroup.all.map { ["name": .string($0.name)] }),
            "security": [["basic": []], ["bearer": []]],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "securitySchemes": [
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "A web login or target name and its password, or an API key and its secret.",
                    ],
                    "bearer": ["type": "http", "scheme": "bearer", "description": "A token of `/oauth2/token`."],
                ],
                "schemas": .object(Self.schemas), "responses": Self.errors,
            ],
        ])
    }

    private static let introduction = """
        Lists are pages; `links.next` leads on. A POST without an `id` creates (201), with one it changes (200), and \
        fields that are absent or null stay as they are. DELETE answers 200 with what was deleted, or 204 when there \
        was nothing. Every error has one shape. What a request says besides the fields below is passed over.
        """

    // MARK: - Schemas

    static let schemas: [String: JSONValue] = {
        var schemas: [String: JSONValue] = [:]
        for group in OperationGroup.all {
            for (named, text) in [(group.answers, SchemaText()), (group.requests, SchemaText(allowsNull: true))] {
                for (name, fields) in named {
                    precondition(schemas[name] == nil, "the schema \(name) is there twice")
                    schemas[name] = text.object(fields)
                }
            }
        }
        return schemas
    }()

    /// Errors that any operation can answer, with those of bodies.
    static let errorTexts: [Int: String] = [
        400: "A field or parameter is wrong or missing: the message names it.",
        401: "Nobody is signed in, or the credentials are wrong.",
        403: "Who is signed in may not do this.", 404: "There is no such thing, or the caller may not see it.",
        405: "The method is not allowed here.", 409: "What there is does not allow it.",
        413: "The body is too large.", 415: "The body's media type is not taken.",
        422: "The idempotency key was used for another request.", 429: "Too many requests: see `Retry-After`.",
        501: "This cannot be done here.", 503: "It cannot be done at present: see `Retry-After`.",
    ]

    private static var errors: JSONValue {
        var errors: [String: JSONValue] = [:]
        for (code, text) in errorTexts {
            var error: [String: JSONValue] = [
                "description": .string(text),
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ]
            if code == 429 || code == 503 {
                error["headers"] = [
                    "Retry-After": [
                        "description": "Seconds to wait.", "required": true,
                        "schema": ["type": "integer", "minimum": 1],
                    ]
                ]
            }
            errors["Error\(code)"] = .object(error)
        }
        return .object(errors)
    }
}

extension RESTRoute {
    /// As descriptions name it.
    var key: String { "\(method.rawValue) \(path)" }
}

extension OpenAPIDocument.Operation {
    var json: JSONValue {
        var answers: [String: JSONValue] = [:]
        for (code, type) in description.answers {
            var answer: [String: JSONValue] = ["description": .string(Self.text(of: code))]
            if !type.isEmpty {
                let schema =
                    description.answerMedia == "application/json" ? SchemaText().type(type) : ["type": "string"]
                answer["content"] = .object([description.answerMedia: ["schema": schema]])
            }
            answers[String(code)] = .object(answer)
        }
        for code in errorCodes { answers[String(code)] = ["$ref": .string("#/components/responses/Error\(code)")] }
        let parameters = pathParameters + queryParameters + headerParameters
        return .fields([
            "operationId": .string(id), "summary": .string(description.summary), "tags": [.string(group)],
            "description": notes.isEmpty ? nil : .string(notes),
            "parameters": parameters.isEmpty ? nil : .array(parameters), "requestBody": body,
            "responses": .object(answers), "security": isPublic ? [] : nil,
            "x-permission": (permission?.rawValue).map(JSONValue.string),
        ])
    }

    /// `getPlansPlanForms`.
    private var id: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }.drop { ["api", "xm", "1"].contains($0) }
        return description.method.rawValue.lowercased()
            + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// What the description says, and who may.
    var notes: String {
        var sentences = [description.notes]
        if let access = description.access { sentences.append(access.text) }
        if description.access == nil, let permission { sentences.append("Needs `\(permission.rawValue)`.") }
        return sentences.filter { !$0.isEmpty }.joined(separator: " ")
    }

    var isPublic: Bool { route == nil }

    var isWrite: Bool { description.method != .get }

    /// Without a doubt fewer than these, but none beside them.
    var errorCodes: [Int] {
        var codes = Set(description.errors).union([400, 401, 403, 404, 429, 503])
        if isWrite, route != nil { codes.formUnion([409, 422]) }
        if description.body != nil || description.method == .post || description.method == .put { codes.insert(413) }
        return codes.sorted()
    }

    var body: JSONValue? {
        guard let type = description.body else { return nil }
        let isJSON = description.bodyMedia == "application/json"
        let schema = type == "file" ? Self.file(description.bodyMedia) : SchemaText(allowsNull: isJSON).type(type)
        return [
            "required": .bool(description.isBodyRequired),
            "content": .object([description.bodyMedia: ["schema": schema]]),
        ]
    }

    private static func file(_ media: String) -> JSONValue {
        guard media == "multipart/form-data" else { return ["type": "string", "format": "binary"] }
        return [
            "type": "object", "required": ["file", "fileName"],
            "properties": [
                "file": ["type": "string", "format": "binary"], "fileName": ["type": "string", "minLength": 1],
            ],
        ]
    }

    // MARK: - Parameters

    private var pathParameters: [JSONValue] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            let name = String(part.dropFirst().dropLast())
            return [
                "name": .string(name), "in": "path", "required": true,
                "description": .string(Self.pathTexts[name] ?? "Its id."),
                "schema": ["type": "string", "minLength": 1],
            ]
        }
    }

    /// What a part of a path names, where it is more than an id.
    private static let pathTexts = [
        "plan": "The workflow's id or name.", "form": "The form's id, or its name where a workflow is in the path.",
        "person": "The id or target name.", "group": "The id or name.", "shift": "The id or name.",
        "site": "The id or name.", "event": "The alert's id or number.", "device": "The id or target name.",
        "integration": "The id, or the name where a workflow is in the path.",
        "part": "The id or name.", "bridge": "The id or name.", "name": "The id or name.",
        "member": "The id or target name.", "start": "When it starts, as in 2018-04-17T14:00:00Z.",
        "provider": "The id or name.", "number": "The number of the version.", "function": "The integration's id.",
        "service": "The id or name.", "incident": "The id or the identifier, as in INC-1000.",
        "hold": "The id or name.", "sequence": "The event's number in the log.", "signal": "The id of the request.",
    ]

    /// The names and types of what stands behind the question mark.
    var queryFields: [SchemaField] {
        let lines = description.query.split(separator: "\n").flatMap { line in
            line.trimmingCharacters(in: .whitespaces) == "paging" ? Self.paging : [String(line)]
        }
        return SchemaText().fields(lines.joined(separator: "\n"))
    }

    private static let paging = [
        "offset: integer(0..1000000000) -- How many to pass over.",
        "limit: integer(1..1000) -- How many to answer; 100 by default.",
    ]

    private var queryParameters: [JSONValue] {
        queryFields.map { field in
            var parameter: [String: JSONValue] = [
                "name": .string(field.name), "in": "query", "required": .bool(field.isRequired), "schema": field.schema,
            ]
            if let text = field.description { parameter["description"] = .string(text) }
            if field.schema["type"] == "array" {
                parameter["style"] = "form"
                parameter["explode"] = false
            }
            return .object(parameter)
        }
    }

    private var headerParameters: [JSONValue] {
        guard isWrite, route != nil else { return [] }
        return [
            [
                "name": .string("Idempotency-Key"), "in": "header", "required": false,
                "description":
                    "For 24 hours, the same key with the same request leads to the first answer, without an effect.",
                "schema": ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
            ]
        ]
    }

    private static func text(of code: Int) -> String {
        switch code {
        case 201: "Made."
        case 202: "Taken, and carried out later."
        case 204: "There was nothing to do."
        default: "Done."
        }
    }
}
