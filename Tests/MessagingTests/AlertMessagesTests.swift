import AlertCore
import Foundation
import Testing

@testable import Messaging
@testable import Persistence

struct AlertMessagesTests {
    private static let origin = Origin(actor: "Änn \"x\"", causation: "c/1", correlation: "r\n")
    private static let at = Timestamp(milliseconds: 1_700_000_000_123)

    private static let person = PersonReference(id: "p", targetName: "p/\"1\"", firstName: "P", lastName: "Ü")

    private static let events: [Alert.Event] = [
        .suspended(by: person, at: at), .resumed(by: person, at: at),
        .commented(id: "1", by: person, text: "a/b \"c\"\n\u{0}🚨", at: at),
        .terminated(by: nil, reason: .expired, at: at),
    ]

    /// The JSON of the log goes out as it is, in the same form as if it had been decoded and encoded again.
    @Test func anEventGoesOutAsItIsInTheLog() throws {
        for (index, event) in Self.events.enumerated() {
            let encoded = try EventCodec.encode(event, category: Alert.category)
            let recorded = RecordedEvent(
                partition: "alert/3", position: Position(index) + 1, stream: "alert-a\"b", version: 7,
                type: encoded.type, data: encoded.data, origin: Self.origin, recordedAt: Self.at, hash: "")
            let outgoing = try AlertEventMessage.outgoing(of: recorded)
            let again = try AlertEventMessage(recorded).outgoing()
            #expect(outgoing.body == again.body && outgoing.key == again.key && outgoing.key == "a\"b")
        }
    }

    /// Readers in the same process get what was published without its JSON; those elsewhere get the same.
    @Test func aMessageInMemorySaysWhatItsJSONSays() throws {
        let command = AlertCommandMessage(
            commandId: "c", alert: "a", command: .expire, origin: Self.origin, wantsResult: true)
        let outgoing = try command.outgoing()
        let here = Message(outgoing, offset: 1)
        let elsewhere = Message(offset: 1, key: outgoing.key, body: outgoing.body)
        for message in [here, elsewhere] {
            #expect(try JSON.encode(message.decode(AlertCommandMessage.self)) == outgoing.body)
        }
        // Decoded as something else, the JSON is asked.
        #expect(throws: DecodingError.self) { try here.decode(InboundRequestMessage.self) }
        #expect(try here.decode(AlertCommandMessage.self).commandId == "c")
    }
}
