/// The decision-making part of one event-sourced entity. All functions are pure: no clock, no
/// random number, no I/O. Whatever they need arrives in the command or in the state.
public protocol Aggregate: Sendable {
    associatedtype State: Equatable, Sendable
    associatedtype Command: Sendable
    associatedtype Event: Codable, Equatable, Sendable
    associatedtype Rejection: Error, Equatable, Sendable

    /// The stream category, as in `alert-4711`.
    static var category: String { get }
    static var initial: State { get }

    /// What a command leads to in a state, at a time; `[]` when there is nothing left to do.
    static func decide(_ command: Timed<Command>, _ state: State) throws(Rejection) -> [Event]
    /// The state after one more event. Total: history is never rejected.
    static func evolve(_ state: State, _ event: Event) -> State
    /// What says something about a person, given the state after the event. Pure as the others.
    static func personal(in event: Event, _ state: State) -> [PersonalText]
}

extension Aggregate {
    public static func personal(in event: Event, _ state: State) -> [PersonalText] { [] }

    public static func replay(_ events: some Sequence<Event>, from state: State = initial) -> State {
        events.reduce(state, evolve)
    }
}
