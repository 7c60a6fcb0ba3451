import AlertCore
import Foundation
import Testing

/// Whoever is named in an event, by a field or in a sentence, is among those whose names are sealed in it.
struct PersonalTests {
    private static let names = ["anna9", "bert9", "cleo9", "dora9"]

    @Test func escalationsNameNobodyElse() throws {
        var world = EscalationWorld()
        for name in Self.names { world.person(name) }
        world.absences["bert9"] = [
            TemporaryAbsence(
                id: "away", absenceType: .replacement, start: world.clock,
                end: world.clock.advanced(by: .seconds(86_400)), member: "bert9", replacement: "dora9",
                created: world.clock)
        ]
        let group = world.group("team")
        world.shift(
            of: "team",
            [
                EscalationWorld.member("anna9"), EscalationWorld.member("bert9", after: 5),
                EscalationWorld.member("cleo9", after: 5),
            ])
        let device = AlertRecipient(
            id: "cleo9-mail", targetName: "cleo9|cleo9-mail", recipientType: .device, owner: "cleo9")
        try world.start(group, device)
        try world.pass(minutes: 6)
        try world.answer("anna9", .escalate)
        try world.pass(minutes: 1)
        try world.answer("cleo9", .stopNotifyingTarget)
        try world.pass(minutes: 30)

        var state = AlertEscalation.initial
        var sentences = 0
        for event in world.history {
            state = AlertEscalation.evolve(state, event)
            let personal = AlertEscalation.personal(in: event, state).filter(\.isName)
            for text in texts(in: try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(event))) {
                for name in Self.names where text.contains(name) && text != "\(name)-mail" {
                    sentences += text.contains(" ") ? 1 : 0
                    #expect(personal.contains(PersonalText(name, of: name, isName: true)), "\(text) of \(event)")
                }
            }
        }
        #expect(sentences > 5, "no reason names anybody: the test sees nothing")
    }

    /// Of the fields that say something to people, and those that hold names.
    private func texts(in value: JSONValue) -> [String] {
        let fields = ["targetName", "reason", "recipient", "name"]
        switch value {
        case .object(let object):
            return object.flatMap { key, value -> [String] in
                if let text = value.string { return fields.contains(key) ? [text] : [] }
                return texts(in: value)
            }
        case .array(let values): return values.flatMap(texts)
        default: return []
        }
    }

    @Test func whatPeopleWroteIsTheirs() {
        let by = PersonReference(id: "p", targetName: "jdoe", firstName: "Jane", lastName: "Doe")
        let response = AlertResponse(id: "r", by: by, device: "Phone", option: "o", comment: "later", source: "WEB")
        let option = ResponseOption(id: "o", number: 1, text: "Yes", action: .end)
        let at = Timestamp(milliseconds: 1)
        let events: [(Alert.Event, String)] = [
            (.commented(id: "c", by: by, text: "later", at: at), "later"),
            (.responded(response: response, option: option, at: at), "later"),
            (.responseRejected(response: response, reason: .ended, at: at), "later"),
        ]
        for (event, text) in events {
            #expect(event.personal.contains(PersonalText(text, of: "p")))
            #expect(event.personal.contains(PersonalText("Jane", of: "p", in: "p")))
            #expect(event.personal.contains(PersonalText("Jane Doe", of: "p", isName: true)))
        }
    }
}
