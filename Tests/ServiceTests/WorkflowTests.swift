import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing
import WorkflowArchive

/// Workflow files in and out of a server.
@Suite(.inTurn)
struct WorkflowTests {
    private static let form = "0f0f0001-0000-4000-8000-000000000001"
    private static let inbound = "0f0f0002-0000-4000-8000-000000000001"

    private static func documents(
        host: String = "desk.example.com", script: String = "form.post(trigger);"
    ) throws -> WorkflowDocuments {
        let texts = [
            "engine.json": #"{"version":"1.9","name":"Incidents","description":"d","isActive":true,"unknown":[1]}"#,
            "properties/properties.json":
                #"[{"uuid":"0f0f0006-0000-4000-8000-000000000003","name":"Host","baseType":3,"maxLength":200}]"#,
            "forms/Incident/1.json": """
            {"uuid":"\(form)","name":"Incident","order":0,"layoutSections":[{"sectionType":1,"sectionItems":[
            {"id":"0f0f0003-0000-4000-8000-000000000001","propertyName":"Host","isIncludeInCallbacks":true}]},
            {"sectionType":2,"recipients":[{"targetName":"reader"},{"targetName":"gone"}]}],
            "responses":[{"id":"r1","digit":1,"textResponse":"Take","action":"ASSIGN_TO_USER"}]}
            """,
            "integrations/integrations.json": """
            {"integrations":[{"id":"\(inbound)","name":"In","action":"CREATE_EVENT","type":"INBOUND_WEBHOOK",
            "form":"\(form)","script":"\(script)","authType":"ANY","deployed":true},
            {"id":"0f0f0002-0000-4000-8000-000000000002","name":"Out","action":"SEND_WEBHOOK",
            "type":"OUTBOUND_WEBHOOK","triggeredBy":"STATUS","form":"\(form)","endpoint":"Desk"}],
            "endpoints":[{"name":"Desk","baseUrl":"https://\(host)","type":"EXTERNAL",
            "authentication":"BASIC"}],"constants":[{"name":"A","value":"1"}]}
            """,
            "canvases/Incident.json": #"{"name":"Incident","blocks":[],"edges":[]}"#,
        ]
        var files = texts.mapValues { Array("\u{feff}\($0)".utf8) }
        files["resources/logo.png"] = [1, 2, 3, 0, 255]
        return try WorkflowArchive.read(files: files).documents
    }

    private static func archive(host: String = "desk.example.com", script: String = "form.post(trigger);") throws
        -> [UInt8]
    {
        try WorkflowArchive.write(documents(host: host, script: script))
    }

    private static func load(
        _ archive: [UInt8], _ query: String = "", on server: RESTTestServer
    ) async throws -> RESTTestServer.Reply {
        try await server.call("POST", "plans/import\(query)", raw: archive, type: "application/zip")
    }

    @Test(arguments: Backend.available)
    func comesInAndGoesOutAgain(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let dry = try await Self.load(Self.archive(), "?dryRun=true", on: server)
            #expect(dry.status == 200 && dry.json?["plan"] == nil)
            #expect(try await server.call("GET", "plans").json?["total"] == 0)

            let made = try await Self.load(Self.archive(), on: server)
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json?["plan"]?["name"] == "Incidents")
            #expect(made.json?["report"]?["idsKept"] == true)
            #expect(made.json?["report"]?["unusable"] == [])
            let byHand = (made.json?["report"]?["byHand"]?.array ?? []).compactMap { $0["message"]?.string }
            #expect(byHand.count == 3, "\(byHand)")

            let plan = try #require(made.json?["plan"]?["id"]?.string)
            let integration = try await server.call("GET", "plans/\(plan)/integrations/\(Self.inbound)")
            #expect(integration.json?["authenticationType"] == "URL")
            #expect(integration.json?["triggerUrl"]?.string?.contains("\(Self.inbound)/triggers?apiKey=") == true)
            #expect(integration.json?["authenticatingUser"]?["targetName"] == "admin")
            #expect(try await server.call("GET", "forms/\(Self.form)").json?["formId"] != "0")

