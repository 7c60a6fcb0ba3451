import AlertCore
import Foundation
import Logging
import Persistence
import TestSupport
import Testing

@testable import API

/// Files of people, sent in by REST and read in the background.
@Suite(.inTurn)
struct UserImportTests {
    private static func upload(
        _ text: String, name: String? = nil, as login: String = "admin", to server: RESTTestServer
    ) async throws -> RESTTestServer.Reply {
        var body = "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n"
        body += "Content-Type: text/csv\r\n\r\n\(text)\r\n"
        if let name { body += "--b0\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n\(name)\r\n" }
        body += "--b0--\r\n"
        return try await server.call(
            "POST", "uploads/users-v1", text: body, as: login, type: "multipart/form-data; boundary=b0")
    }

    private static func runner(_ server: RESTTestServer) -> ImportRunner {
        ImportRunner(
            database: server.database, cache: DirectoryCache(database: server.database), secrets: server.secrets,
            now: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Reads to the end, as a process would; every step by a process that has just started.
    private static func finish(_ server: RESTTestServer) async throws {
        while true {
            var file: (id: String, content: UserFile)?
            guard try await runner(server).step(&file) else { return }
        }
    }

    private static let header =
        "Operation, User, First Name, Last Name, Site, Language, Time Zone, User Supervisor, Role, Work Email, "
        + "Work Email Status, SMS Phone, Work Phone, Property: Team\r\n"

    @Test(arguments: Backend.available)
    func makesAndChangesPeople(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let site: JSONValue = ["name": "Default Site", "country": "US", "language": "en", "timezone": "UTC"]
            try await server.sent(201, "POST", "sites", site)
            let file =
                Self.header
                + "process, amunster, Arnold, Munster, Default Site,English,US/Eastern, ,Person Supervisor|Group "
                + "Supervisor, amunster@example.com, INACTIVE, +1 6502530001, "
                + "+1 650 2530002 ext: 24, \"Red, \"\"A\"\"\"\r\n"
                + ",bnystrom,Bob,Nystrom,,,,amunster,Standard User,,,,,Blue\r\n"
            let made = try await Self.upload(file, name: "Everybody", to: server)
            #expect(made.status == 202, "\(made.text)")
            #expect(made.json?["status"] == "PENDING" && made.json?["totalCount"] == 2)
            #expect(made.json?["name"] == "Everybody" && made.json?.at("transform.name") == "users-v1")
            try await Self.finish(server)
            let over = try await server.sent(200, "GET", "imports/\(made.id)").json
            #expect(over?["status"] == "COMPLETE" && over?["processedCount"] == 2 && over?["failedCount"] == 0)
            #expect(over?["finishedAt"] != nil && over?.at("by.targetName") == "admin")
            let person = try await server.sent(200, "GET", "people/amunster?embed=roles,devices").json
            #expect(person?["language"] == "en" && person?["timezone"] == "US/Eastern")
            #expect(person?.at("site.name") == "Default Site" && person?.at("properties.Team") == "Red, \"A\"")
            #expect(person?.at("roles.total") == 2)
            let devices = try await server.sent(200, "GET", "people/amunster/devices").data
            #expect(devices.compactMap { $0["name"]?.string } == ["Work Email", "SMS Phone", "Work Phone"])
            #expect(devices.first?["status"] == "INACTIVE" && devices.first?["emailAddress"] == "amunster@example.com")
            #expect(devices.last?["phoneNumber"] == "+16502530002;ext=24")
            #expect(try await server.targetNames("people/bnystrom/supervisors") == ["amunster"])

            // The same again changes nothing; an empty field leaves what there is; Team is a property by now.
            let events = try await server.auditText().components(separatedBy: "\"kind\":\"person\"").count
            let again =
                "User,Last Name,Work Email,Team\nAMUNSTER,Munster,new@example.com,\nbnystrom,Nystrom,,Green\n"
            #expect(try await Self.upload(again, to: server).status == 202)
            try await Self.finish(server)
            let after = try await server.auditText().components(separatedBy: "\"kind\":\"person\"").count
            #expect(after == events + 1)
            #expect(try await server.sent(200, "GET", "people/bnystrom").json?.at("properties.Team") == "Green")
            let mail = try await server.sent(200, "GET", "people/amunster/devices").data.first
            #expect(mail?["emailAddress"] == "new@example.com" && mail?["status"] == "INACTIVE")

            #expect(try await Self.upload("Operation,User\nremove,bnystrom\nremove,ghost\n", to: server).status == 202)
            try await Self.finish(server)
            try await server.sent(404, "GET", "people/bnystrom")
            let imports = try await server.sent(200, "GET", "imports?sortBy=TOTAL_COUNT&sortOrder=ASCENDING")
            #expect(imports.json?["total"] == 3 && imports.data.allSatisfy { $0["status"] == "COMPLETE" })
            #expect(imports.data.first?["name"] == "Everybody")
            #expect(try await server.sent(200, "GET", "imports?transformType=EPIC_V1").data.isEmpty)
        }
    }

    /// A line that cannot be used leaves nothing, and the others go on.
    @Test(arguments: Backend.available)
    func saysWhichLinesAreWrong(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let file =
                "User,First Name,Last Name,Time Zone,Role,Work Email,Work Phone,Operation\n"
                + "one,One,Test,UTC,,one@example.com,,\n"
                + "two,Two,Test,Mars,,,,\n"
                + "three,Three,\"Te\nst\",UTC,Emperor,,,\n"
                + "four,Four,Test,UTC,,four@example.com,12,\n"
                + ",Five,Test,UTC,,,,\n"
                + "six,Six,Test,UTC,,,,explode\n"
                + "seven,Seven,Test,UTC,,,,,more\n"
                + "eight,,Test,UTC,,,,\n"
                + "nine,Nine,Test,UTC,,,,remove\n"
                + "ten,Ten,Test,UTC,,,,\n"
            let made = try await Self.upload(file, to: server)
            try await Self.finish(server)
            let over = try await server.sent(200, "GET", "imports/\(made.id)").json
            #expect(over?["status"] == "COMPLETE" && over?["failedCount"] == 7 && over?["processedCount"] == 10)
            let path = "imports/\(made.id)/import-messages"
            let messages = try await server.sent(200, "GET", "\(path)?messageLevels=ERROR").data
            let places = messages.map { "\($0["line"]?.integer ?? 0) \($0["column"]?.string ?? "-")" }
            #expect(
                places == ["3 Time Zone", "4 Role", "6 Work Phone", "7 User", "8 Operation", "9 -", "10 First Name"])
            #expect(
                messages.allSatisfy { $0["messageType"] == "VALIDATION_ERROR" && $0["id"]?.string?.isEmpty == false })
            let warnings = try await server.sent(200, "GET", "\(path)?messageLevels=WARN").data
            #expect(warnings.map { $0["line"] } == [11] && warnings.first?["messageType"] == "VALIDATION_WARNING")
            #expect(try await server.sent(200, "GET", "\(path)?limit=3").json?["total"] == 8)
            #expect(try await server.call("GET", "\(path)?messageLevels=SHOUT").status == 400)
            #expect(try await server.targetNames("people?lastName=Test&search=one%20ten%20four") == ["one", "ten"])
            try await server.sent(404, "GET", "people/four")
        }
    }

    @Test func refusesHeadersThatItDoesNotKnow() async throws {
        try await RESTTestServer.run { server in
            let made = try await Self.upload(
                "First Name,Home Pigeon,Work Email,work email,\nA,b,c,d,e\n", to: server)
            #expect(made.status == 202)
            try await Self.finish(server)
            let over = try await server.sent(200, "GET", "imports/\(made.id)").json
            #expect(over?["status"] == "FAILED" && over?["processedCount"] == 0)
            let messages = try await server.sent(200, "GET", "imports/\(made.id)/import-messages").data
            let texts = messages.compactMap { $0["description"]?.string }
            #expect(messages.allSatisfy { $0["messageType"] == "PROCESSING_ERROR" && $0["line"] == 1 })
            #expect(texts.contains { $0.hasPrefix("Unexpected header: Home Pigeon. This must be a device name") })
            #expect(texts.contains { $0.contains("work email is there twice") })
            #expect(texts.contains("There is no header User.") && texts.contains("Column 5 has no header."))
        }
    }

    @Test func refusesWhatIsNoFile() async throws {
        try await RESTTestServer.run { server in
            for (text, why) in [
                ("", "empty"), ("User,First Name\n", "no line below"), ("User\n\"open\n", "line 2"),
                ("User,x\n\"a\"b,c\n", "line 2"), ("User\na\0b\n", "NUL"),
                ("User\n" + String(repeating: "a\n", count: UserFile.rowLimit + 1), "more than"),
                (String(repeating: "a,", count: 201) + "\nb\n", "columns"),
            ] {
                let refused = try await Self.upload(text, to: server)
                #expect(refused.status == 400 && refused.message.contains(why), "\(why): \(refused.text)")
            }
            let latin = try await server.call("POST", "uploads/users-v1", raw: [85, 10, 0xff, 10], type: "text/csv")
            #expect(latin.status == 400 && latin.message.contains("UTF-8"))
            #expect(try await Self.upload("User\nx\n", as: "reader", to: server).status == 403)
            #expect(try await server.call("GET", "imports", as: "reader").status == 403)
            let epic = try await server.call("POST", "uploads/epic-v1", raw: [1, 2, 3], type: "application/zip")
            #expect(epic.status == 501 && epic.message.contains("users-v1"))
        }
    }

    /// The rights of whoever began it hold at the time at which a line is read.
    @Test(arguments: Backend.available)
    func actsAsWhoeverBeganIt(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.addPerson("boss", roles: ["Person Supervisor"])
            try await server.addPerson("other")
            let first = try await Self.upload(
                "User,First Name,Last Name,Role\nnew,New,Test,\nother,X,Test,\nking,K,Test,Full Access User\n",
                as: "boss", to: server)
            try await Self.finish(server)
            let lines = try await server.sent(200, "GET", "imports/\(first.id)/import-messages", as: "boss").data
                .compactMap { $0["line"]?.integer }
            #expect(lines == [3, 4])
            #expect(try await server.targetNames("people/new/supervisors") == ["boss"])
            let rows = (0..<60).map { "p\($0),P,Test" }.joined(separator: "\n")
            let second = try await Self.upload("User,First Name,Last Name\n\(rows)\n", as: "boss", to: server)
            var file: (id: String, content: UserFile)?
            let isGoing = try await Self.runner(server).step(&file)
            #expect(isGoing)
            try await server.sent(200, "POST", "people/boss", ["status": "INACTIVE"])
            try await Self.finish(server)
            let over = try await server.sent(200, "GET", "imports/\(second.id)").json
            #expect(over?["status"] == "FAILED" && over?["processedCount"] == 25)
        }
    }

    /// One that fails again and again does not hold up those behind it.
    @Test func givesUpWhatCannotGoOn() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("broken")
            let first = try await Self.upload("User\nbroken\n", to: server).id
            let second = try await Self.upload("User,First Name,Last Name\nnew,New,Test\n", to: server).id
            let before = try await server.database.transaction { connection in
                let document = try connection.execute(
                    "SELECT document FROM directory WHERE kind = 'person' AND name_key = 'broken'")[0].text(0)
                try connection.execute(
                    "UPDATE directory SET document = '{}' WHERE kind = 'person' AND name_key = 'broken'")
                return document
            }
            let running = Task { try await Self.runner(server).run() }
            try await eventually {
                try await server.database.reading { try UserImports($0).get(second)?.status } == .complete
            }
            running.cancel()
            try await running.value
            try await server.database.transaction { connection in
                try connection.execute(
                    "UPDATE directory SET document = \(before) WHERE kind = 'person' AND name_key = 'broken'")
            }
            #expect(try await server.sent(200, "GET", "imports/\(first)").json?["status"] == "FAILED")
            let messages = try await server.sent(200, "GET", "imports/\(first)/import-messages").data
            #expect(messages.map { $0["messageType"] } == ["PROCESSING_ERROR"])
        }
    }

    @Test(arguments: [
        ("a,b\r\n1, 2 \r\n", [["a", "b"], ["1", "2"]], [1, 2]),
        ("\u{FEFF}a\n\n\n\"x\ny\"\nz", [["a"], ["x\ny"], ["z"]], [1, 4, 6]),
        ("a\rb\r", [["a"], ["b"]], [1, 2]), ("\"a \"\"b\"\"\" ,\"\",c", [["a \"b\"", "", "c"]], [1]),
        ("a,", [["a", ""]], [1]),
        ("", [], []), (",,\nx", [["x"]], [2]),
    ])
    func readsCommaSeparatedValues(_ text: String, _ rows: [[String]], _ lines: [Int]) throws {
        let file = try CSVFile(text, rowLimit: 10, fieldLimit: 10)
        #expect(file.rows.map(\.fields) == rows)
        #expect(file.rows.map(\.line) == lines)
    }
}
