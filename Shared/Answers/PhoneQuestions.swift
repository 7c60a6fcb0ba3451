import AlertCore
import Persistence

/// What a telephone was asked, by text messages or calls.
public struct PhoneQuestions: Sendable {
    /// Of the newest notifications of the phone's owners, how many are looked at.
    private static let limit = 100
    /// For how long after its end an alert is spoken of to somebody who answers without saying to which.
    private static let memory = Duration.seconds(86_400)

    /// The people who have the number; empty for a stranger.
    public let owners: [Person]
    /// Newest first.
    public let questions: [Question]

    /// - Parameter kinds: The devices that count.
    public static func of(_ number: String, kinds: Set<Device.Kind>, at desk: AnswerDesk) async throws -> PhoneQuestions
    {
        let view = try await desk.directory.current()
        let digits = Self.digits(number)
        let devices = view.devices.values.filter { device in
            kinds.contains(device.deviceType) && device.status == .active
                && device.phoneNumber.map(Self.digits) == digits
        }
        let owners = Set(devices.map(\.owner)).compactMap { view.people[$0] }.sorted { $0.id < $1.id }
        guard !owners.isEmpty else { return PhoneQuestions(owners: [], questions: []) }
        let types = Set(kinds.map(\.rawValue))
        let questions = try await desk.database.reading { connection in
            let plans = try Notifications(connection).sent(to: owners.map(\.id), limit: Self.limit).map(\.plan)
                .filter { types.contains($0.deviceType) && Self.digits($0.address) == digits }
            let alerts = try Alerts(connection).rows(of: plans.map(\.alert))
            return try plans.compactMap { plan in
                try alerts[plan.alert].map { try Question(plan, $0, in: connection) }
            }
        }
        return PhoneQuestions(owners: owners, questions: questions)
    }

    /// The one that is meant: that of the alert, if one is named; otherwise the newest that waits for an answer, then
    /// the newest that still can have one, then the newest that lately could.
    public func meant(alert: Int64?, now: Timestamp) -> Question? {
        if let alert { return questions.first { $0.alert.details.number == alert } }
        let open = questions.filter { $0.isOpen && !$0.alert.details.responseOptions.isEmpty }
        return open.first { $0.given.isEmpty } ?? open.first
            ?? questions.first { $0.end.map { now.since($0.at) < Self.memory } ?? false }
    }

    /// Without an extension, spaces and signs: 00 stands for +.
    static func digits(_ number: String) -> String {
        let main = number.prefix { $0 != ";" }
        let digits = String(main.filter { $0.isASCII && $0.isNumber })
        return digits.hasPrefix("00") ? String(digits.dropFirst(2)) : digits
    }
}
