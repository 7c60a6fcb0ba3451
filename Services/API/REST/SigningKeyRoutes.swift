import AlertCore
import Persistence

// What the deliveries of an integration are signed with (Standard Webhooks).
extension RESTServices {
    /// Seconds for which the keys before a new one go on signing: a day as a rule, 30 days at most.
    private static var usualOverlap: Int { 86_400 }
    private static var overlapRange: ClosedRange<Int> { 0...2_592_000 }

    /// A new key signs at once, beside those that are there until the overlap is over.
    func rotateSigningSecret(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.body == nil ? RequestFields([:]) : call.fields()
        let overlap = try fields.integer("overlapSeconds", in: Self.overlapRange) ?? Self.usualOverlap
        let wanted = try fields.choice("scheme", SigningKey.Scheme.self)
        return try await write(call) { edit in
            let plan = try edit.directory.required(Plan.self, call.parameter("plan"))
            var integration = try edit.directory.required(Integration.self, call.parameter("integration"), in: plan.id)
            guard integration.operation == .sendWebhook else {
                throw RestError.conflict("The integration \(integration.name) sends no webhooks: nothing is signed.")
            }
            let context = SecretContext.signingSecret(integration.id)
            let current = try integration.sealedSigningSecrets.first
                .map { try SigningKey(secrets.open($0, for: context)).scheme }
            let text = RandomSecret.signingKey(wanted ?? current ?? .hmac)
            let end = edit.now.advanced(by: .seconds(overlap))
            let hasRoom = integration.rotateSigningSecret(
                to: secrets.seal(text, for: context), until: end, at: edit.now)
            guard hasRoom else {
                throw RestError.conflict(
                    "The integration \(integration.name) has \(Integration.signingKeyLimit) signing secrets that are "
                        + "valid: rotate again when one has expired.")
            }
            try edit.put(integration)
            return .ok(try wire(integration, for: call, edit.directory))
        }
    }

    /// For those who may configure: the newest secret, or public key, and all that sign at present. Private keys are
    /// not shown.
    func addSigning(of integration: Integration, to fields: inout [String: JSONValue?]) throws {
        let moment = now()
        var keys: [JSONValue] = []
        for (index, sealed) in integration.sealedSigningSecrets.enumerated() {
            let expiry = integration.signingExpiry(of: index)
            guard expiry.map({ moment < $0 }) ?? true else { continue }
            let text = try secrets.open(sealed, for: .signingSecret(integration.id))
            let key = try SigningKey(text)
            if keys.isEmpty {
                fields[key.publicKey == nil ? "signingSecret" : "signingPublicKey"] = .string(key.publicKey ?? text)
            }
            keys.append(
                .fields([
                    "scheme": .string(key.scheme.rawValue), "expiresAt": .text(expiry?.iso),
                    "publicKey": .text(key.publicKey),
                ]))
        }
        if !keys.isEmpty { fields["signingKeys"] = .array(keys) }
    }
}
