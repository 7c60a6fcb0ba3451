import AlertCore
import Foundation
import Persistence

/// What is configured in the simulated world.
enum SimContent {
    static let start = Timestamp(milliseconds: 1_790_035_200_000)
    static let people = ["ann", "ben", "cem", "dan", "eve", "fay"]
    static let inbound = ["in-a", "in-b"]
    static let key = "the-key"
    static let groups = ["desk", "night"]
    /// Outbound integrations: name, what sets them off.
    static let outbound: [(id: String, trigger: Trigger)] = [
        ("status-1", .status), ("status-2", .status), ("status-3", .status), ("delivery-1", .deliveryStatus),
        ("response-1", .response), ("comment-1", .annotation), ("escalation-1", .escalation),
    ]
    static let options = [
        ResponseOption(id: "o-end", number: 1, text: "Resolve", action: .end),
        ResponseOption(id: "o-mine", number: 2, text: "Mine", action: .stopNotifyingTarget),
        ResponseOption(id: "o-seen", number: 3, text: "Seen", action: .recordResponse),
        ResponseOption(id: "o-next", number: 4, text: "Escalate", action: .escalate),
    ]
    static let schedule = RetrySchedule(delays: [1, 2, 5, 10, 20, 40, 60, 120, 240, 240])

    static func put(in connection: any SQLConnection, _ secrets: SecretBox, _ chance: Chance) throws {
        let directory = Directory(connection)
        let origin = Origin(actor: "<simulation>", causation: "content", correlation: "content")
        for (index, name) in people.enumerated() {
            try directory.put(
                Person(
                    id: name, targetName: name, firstName: name, lastName: "X",
                    roles: index == 0 ? ["Full Access User"] : ["Standard User"], whenCreated: start), by: origin,
                at: start)
            for place in 0...index % 2 {
                try directory.put(
                    Device(
                        id: "\(name)-\(place)", number: Int64(10 * index + place + 1), owner: name,
                        name: "\(name)-\(place)", deviceType: .email, emailAddress: "\(name)-\(place)@example.org",
                        delay: 1, sequence: place + 1), by: origin, at: start)
            }
        }
        for (index, group) in groups.enumerated() {
            try directory.put(AlertCore.Group(id: group, targetName: group, created: start), by: origin, at: start)
            var shift = Shift(
                id: "\(group)-shift", group: group, name: "always", start: start.advanced(by: .seconds(-2 * 86_400)),
                end: start.advanced(by: .seconds(-86_400)), timezone: "UTC", recurrence: Recurrence(frequency: .daily),
                members: people[(2 * index)...(2 * index + 2)].enumerated().map { place, name in
                    Shift.Member(
                        recipient: GroupMember(id: name, recipientType: .person), delay: place == 0 ? 0 : 1,
                        escalationType: .peer)
                }, created: start)
            if index == 1 { shift.repeatEscalation = Shift.Repeat(repetitions: 1, waitInSeconds: 60) }
            try directory.put(shift, by: origin, at: start)
        }
        try directory.put(Plan(id: "plan", name: "Plan", created: start), by: origin, at: start)
        try directory.put(
            PropertyDefinition(id: "p-token", plan: "plan", propertyType: .text, name: "Token", maxLength: 50),
            by: origin, at: start)
        try directory.put(
            Form(
                id: "form", number: 1, plan: "plan", name: "Form", recipients: ["desk"], responseOptions: options,
                expirationInMinutes: chance.int(2...6),
                sections: [
                    FormSection(
                        id: "s", title: "", type: "CUSTOM_SECTION", orderNum: 1,
                        items: [
                            .init(
                                id: "1", orderNum: 1, required: true, includeInCallback: true,
                                propertyDefinition: "p-token")
                        ])
                ]), by: origin, at: start)
        for name in inbound {
            try directory.put(
                Integration(
                    id: name, plan: "plan", form: "form", name: name, integrationType: .inbound,
                    operation: .createAlert, authenticationType: .url,
                    sealedKey: secrets.seal(key, for: .integrationKey(name)), authenticatingUser: people[0]),
                by: origin, at: start)
        }
        for (name, trigger) in outbound {
            try directory.put(
                Endpoint(id: "e-\(name)", plan: "plan", name: name, url: "http://\(name).example"), by: origin,
                at: start)
            let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
            try directory.put(
                Integration(
                    id: name, plan: "plan", form: "form", name: name, integrationType: .outbound,
                    operation: .sendWebhook, triggeredBy: trigger, endpoint: "e-\(name)", path: "/hook",
                    sealedSigningSecrets: [secrets.seal(secret, for: .signingSecret(name))], retrySchedule: schedule),
                by: origin, at: start)
        }
    }
}
