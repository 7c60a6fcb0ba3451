import Crypto
import Foundation
import Testing

@testable import AlertCore

/// The signatures of Standard Webhooks, and their rotation.
struct SigningKeyTests {
    private let now = Timestamp(milliseconds: 1_614_265_330_000)
    private let body = Array(#"{"test": 2432232314}"#.utf8)
    private let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"

    private func signature(_ texts: String...) throws -> String {
        let keys = try texts.map { try SigningKey($0) }
        return webhookHeaders(id: id, sentAt: now, body: body, keys: keys)[2].1
    }

    /// The example that the specification's libraries are tested with.
    @Test func signsWithASecretAsTheStandardDoes() throws {
        #expect(
            try signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    /// The key of RFC 8032 §7.1, test 2; the signature is checked with the public key alone.
    @Test func signsWithAPrivateKey() throws {
        let seed = Data([
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a,
            0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
        ])
        let text = "whsk_" + seed.base64EncodedString()
        let key = try SigningKey(text)
        #expect(key.scheme == .ed25519)
        #expect(key.publicKey == "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")
        let parts = try signature(text).split(separator: ",")
        #expect(parts.count == 2 && parts[0] == "v1a")
        let publicText = try #require(key.publicKey?.dropFirst(5))
        let publicBytes = try #require(Data(base64Encoded: String(publicText)))
        let publicKey = try Curve25519.Signing.PublicKey(rawRepresentation: publicBytes)
        let made = try #require(Data(base64Encoded: String(parts[1])))
        let signed = Data("\(id).1614265330.".utf8) + Data(body)
        #expect(publicKey.isValidSignature(made, for: signed))
        #expect(!publicKey.isValidSignature(made, for: signed + Data([0])))
    }

    @Test func everyActiveKeySigns() throws {
        let seed = "whsk_" + Data(repeating: 7, count: 32).base64EncodedString()
        let all = try signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", seed).split(separator: " ")
        #expect(all.map { $0.prefix(4) } == ["v1,g", "v1a,"])
    }

    @Test(arguments: ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_AAAA", "whpk_AAAA", "whsec"])
    func refusesWhatIsNoKey(_ text: String) {
        #expect(throws: SigningKey.Malformed.self) { try SigningKey(text) }
    }

    @Test func rotationOverlaps() {
        var integration = Integration(
            id: "i", plan: "p", form: nil, name: "I", integrationType: .outbound, operation: .sendWebhook,
            sealedSigningSecrets: ["a"])
        func active(_ seconds: Int64) -> [String] {
            integration.sealedSigningSecrets(at: now.advanced(by: .seconds(seconds)))
        }
        func rotate(_ text: String, at seconds: Int64, overlap: Int64) -> Bool {
            let moment = now.advanced(by: .seconds(seconds))
            return integration.rotateSigningSecret(
                to: text, until: moment.advanced(by: .seconds(overlap)), at: moment)
        }
        #expect(active(1_000_000) == ["a"])
        #expect(rotate("b", at: 0, overlap: 100))
        #expect(active(99) == ["b", "a"] && active(100) == ["b"])
        // The first one keeps its own, earlier end.
        #expect(rotate("c", at: 50, overlap: 100))
        #expect(active(99) == ["c", "b", "a"] && active(100) == ["c", "b"] && active(150) == ["c"])
        // What has expired is forgotten; without an overlap, the new one is alone at once.
        #expect(rotate("d", at: 200, overlap: 0))
        #expect(integration.sealedSigningSecrets == ["d"] && integration.signingExpiries.isEmpty)
        for number in 1..<Integration.signingKeyLimit { #expect(rotate("\(number)", at: 300, overlap: 10)) }
        #expect(!rotate("too many", at: 301, overlap: 10))
        #expect(integration.sealedSigningSecrets.count == Integration.signingKeyLimit)
        #expect(rotate("later", at: 400, overlap: 10))
    }
}

struct SampleWebhookTests {
    @Test(arguments: Trigger.allCases)
    func thereIsOneForEveryTrigger(_ trigger: Trigger) {
        let kinds = PropertyDefinition.Kind.allCases
        let sample = SampleWebhook(
            trigger: trigger, plan: NamedReference(id: "p", name: "P"), form: NamedReference(id: "f", name: "F"),
            properties: kinds.map {
                PropertyDefinition(id: $0.rawValue, plan: "p", propertyType: $0, name: $0.rawValue)
            },
            by: PersonReference(id: "m", targetName: "mary", firstName: "M", lastName: "M"), choice: "Yes",
            at: Timestamp(milliseconds: 0))
        #expect(sample.payload.trigger == trigger)
        #expect(sample.payload.body["eventProperties"]?.array?.count == kinds.count)
        if trigger == .response { #expect(sample.payload.body["response"] == "Yes") }
    }
}
