import AlertCore
import Foundation

/// One call of an operation, as tests see it that compare the API with its description.
struct RESTObservation: Sendable {
    let route: RESTRoute
    let call: RESTCall
    /// What the handler answered; `nil` when it threw.
    let answer: RESTAnswer?
    let error: (any Error)?

    /// Told of every call that is made within a test.
    @TaskLocal static var observer: (@Sendable (RESTObservation) -> Void)?

    /// Where a call of now notes what it asks for; `nil` when nobody observes.
    static var reads: ReadNames? { observer == nil ? nil : ReadNames() }

    static func telling(
        _ route: RESTRoute, _ call: RESTCall, _ handler: () async throws -> RESTAnswer
    ) async throws -> RESTAnswer {
        guard let observer else { return try await handler() }
        do {
            let answer = try await handler()
            observer(RESTObservation(route: route, call: call, answer: answer, error: nil))
            return answer
        } catch {
            observer(RESTObservation(route: route, call: call, answer: nil, error: error))
            throw error
        }
    }
}

/// The names that a handler has asked for: `?search` of the query, `?embed=roles`, `owner.id` of the body.
final class ReadNames: @unchecked Sendable {  // `names` is touched under `lock` only
    private let lock = NSLock()
    private var names: Set<String> = []

    func note(_ name: String) { lock.withLock { _ = names.insert(name) } }
    var all: Set<String> { lock.withLock { names } }
}
