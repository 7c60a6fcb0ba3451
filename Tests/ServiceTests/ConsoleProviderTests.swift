import AlertCore
import TestSupport
import Testing

/// The pages of providers: those that were added, and those that are built in.
@Suite(.inTurn) struct ConsoleProviderTests {
    @Test func whatIsBuiltInIsShownAndCannotBeChanged() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let list = try await world.page("/console/providers", cookie).body
            for name in ["Discord", "Email", "Mattermost", "Microsoft Teams", "ntfy", "Slack", "Web Push"] {
                #expect(list.contains(">\(name)</a>"), "\(name)")
            }
            #expect(list.components(separatedBy: ">Built in</span>").count == 8)
            #expect(list.components(separatedBy: ">Not configured</span>").count == 2)
            #expect(list.contains("where a device names it"))
            let email = try await world.page("/console/providers/email", cookie).body
            #expect(email.contains("TOCSIN_SMTP_URL") && !email.contains("/console/providers/email/edit"))
            let slack = try await world.page("/console/providers/slack", cookie).body
            #expect(slack.contains("Try it") && !slack.contains("Not configured") && !slack.contains("/delete"))
            for path in ["edit", "delete"] {
                #expect(try await world.page("/console/providers/slack/\(path)", cookie).status == 404)
            }
            // One with the name takes the place.
            let own = try await world.call("POST", "/notification-providers", ["name": "Slack", "kind": "SLACK"])
            let after = try await world.page("/console/providers", cookie).body
            #expect(after.components(separatedBy: ">Built in</span>").count == 7)
            let id = try own.json["id"]?.string ?? "none"
            #expect(after.contains("/console/providers/\(id)"))
            #expect(try await world.page("/console/providers/slack", cookie).status == 404)
        }
    }

    @Test func aGenericDeviceIsSentByABuiltInProviderAndKeepsItsAddressToItself() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let person = try await world.call("GET", "/people/admin").json["id"]?.string ?? ""
            let base = "/console/people/\(person)/devices"
            let form = try await world.page("\(base)/new?type=GENERIC", cookie)
            #expect(form.body.contains(#"value="discord""#) && form.body.contains(#"value="mattermost""#))
            let made = try await world.post(
                "\(base)/new?type=GENERIC",
                [
                    "csrf": form.csrf, "name": "Discord", "pin": "https://discord.example/SECRET",
                    "provider": "discord", "status": "ACTIVE", "priorityThreshold": "LOW", "sequence": "1",
                    "delay": "0",
                ], cookie)
            #expect(made.status == 303, "\(made.body)")
            let devices = try await world.call("GET", "/people/admin/devices")
            let device = try devices.json["data"]?.array?.last
            #expect(device?["pin"] == "***" && device?["provider"]?["id"] == "discord", "\(devices.body)")
            let page = try await world.page("/console/people/\(person)", cookie).body
            let edit = try await world.page("\(base)/\(device?["id"]?.string ?? "none")", cookie).body
            #expect(page.contains("address stored") && edit.contains(##"value="***""##))
            #expect(!(page + edit + devices.body).contains("SECRET"))
        }
    }
}