            let exported = try await server.call("GET", "plans/Incidents/export")
            #expect(exported.status == 200)
            #expect(exported.headers["content-type"] == "application/zip")
            #expect(exported.headers["content-disposition"]?.contains("filename=\"Incidents.zip\"") == true)
            let read = try WorkflowArchive.read(exported.bytes).documents
            var expected = try Self.documents()
            #expect(WorkflowDiff.differences(from: expected, to: read).isEmpty)
            expected.documents["integrations/integrations.json"] = nil
            for (path, document) in expected.documents { #expect(read.documents[path] == document, "\(path)") }
            #expect(read.files == expected.files)
            #expect(try await server.call("GET", "plans/Incidents/export").bytes == exported.bytes)
            #expect(try await server.call("DELETE", "plans/\(plan)").status == 200)
        }
    }

    @Test(arguments: Backend.available)
    func replacesInPlace(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let made = try await Self.load(Self.archive(), on: server)
            let plan = try #require(made.json?["plan"]?["id"]?.string)
            #expect(try await Self.load(Self.archive(), on: server).status == 409)
            let path = "plans/\(plan)/integrations/\(Self.inbound)"
            let key = try await server.call("GET", path).json?["triggerUrl"]
            _ = try await server.call(
                "POST", "plans/\(plan)/endpoints",
                [
                    "name": "Desk", "url": "https://desk.example.com", "authenticationType": "BASIC",
                    "id": .string(try await Self.endpoint(plan, server)),
                    "authentication": ["username": "robot", "password": "open sesame"],
                ])
            _ = try await server.call("POST", "plans/\(plan)/constants", ["name": "B", "value": "2"])

            let again = try await Self.load(Self.archive(script: "1;"), "?mode=replace", on: server)
            #expect(again.status == 200, "\(again.text)")
            #expect(again.json?["plan"]?["id"]?.string == plan)
            #expect(again.json?["report"]?["removed"] == [["path": "", "message": "constant B"]])
            #expect(try await server.call("GET", path).json?["triggerUrl"] == key)
            #expect(
                try await server.call("GET", path).json?["script"] == .string(Data("1;".utf8).base64EncodedString()))
            let exported = try await server.call("GET", "plans/\(plan)/export")
            let text = try WorkflowArchive.read(exported.bytes).documents.serialized().values
                .map { String(decoding: $0, as: UTF8.self) }.joined()
            #expect(!text.contains("robot") && !text.contains("sesame") && !text.contains("sealed"))

            func credentials(_ reply: RESTTestServer.Reply) -> Bool {
                reply.text.contains("set its credentials")
            }
            #expect(!credentials(again))
            let moved = try await Self.load(Self.archive(host: "evil.example.com"), "?mode=replace", on: server)
            #expect(moved.status == 200 && credentials(moved))
        }
    }

    private static func endpoint(_ plan: String, _ server: RESTTestServer) async throws -> String {
        let list = try await server.call("GET", "plans/\(plan)/endpoints").json?["data"]?.array ?? []
        return list.first { $0["name"] == "Desk" }?["id"]?.string ?? ""
    }

    @Test func aSecondPlanGetsNewIDs() async throws {
        try await RESTTestServer.run { server in
            _ = try await Self.load(Self.archive(), on: server)
            let copy = try await Self.load(Self.archive(), "?name=Other%20one", on: server)
            #expect(copy.status == 201, "\(copy.text)")
            #expect(copy.json?["report"]?["idsKept"] == false)
            #expect(copy.json?["plan"]?["name"] == "Other one")
            let exported = try await server.call("GET", "plans/Other%20one/export")
            #expect(!String(decoding: exported.bytes, as: UTF8.self).contains(Self.form))
            #expect(try await server.call("GET", "plans").json?["total"] == 2)
        }
    }

    @Test func takesForms() async throws {
        try await RESTTestServer.run { server in
            var body = Array("--xYz\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\ncreate\r\n".utf8)
            body += Array("--xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\n".utf8)
            body += try Self.archive() + Array("\r\n--xYz--\r\n".utf8)
            let made = try await server.call(
                "POST", "plans/import", raw: body, type: "multipart/form-data; boundary=xYz")
            #expect(made.status == 201, "\(made.text)")
            let broken = try await server.call(
                "POST", "plans/import", raw: Array("hello".utf8), type: "multipart/form-data; boundary=xYz")
            #expect(broken.status == 400)
        }
    }

    @Test func refusesWhatItCannotRead() async throws {
        try await RESTTestServer.run { server in
            for (bytes, message) in [
                (Array("no archive".utf8), "The file cannot be used: the archive is no ZIP archive"),
                ([], "The request needs a body"),
                (try WorkflowArchive.pack(files: ["forms/A/1.json": Array("{}".utf8)]), "states no name"),
            ] {
                let reply = try await Self.load(bytes, on: server)
                #expect(reply.status == 400)
                #expect(reply.json?["message"]?.string?.contains(message) == true, "\(reply.text)")
            }
            #expect(try await Self.load(Self.archive(), "?mode=merge", on: server).status == 400)
            let reader = try await server.call("POST", "plans/import", as: "reader", raw: Self.archive())
            #expect(reader.status == 403)
            #expect(try await server.call("GET", "plans/nothing/export").status == 404)
            #expect(try await server.call("GET", "plans").json?["total"] == 0)
        }
    }

    @Test func copiesIntegrations() async throws {
        try await RESTTestServer.run { server in
            let made = try await Self.load(Self.archive(), on: server)
            let plan = try #require(made.json?["plan"]?["id"]?.string)
            let base = "plans/\(plan)/integrations"
            let first = try await server.call("GET", "\(base)/\(Self.inbound)")
            let copy = try await server.call("POST", "\(base)/\(Self.inbound)/copy", ["name": "Second"])
            #expect(copy.status == 201, "\(copy.text)")
            #expect(copy.json?["name"] == "Second" && copy.id != Self.inbound)
            #expect(copy.json?["authenticationType"] == first.json?["authenticationType"])
            #expect(copy.json?["script"] == first.json?["script"])
            func key(_ reply: RESTTestServer.Reply) -> Substring? {
                reply.json?["triggerUrl"]?.string?.split(separator: "apiKey=").last
            }
            #expect(key(copy) != nil && key(copy) != key(first))
            let bad = try await server.call("POST", "\(base)/\(Self.inbound)/copy", ["form": "none"])
            #expect(bad.status == 400)
            let exported = try await server.call("GET", "plans/\(plan)/export")
            let list = try WorkflowArchive.read(exported.bytes).documents
                .documents["integrations/integrations.json"]?["integrations"]?.array
            #expect(list?.last?["id"] == .string(copy.id))
        }
    }
}
