import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// The console's pages, over a real socket: signing in, and what people see and do.
@Suite(.inTurn) struct ConsoleTests {
    // MARK: - Signing in

    @Test func sendsStrangersToSignInAndBack() async throws {
        try await ConsoleWorld.run { world in
            #expect(try await world.send("GET", "/").location == "/console/alerts")
            #expect(try await world.send("GET", "/alerts/100001").location == "/console/alerts/100001")
            let answer = try await world.send("GET", "/console/alerts?status=ACTIVE")
            #expect(answer.status == 303)
            #expect(answer.location == "/console/sign-in?next=%2Fconsole%2Falerts%3Fstatus%3DACTIVE")
            let page = try await world.send("GET", answer.location)
            #expect(page.status == 200 && page.body.contains("value=\"/console/alerts?status=ACTIVE\""))
            let signedIn = try await world.send(
                "POST", "/console/sign-in",
                form: [
                    "csrf": page.csrf, "login": "ADMIN", "password": ConsoleWorld.password,
                    "next": "/console/alerts?status=ACTIVE",
                ], headers: ["Cookie": page.cookie("tocsin_form")])
            #expect(signedIn.location == "/console/alerts?status=ACTIVE")
            let cookie = signedIn.headers["set-cookie"] ?? ""
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"))
            let list = try await world.page("/console/alerts", signedIn.cookie("tocsin_session"))
            #expect(list.status == 200 && list.body.contains("Ada Admin"))
        }
    }

    @Test func marksCookiesAsSecureWhereThePublicAddressIs() async throws {
        try await ConsoleWorld.run(publicURL: "https://alerts.example") { world in
            let page = try await world.send("GET", "/console/sign-in")
            #expect(page.headers["set-cookie"]?.contains("Secure") == true)
        }
    }

    @Test(arguments: [
        "//evil.example", "https://evil.example", "/console/\\evil.example", "/api/xm/1/people", "javascript:alert(1)",
    ])
    func leadsNowhereElse(_ next: String) async throws {
        try await ConsoleWorld.run { world in
            let page = try await world.send("GET", "/console/sign-in")
            let answer = try await world.send(
                "POST", "/console/sign-in",
                form: ["csrf": page.csrf, "login": "admin", "password": ConsoleWorld.password, "next": next],
                headers: ["Cookie": page.cookie("tocsin_form")])
            #expect(answer.location == "/console/alerts")
        }
    }

    @Test func refusesWrongPasswordsRolesAndStrangeForms() async throws {
        try await ConsoleWorld.run { world in
            #expect(try await world.signIn(password: "wrong") == "")
            #expect(try await world.signIn("nobody") == "")
            #expect(try await world.signIn("watcher") != "")
            let page = try await world.send("GET", "/console/sign-in")
            let form = ["csrf": page.csrf, "login": "admin", "password": ConsoleWorld.password]
            let withoutCookie = try await world.send("POST", "/console/sign-in", form: form)
            #expect(withoutCookie.status == 403 && withoutCookie.cookie("tocsin_session") == "")
            let wrong = try await world.send(
                "POST", "/console/sign-in", form: form.merging(["password": "no", "login": "<b>"]) { $1 },
                headers: ["Cookie": page.cookie("tocsin_form")])
            #expect(wrong.status == 401 && wrong.body.contains("The user name or the password is wrong."))
            #expect(wrong.body.contains("value=\"&lt;b&gt;\"") && wrong.headers["www-authenticate"] == nil)
        }
    }

