import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// The links in notifications.
@Suite(.inTurn) struct ConsoleRespondTests {
    private static func responses(to alert: String, in world: ConsoleWorld) async throws -> Int {
        try await world.database.reading { connection in
            try EventLog(connection).read(streams: ["alert-\(alert)"]).count { $0.type == "alert.responded" }
        }
    }

    @Test func aLookChangesNothingAndATapAnswersOnce() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let notification = try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "ok")])
            let path = "/respond/\(world.link(notification, ConsoleWorld.acknowledge))"
            let versions = try await world.database.reading { try EventLog($0).versions(of: ["alert-\(id)"]) }
            for _ in 1...3 {
                let page = try await world.send("GET", path)
                #expect(
                    page.status == 200 && page.body.contains("db1 is down")
                        && page.body.contains("Acknowledge</button>"))
                #expect(page.body.contains("name=\"comment\"") && page.body.contains("Anna Berg"))
                #expect(page.headers["referrer-policy"] == "no-referrer" && !page.body.contains("<script"))
            }
            #expect(try await world.database.reading { try EventLog($0).versions(of: ["alert-\(id)"]) } == versions)

            let answer = try await world.send("POST", path, form: ["comment": "Ich kümmere mich"])
            #expect(answer.status == 200 && answer.body.contains("Recorded: Acknowledge"))
            let again = try await world.send("POST", path, form: [:])
            #expect(again.status == 200 && again.body.contains("Already recorded"))
            #expect(try await world.send("GET", path).body.contains("Already recorded"))
            #expect(try await Self.responses(to: id, in: world) == 1)
            let row = try await world.call("GET", "/audits?eventId=\(id)&auditType=RESPONSE_RECEIVED").json
            let response = row["data"]?.array?.first?["response"]
            #expect(response?["comment"] == "Ich kümmere mich" && response?["source"] == "EMAIL")
            #expect(response?["notification"]?["id"]?.string == notification)
        }
    }

    @Test func anAnswerThatEndsTheAlertMakesOthersTooLate() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let notification = try await world.addNotification(of: id, [])
            let resolve = "/respond/\(world.link(notification, ConsoleWorld.resolve))"
            #expect(!(try await world.send("GET", resolve).body.contains("name=\"comment\"")))
            #expect(try await world.send("POST", resolve, form: ["comment": "not asked for"]).status == 200)
            let late = "/respond/\(world.link(notification, ConsoleWorld.acknowledge))"
            let look = try await world.send("GET", late)
            #expect(look.status == 200 && look.body.contains("The alert has ended") && !look.body.contains("<form"))
            let tap = try await world.send("POST", late, form: [:])
            #expect(tap.status == 409 && tap.body.contains("The alert has ended"))
            #expect(try await world.send("POST", resolve, form: [:]).body.contains("Already recorded"))
            #expect(try await Self.responses(to: id, in: world) == 1)
        }
    }

    @Test func leadsOnWhereTheOptionSays() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let notification = try await world.addNotification(of: id, [])
            let path = "/respond/\(world.link(notification, ConsoleWorld.runbook))"
            let page = try await world.send("GET", path)
            #expect(page.headers["content-security-policy"]?.hasSuffix("form-action 'self' http: https:") == true)
            let answer = try await world.send("POST", path, form: [:])
            #expect(answer.status == 303 && answer.location == "https://runbooks.example/db1?a=1")
            #expect(try await world.send("GET", path).body.contains("Go on to runbooks.example"))
        }
    }

    @Test(arguments: ["javascript:alert(1)", "ftp://example.com/", "runbook", "https://", "http://a.example/\r\nX: 1"])
    func leadsToNoOtherKindOfAddress(_ url: String) async throws {
        try await ConsoleWorld.run { world in
            var option = ConsoleWorld.runbook
            option.redirectUrl = url
            let id = try await world.addAlert(options: [option])
            let notification = try await world.addNotification(of: id, [])
            let answer = try await world.send("POST", "/respond/\(world.link(notification, option))", form: [:])
            #expect(answer.status == 200 && answer.location == "" && answer.body.contains("Recorded: Runbook"))
        }
    }

    @Test func refusesLinksThatAreOldOrAltered() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let notification = try await world.addNotification(of: id, [])
            let token = world.link(notification, ConsoleWorld.acknowledge)
            for wrong in ["x", "a.b", "x\(token)", "\(token)x", world.link("other", ConsoleWorld.acknowledge)] {
                for method in ["GET", "POST"] {
                    let answer = try await world.send(method, "/respond/\(wrong)", form: [:])
                    #expect(answer.status == 404 && answer.body.contains("This link does not work"), "\(wrong)")
                }
            }
            world.clock.advance(by: .seconds(3601))
            let old = try await world.send("POST", "/respond/\(token)", form: [:])
            #expect(old.status == 410 && old.body.contains("This link is too old"))
            #expect(try await Self.responses(to: id, in: world) == 0)
        }
    }
}
