import AlertCore
import Foundation
import TestSupport
import Testing

/// Property definitions of every kind.
@Suite(.inTurn)
struct RESTPropertyTests {
    static let kinds: [(body: [String: JSONValue], change: [String: JSONValue])] = [
        (["propertyType": "BOOLEAN", "default": true], ["default": false]),
        (
            ["propertyType": "NUMBER", "minimum": 1, "maximum": 10, "units": "ms", "default": 5],
            ["maximum": 100, "default": 50]
        ),
        (
            [
                "propertyType": "TEXT", "minLength": 2, "maxLength": 10, "pattern": "[a-z]+", "validate": true,
                "default": "abc",
            ], ["validate": false, "maxLength": 20]
        ),
        (["propertyType": "PASSWORD", "maxLength": 30], ["minLength": 3]),
        (
            [
                "propertyType": "HIERARCHY", "categories": ["Country", "City"], "delimiter": " > ",
                "paths": [[["value": "CA"], ["value": "Victoria"]], [["value": "US"]]],
            ], ["paths": [[["value": "UK"]]], "delimiter": "/"]
        ),
        (
            ["propertyType": "LIST_TEXT_SINGLE_SELECT", "items": ["a", "b"], "default": "a"],
            ["items": ["b", "c"], "default": "b"]
        ),
        (
            ["propertyType": "LIST_TEXT_MULTI_SELECT", "items": ["a", "b"], "default": ["a", "b"]],
            ["default": ["b"]]
        ),
    ]

    @Test(arguments: kinds.indices)
    func lives(kind: Int) async throws {
        let row = Self.kinds[kind]
        try await RESTTestServer.run { server in
            let plan = try await server.makeForm().plan
            let texts: [String: JSONValue] = ["name": "P", "description": "d", "helpText": "h"]
            try await server.expectLife(
                in: "plans/\(plan)/property-definitions", row.body.merging(texts) { $1 }, change: row.change)
        }
    }

    @Test func refusesWhatDoesNotFit() async throws {
        func row(_ kind: String, _ fields: [String: JSONValue], _ field: String) -> Refused {
            let base: [String: JSONValue] = ["name": "A", "propertyType": .string(kind)]
            return Refused(.object(base.merging(fields) { $1 }), field)
        }
        let rows = [
            Refused(["propertyType": "TEXT"], "name"), Refused(["name": "A"], "propertyType"),
            Refused(["name": "P", "propertyType": "TEXT"], "name", status: 409),
            row("DATE", [:], "propertyType"), row("TEXT", ["minLength": 5, "maxLength": 4], "minLength"),
            row("TEXT", ["maxLength": 0], "maxLength"), row("TEXT", ["pattern": "["], "pattern"),
            row("TEXT", ["default": "abc", "maxLength": 2], "default"), row("TEXT", ["default": []], "default"),
            row("TEXT", ["validate": "perhaps"], "validate"),
            row("NUMBER", ["minimum": 3, "maximum": 2], "minimum"),
            row("NUMBER", ["maximum": 2, "default": 3], "default"), row("NUMBER", ["default": "x"], "default"),
            row("BOOLEAN", ["default": 7], "default"), row("LIST_TEXT_SINGLE_SELECT", [:], "items"),
            row("LIST_TEXT_SINGLE_SELECT", ["items": []], "items"),
            row("LIST_TEXT_MULTI_SELECT", ["items": ["a", "a"]], "items[1]"),
            row("LIST_TEXT_MULTI_SELECT", ["items": ["a", ""]], "items[1]"),
            row("LIST_TEXT_MULTI_SELECT", ["items": ["a"], "default": [7]], "default"),
            row("HIERARCHY", [:], "categories"),
            row("HIERARCHY", ["categories": ["A"], "paths": [[["value": "a"], ["value": "b"]]]], "paths[0]"),
            row("HIERARCHY", ["categories": ["A"], "paths": ["a"]], "paths[0]"),
            row("HIERARCHY", ["categories": ["A"], "paths": [[]]], "paths[0]"),
            row("HIERARCHY", ["categories": ["A"], "paths": [[["value": 1]]]], "paths[0][].value"),
        ]
        try await RESTTestServer.run { server in
            let plan = try await server.makeForm().plan
            let path = "plans/\(plan)/property-definitions"
            let made = try await server.call("POST", path, ["name": "P", "propertyType": "TEXT"])
            try await server.expectRefused(
                rows + [Refused(["id": .string(made.id), "propertyType": "NUMBER"], "propertyType")], at: path)
        }
    }

    @Test func readsWhatClientsSend() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.makeForm().plan
            let path = "plans/\(plan)/property-definitions"
            let body: JSONValue = [
                "name": "P", "propertyType": "TEXT", "pattern": "a+", "validate": "false", "default": "",
            ]
            let made = try await server.call("POST", path, body)
            #expect(made.json?["validate"] == false)
            #expect(made.json?["default"] == nil)
            let tree: JSONValue = [
                "name": "T", "propertyType": "HIERARCHY", "categories": ["A"], "paths": [["x"]],
            ]
            #expect(try await server.call("POST", path, tree).json?["paths"] == [[["value": "x"]]])
            let secret: JSONValue = ["name": "S", "propertyType": "PASSWORD", "default": "hunter2hunter2"]
            let sealed = try await server.call("POST", path, secret)
            #expect(sealed.status == 201)
            let text = try await sealed.text + server.call("GET", path).text + server.auditText()
            #expect(!text.contains("hunter2"))
        }
    }
}