    @Test func acceptsNoSessionThatIsNotOurs() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            #expect(try await world.page("/console/alerts", cookie).status == 200)
            let parts = cookie.dropFirst("tocsin_session=".count).split(separator: ".").map(String.init)
            let forged = Data(#"{"expiresAt":9999999999999,"person":"id-admin","stamp":""}"#.utf8).base64EncodedString()
            for token in ["", "x", "\(parts[0]).", "\(forged).\(parts[1])", "\(parts[0]).\(parts[1].reversed())"] {
                #expect(try await world.page("/console/alerts", "tocsin_session=\(token)").status == 303, "\(token)")
            }
            world.clock.advance(by: .seconds(12 * 3600 + 1))
            #expect(try await world.page("/console/alerts", cookie).status == 303)
        }
    }

    @Test func endsSessionsWithThePasswordAndWithThePerson() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn("oncall")
            #expect(try await world.page("/console/alerts", cookie).status == 200)
            let now = world.clock.now
            try await world.database.transaction { connection in
                var person = try Directory(connection).get(Person.self, id: "id-oncall")!
                person.passwordHash = PasswordHash.make("another", cost: .lowest)
                try Directory(connection).put(
                    person, by: Origin(actor: "admin", causation: "t", correlation: "t"), at: now)
            }
            #expect(try await world.page("/console/alerts", cookie).status == 303)
        }
    }

    @Test func signsOut() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let page = try await world.page("/console/alerts", cookie)
            #expect(try await world.post("/console/sign-out", ["csrf": "x"], cookie).status == 403)
            let answer = try await world.post("/console/sign-out", ["csrf": page.csrf], cookie)
            #expect(answer.status == 303 && answer.headers["set-cookie"]?.contains("Max-Age=0") == true)
        }
    }

    // MARK: - Pages

    @Test func answersEveryPageWithStrictHeaders() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addActivity("r-1")
            let cookie = try await world.signIn()
            for path in [
                "/console/alerts", "/console/alerts/\(id)", "/console/alerts/\(id)/end", "/console/activity",
                "/console/activity/r-1", "/console/dead-letters", "/console/self-audit", "/console/nothing", "/nothing",
            ] {
                let page = try await world.page(path, cookie)
                #expect(page.status == (path.hasSuffix("nothing") ? 404 : 200), "\(path)")
                let policy = page.headers["content-security-policy"] ?? ""
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(page.headers["x-frame-options"] == "DENY" && page.headers["cache-control"] == "no-store")
                #expect(page.headers["x-content-type-options"] == "nosniff")
                #expect(page.body.hasPrefix("<!doctype html>") && !page.body.contains("{{"), "\(path)")
            }
            let list = try await world.page("/console/alerts", cookie).body
            for file in ["console.css", "console.js", "icon.svg"] {
                let address = list.components(separatedBy: "\"").first { $0.contains(file) } ?? ""
                let answer = try await world.send("GET", address)
                #expect(
                    answer.status == 200 && answer.headers["cache-control"]?.contains("immutable") == true, "\(file)")
            }
            #expect(try await world.send("GET", "/console/static/..%2F..%2Fsecret").status == 404)
        }
    }

    @Test func listsSearchesAndPages() async throws {
        try await ConsoleWorld.run { world in
            for number in 1...60 { try await world.addAlert(Int64(1000 + number), subject: "Alert no. \(number)") }
            let cookie = try await world.signIn()
            let first = try await world.page("/console/alerts", cookie).body
            #expect(first.contains("Alert no. 60<") && !first.contains("Alert no. 10<"))
            #expect(first.contains("1–50 of 60"))
            #expect(first.contains("/console/alerts?offset=50"))
            let second = try await world.page("/console/alerts?offset=50", cookie).body
            #expect(second.contains("Alert no. 10<") && second.contains("51–60 of 60"))
            let found = try await world.page("/console/alerts?search=no.+42", cookie).body
            #expect(found.contains("Alert no. 42<") && found.contains("1–1 of 1"))
            let none = try await world.page("/console/alerts?status=SUSPENDED&search=%3Cscript%3E", cookie).body
            #expect(none.contains("No alerts match") && none.contains("value=\"&lt;script&gt;\""))
            let many = try await world.page("/console/alerts?search=\(String(repeating: "a+", count: 11))", cookie)
            #expect(many.status == 400 && many.body.contains("at most 10 terms"))
        }
    }

    @Test func escapesWhatOthersWrote() async throws {
        try await ConsoleWorld.run { world in
            let attack = "<script>alert('1')</script>\""
            let id = try await world.addAlert(subject: attack, properties: ["<img src=x>": .string(attack)])
            try await world.carryOut(.comment(id: "c1", by: ConsoleWorld.anna, text: attack), on: id)
            try await world.addDelivery(of: id, to: attack, [world.attempt(1, status: 500, body: attack)])
            let notification = try await world.addNotification(of: id, [])
            let cookie = try await world.signIn()
            for path in [
                "/console/alerts", "/console/alerts/\(id)", "/console/alerts/\(id)/end",
                "/respond/\(world.link(notification, ConsoleWorld.acknowledge))",
            ] {
                let page = try await world.page(path, cookie)
                #expect(page.status == 200)
                #expect(!page.body.contains("<script>alert") && !page.body.contains("<img src=x>"), "\(path)")
                #expect(page.body.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;"), "\(path)")
            }
        }
    }
}
