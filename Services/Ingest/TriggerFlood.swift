import AlertCore
import Foundation
import Messaging
import Persistence

/// Whether a request is one too many of its kind, by the filters of its integration (spec §2.7). Decided once for each
/// request, by the time at which it came.
struct TriggerFlood: Sendable {
    let database: any SQLDatabase

    /// - Returns: `nil` for a request that is to be run.
    func suppression(of message: InboundRequestMessage, in view: DirectoryView) async throws -> Suppression? {
        guard let integration = view.integrations[message.integration] else { return nil }
        let filters = view.triggerFilters(of: integration.plan).filter { $0.trigger == integration.id }
        for filter in filters.sorted(by: { $0.id < $1.id }) {
            guard let limit = filter.limit else { continue }
            let outputs = RequestOutputs(message)
            let key = filter.floodKey { outputs[$0] }
            let alike = filter.outputs.isEmpty ? "" : " with the same \(filter.outputs.joined(separator: ", "))"
            let rule = "Trigger flood control: \(limit.words)\(alike)"
            let found = try await database.retrying { connection in
                try FloodWindows(connection).decide(
                    "\(filter.id)/\(message.requestId)", key: key, limit: limit, rule: rule, at: message.receivedAt)
            }
            if let found { return found }
        }
        return nil
    }
}

/// What requests are compared by: a parameter, or else a field of a JSON body, or else of its `properties`. The name
/// of a field inside another has dots, as in `alert.host`.
struct RequestOutputs {
    private let parameters: [String: String]
    private let body: JSONValue

    init(_ message: InboundRequestMessage) {
        parameters = message.parameters
        body = (try? JSON.decode(message.body)) ?? .null  // a body that is no JSON has no fields
    }

    subscript(name: String) -> String? {
        if let value = parameters[name] { return value }
        let path = name.split(separator: ".").map(String.init)
        let inside = path.reduce(body as JSONValue?) { $0?[$1] }
        let found = body[name] ?? inside ?? body["properties"]?[name]
        return found?.readable
    }
}
