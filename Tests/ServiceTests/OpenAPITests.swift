import AlertCore
import Crypto
import Foundation
import Hummingbird
import Logging
import Persistence
import SQLiteDatabase
import Testing

@testable import API

/// The OpenAPI document, and the pages that are made as it is.
struct OpenAPITests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func routes() throws -> [RESTRoute] {
        let database = try SQLiteDatabase(path: ":memory:")
        let clock = ConsoleClock()
        return try APIRoutes<BasicRequestContext>(
            database: database, bus: ObedientBus(database: database, clock: clock),
            cache: DirectoryCache(database: database), secrets: SecretBox(key: SymmetricKey(size: .bits256)),
            publicURL: "http://localhost", now: { clock.now }, logger: Logger(label: "test")
        ).operations
    }

    @Test func everyRouteIsDescribedAndNothingElse() throws {
        let described = OperationGroup.all.flatMap(\.operations)
        let keys = Set(described.map(\.key))
        let routes = Set(try Self.routes().map(\.key))
        for key in routes.subtracting(keys).sorted() {
            Issue.record("\(key) has no description: add a row to a group in Services/API/OpenAPI/Operations")
        }
        // Those with a slash in front are other parts of the server.
        for key in keys.subtracting(routes).sorted() where !key.contains(" /") {
            Issue.record("\(key) is described, but there is no such route")
        }
        #expect(keys.count == described.count, "an operation is described twice")
    }

    @Test func everySchemaIsThereAndUsed() throws {
        let document = OpenAPIDocument(routes: try Self.routes()).json(version: "1", publicURL: "")
        let referred = Self.references(in: document)
        let there = Set(OpenAPIDocument.schemas.keys)
        #expect(referred.subtracting(there).isEmpty, "there are no such schemas")
        #expect(there.subtracting(referred).isEmpty, "nothing refers to these schemas")
    }

    private static func references(in value: JSONValue) -> Set<String> {
        switch value {
        case .object(let fields):
            let own = fields["$ref"]?.string.flatMap { text in
                text.hasPrefix("#/components/schemas/") ? String(text.split(separator: "/").last ?? "") : nil
            }
            return fields.values.reduce(into: Set(own.map { [$0] } ?? [])) { $0.formUnion(references(in: $1)) }
        case .array(let values): return values.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: return []
        }
    }

    @Test func operationsHaveNamesOfTheirOwn() throws {
        let ids = OpenAPIDocument(routes: try Self.routes()).operations.compactMap { $0.json["operationId"]?.string }
        let twice = Dictionary(grouping: ids) { $0 }.filter { $0.value.count > 1 }.keys
        #expect(twice.isEmpty)
    }

    /// `make reference` writes them.
    @Test(arguments: ["REST.md", "ROLES.md"]) func thePageIsCurrent(_ name: String) throws {
        let reference = APIReference(document: OpenAPIDocument(routes: try Self.routes()))
        let text = name == "REST.md" ? reference.operations : reference.roles
        let file = Self.root.appending(path: "docs/\(name)")
        if ProcessInfo.processInfo.environment["TOCSIN_WRITE_REFERENCE"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let isCurrent = try String(contentsOf: file, encoding: .utf8) == text
        #expect(isCurrent, "docs/\(name) is not what the routes say: run make reference")
    }

    @Test func schemasAreReadFromTheNotation() {
        let schema = SchemaText().object(
            """
            id!: uuid
            size: integer(1..9) -- How large it is.
            kind: enum(A, B)?
            parts: [object](..3)
              name!: text(1..)
            owner: Person or text
            """)
        let expected: JSONValue = [
            "type": "object", "required": ["id"],
            "properties": [
                "id": ["type": "string", "format": "uuid"],
                "size": ["type": "integer", "minimum": 1, "maximum": 9, "description": "How large it is."],
                "kind": ["type": ["string", "null"], "enum": ["A", "B", .null]],
                "parts": [
                    "type": "array", "maxItems": 3,
                    "items": [
                        "type": "object", "required": ["name"],
                        "properties": ["name": ["type": "string", "minLength": 1]],
                    ],
                ],
                "owner": ["anyOf": [["$ref": "#/components/schemas/Person"], ["type": "string"]]],
            ],
        ]
        let isRight = schema == expected
        #expect(isRight, "\(schema)")
    }
}
