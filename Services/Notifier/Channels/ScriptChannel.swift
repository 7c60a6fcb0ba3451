import AlertCore
import Foundation
import OutboundHTTP
import Persistence
import Scripting

/// A provider that is a script. It finds the message as `message` and reaches, by `http.request`, what lies below the
/// provider's URL, with its account and secret as Basic or, without an account, as Bearer authentication.
///
/// Coming to its end means that the message was taken; `output.receipt` is then the receipt. Throwing means that it was
/// not: a message that begins with `permanent:` says that another try is pointless.
struct ScriptChannel: NotificationChannel {
    /// All of them together are less than the lease of a notification.
    private static let limits = ScriptLimits(
        time: .seconds(10), processorTime: .seconds(5), totalTime: .seconds(60), hostCalls: 10)

    let provider: NotificationProvider
    let secret: String?
    let engine: any ScriptEngine
    let client: OutboundHTTPClient

    func send(_ message: ChannelMessage) async throws -> String {
        let host = ProviderScriptHost(provider: provider, secret: secret, client: client)
        let run = ScriptRun(
            name: provider.name, kind: .provider, source: provider.script, trigger: try Self.json(message),
            outputNames: ["receipt"])
        let outcome = await engine.run(run, limits: Self.limits, host: host)
        guard let error = outcome.error else { return outcome.outputs["receipt"] ?? "sent" }
        let place = error.line.map { " (line \($0))" } ?? ""
        let reason = "\(provider.name): \(error.message)\(place)"
        let hasCalled = await host.calls > 0
        switch error.kind {
        case .thrown:
            let said = error.message.hasPrefix("Error: ") ? error.message.dropFirst(7) : error.message[...]
            throw ChannelError(
                reason: reason, isPermanent: said.hasPrefix("permanent:"), isInDoubt: await host.hasLostAnAnswer)
        case .syntax: throw ChannelError(reason: reason, isPermanent: true)
        case .unavailable: throw ChannelError(reason: reason, isPermanent: false)
        case .timeout, .memory, .output, .hostCalls, .crashed:
            throw ChannelError(reason: reason, isPermanent: false, isInDoubt: hasCalled)
        }
    }

    private static func json(_ message: ChannelMessage) throws -> String {
        try JSONText.encode([
            "id": .string(message.id), "deviceType": .string(message.deviceType.rawValue),
            "address": .string(message.address), "alertNumber": .integer(message.alertNumber),
            "priority": .string(message.priority.rawValue), "language": .string(message.language),
            "subject": .string(message.subject), "text": .string(message.textWithNote), "html": .string(message.html),
            "link": .string(message.link),
            "sender": [
                "displayName": .string(message.senderOverrides?.displayName ?? ""),
                "callerId": .string(message.senderOverrides?.callerId ?? ""),
            ],
            "files": .array(message.files.map { ["name": .string($0.name), "url": .string($0.url)] }),
            "answers": .array(
                message.answers.map { answer in
                    [
                        "number": .integer(Int64(answer.number)), "text": .string(answer.text),
                        "prompt": .string(answer.prompt), "url": .string(answer.url),
                    ]
                }),
        ])
    }
}

/// What the script of a provider may reach.
private actor ProviderScriptHost: ScriptHost {
    /// With ten of them, less than the lease of a notification.
    private static let timeout = Duration.seconds(10)

    private struct Failure: Error, CustomStringConvertible { let description: String }

    private let provider: NotificationProvider
    private let secret: String?
    private let client: OutboundHTTPClient
    private(set) var calls = 0
    /// Whether a request may have had its effect although the script saw an error.
    private(set) var hasLostAnAnswer = false

    init(provider: NotificationProvider, secret: String?, client: OutboundHTTPClient) {
        self.provider = provider
        self.secret = secret
        self.client = client
    }

    func http(_ call: ScriptHTTPCall) async throws -> ScriptHTTPAnswer {
        if let endpoint = call.endpoint, !endpoint.isEmpty, endpoint.lowercased() != provider.name.lowercased() {
            throw Failure(description: "a provider has no endpoint but its own url: leave the endpoint out")
        }
        guard WebOrigin(of: provider.url) != nil else {
            throw Failure(description: "the provider \(provider.name) has no url")
        }
        let base = provider.url.withoutSlash
        let path = call.path
        let url =
            path.isEmpty ? provider.url : path.hasPrefix("/") || path.hasPrefix("?") ? base + path : "\(base)/\(path)"
        var request = OutboundRequest(
            method: call.method.uppercased(), url: url, headers: call.headers.map { ($0.key, $0.value) },
            body: call.body.map { Array($0.utf8) }, timeout: Self.timeout, responseBodyLimit: 1 << 20)
        request.host = call.host
        if let secret, !call.headers.contains(where: { $0.key.lowercased() == "authorization" }) {
            if provider.account.isEmpty {
                request.headers.append(("Authorization", "Bearer \(secret)"))
            } else {
                request.basicAuth = (provider.account, secret)
            }
        }
        calls += 1
        do {
            let answer = try await client.send(request)
            return ScriptHTTPAnswer(
                statusCode: answer.status,
                headers: Dictionary(answer.headers.map { ($0.name, $0.value) }) { "\($0), \($1)" },
                body: String(decoding: answer.body, as: UTF8.self))
        } catch let error as OutboundError {
            if error.isInDoubt { hasLostAnAnswer = true }
            throw Failure(description: error.detail)
        }
    }

    func postForm(_ triggerJSON: String) async -> ScriptHTTPAnswer {
        ScriptHTTPAnswer(statusCode: 404, body: "{}")  // `form` is no name of a provider's script
    }
}
