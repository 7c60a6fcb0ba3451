import AlertCore
import Foundation

/// A command for one entity, with who sent it.
public struct AddressedCommand<A: Aggregate>: Sendable {
    public let id: String
    public let command: A.Command
    public let origin: Origin
    /// What in the events that it leads to says something about people whom these do not name by id: reasons do.
    public let personal: [PersonalText]

    public init(_ command: A.Command, on id: String, by origin: Origin, personal: [PersonalText] = []) {
        self.id = id
        self.command = command
        self.origin = origin
        self.personal = personal
    }
}

/// What one command led to.
public struct CommandOutcome<A: Aggregate>: Sendable {
    public let id: String
    /// New events, or why there are none.
    public let result: Result<[A.Event], A.Rejection>
    public let state: A.State
    /// The stream's version after it.
    public let version: Version

    /// The new events; none when the command was refused.
    public var events: [A.Event] { (try? result.get()) ?? [] }  // a refusal has no events
}

extension EventLog {
    /// The one write path: load the streams, decide each command on what those before it have led to, append all
    /// events together. Runs inside the caller's transaction, so the events, the consumer's checkpoint and the due
    /// work commit together or not at all.
    ///
    /// - Parameter states: What ``states(of:_:)`` has said of some of them before: they are not read again, and when
    ///   one has moved on meanwhile, nothing is appended and ``StoreError/Code-swift.enum/versionConflict`` thrown.
    /// - Returns: One outcome for each command, in their order.
    @discardableResult
    public func execute<A: Aggregate>(
        _ commands: [AddressedCommand<A>], in partition: LogPartition, at now: Timestamp,
        knowing states: [String: (state: A.State, version: Version)] = [:]
    ) throws -> [CommandOutcome<A>] {
        let unknown = Set(commands.map(\.id)).filter { states[$0] == nil }
        var known = states
        if !unknown.isEmpty { known.merge(try self.states(of: unknown, A.self)) { first, _ in first } }
        var new: [NewEvent] = []
        let outcomes = try commands.map { addressed in
            let outcome = try decide(addressed, known[addressed.id] ?? (A.initial, 0), at: now, into: &new)
            known[addressed.id] = (outcome.state, outcome.version)
            return outcome
        }
        try append(new, to: partition)
        return outcomes
    }

    /// What some entities have come to, those that there are, with the versions of their streams.
    public func states<A: Aggregate>(
        of ids: Set<String>, _ type: A.Type = A.self
    ) throws -> [String: (state: A.State, version: Version)] {
        var known: [String: (state: A.State, version: Version)] = [:]
        let prefix = A.category.count + 1
        for event in try read(streams: ids.map { "\(A.category)-\($0)" }) {
            let id = String(event.stream.dropFirst(prefix))
            let state = known[id]?.state ?? A.initial
            known[id] = (A.evolve(state, try EventCodec<A.Event>.decode(event.data)), event.version)
        }
        return known
    }

    private func decide<A: Aggregate>(
        _ addressed: AddressedCommand<A>, _ before: (state: A.State, version: Version), at now: Timestamp,
        into new: inout [NewEvent]
    ) throws -> CommandOutcome<A> {
        var (state, version) = before
        do {
            let events = try A.decide(Timed(addressed.command, at: now), state)
            for event in events {
                version += 1
                let (type, data) = try EventCodec<A.Event>.encode(event, category: A.category)
                state = A.evolve(state, event)
                new.append(
                    NewEvent(
                        stream: "\(A.category)-\(addressed.id)", version: version, type: type, data: data,
                        origin: addressed.origin, recordedAt: now,
                        personal: A.personal(in: event, state) + addressed.personal))
            }
            return CommandOutcome(id: addressed.id, result: .success(events), state: state, version: version)
        } catch let rejection as A.Rejection {
            return CommandOutcome(id: addressed.id, result: .failure(rejection), state: state, version: version)
        }
    }
}

/// Events as JSON: one object with the case's name as its only key. The names of cases and labels **are** the
/// format: they are never changed.
public enum EventCodec<Event: Codable> {
    public static func decode(_ data: String) throws -> Event {
        try JSONDecoder().decode(Event.self, from: Data(data.utf8))
    }

    /// - Returns: The type, as in `alert.created`, and the JSON.
    public static func encode(_ event: Event, category: String) throws -> (type: String, data: String) {
        let data = try JSON.encode(event)
        let caseName = data.dropFirst(2).prefix { $0 != "\"" }
        return ("\(category).\(caseName)", data)
    }
}

/// JSON the way it is kept and sent: keys in order, slashes as they are.
public enum JSON {
    public static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public static func decode<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}
