import AlertCore
import Foundation
import Testing

@Suite("Properties that older documents do not have")
struct LaterTests {
    private struct Document: Codable, Equatable {
        var name: String
        @Later var isNew: Bool
        @Later var list: [String]
        @Later var handling: HandlingDefaults
    }

    @Test func anOlderDocumentIsReadWithEmptyOnes() throws {
        let read = try JSONDecoder().decode(Document.self, from: Data(#"{"name":"a"}"#.utf8))
        #expect(read == Document(name: "a", isNew: false, list: [], handling: HandlingDefaults()))
    }

    @Test func emptyOnesAreLeftOut() throws {
        let written = try JSONEncoder().encode(
            Document(name: "a", isNew: false, list: [], handling: HandlingDefaults()))
        #expect(String(decoding: written, as: UTF8.self) == #"{"name":"a"}"#)
    }

    @Test func whatIsThereComesBack() throws {
        var handling = HandlingDefaults()
        handling.bypassPhoneIntro = true
        handling.voicemailOptions = VoicemailOptions(retry: 2, every: 30, leave: .hangUp)
        let document = Document(name: "a", isNew: true, list: ["x"], handling: handling)
        let read = try JSONDecoder().decode(Document.self, from: try JSONEncoder().encode(document))
        #expect(read == document)
    }

    @Test func aWrongKindIsAnError() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Document.self, from: Data(#"{"name":"a","isNew":"yes"}"#.utf8))
        }
    }
}
