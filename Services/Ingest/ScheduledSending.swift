import AlertCore
import Logging
import Messaging
import Persistence

/// Sends the messages whose time has come, each as its owner. What is sent again after a crash is the same request, of
/// which one alert is made. Of several times that passed while nobody was there, the last counts, and it not either
/// when that was more than ``ScheduledMessage/Firing/longestDelay`` ago.
struct ScheduledSending: Sendable {
    private enum Outcome {
        case sent
        /// Not this time.
        case refused(String)
        /// Never again.
        case ended(String)

        var isLast: Bool { if case .ended = self { true } else { false } }

        var problem: String? {
            switch self {
            case .sent: nil
            case .refused(let why), .ended(let why): why
            }
        }
    }

    let bus: any MessageBus
    let database: any SQLDatabase
    let directory: DirectoryCache
    let secrets: SecretBox
    let now: Clock
    let logger: Logger

    func send(_ items: [DueWork.Item]) async throws {
        for item in items { try await send(item) }
    }

    private func send(_ item: DueWork.Item) async throws {
        let firing: ScheduledMessage.Firing = try JSON.decode(item.payload)
        let message = try await database.reading { connection in
            try Directory(connection).get(ScheduledMessage.self, id: firing.message)
        }
        guard let message, message.nextFireTime == firing.at else {
            // Deleted, or put off, meanwhile.
            try await database.retrying { connection in
                try DueWork(connection).finish(item.id, kind: ScheduledMessage.Firing.dueKind, payload: item.payload)
            }
            return
        }
        let view = try await directory.refreshed()
        let moment = now()
        let timezone = view.people[message.owner]?.timezone ?? "UTC"
        let last = message.lastFireTime(from: firing.at, to: moment, timezone: timezone)
        guard last == firing.at else {
            // Written before it is sent: the request's id follows from the time, also when it is tried again.
            try await change(firing, item, at: moment) { if $0.nextFireTime == firing.at { $0.nextFireTime = last } }
            return
        }
        let outcome = outcome(of: message, firing, view, at: moment)
        if case .sent = outcome {
            try await bus.publish([try request(message, firing, at: moment).outgoing()], to: .inboundRequests)
        }
        try await change(firing, item, at: moment) { message in
            if let problem = outcome.problem {
                message.problem = ScheduledMessage.Problem(fireTime: firing.at, message: problem)
            } else {
                message.previousFireTime = firing.at
                message.previousRequest = firing.requestId
                message.problem = nil
            }
            // Whoever has changed its times meanwhile has said when it comes next.
            guard message.nextFireTime == firing.at else { return }
            message.nextFireTime =
                outcome.isLast ? nil : message.fireTime(after: max(firing.at, moment), timezone: timezone)
        }
        logger.info(
            "scheduled message",
            metadata: [
                "message": "\(message.id)", "at": "\(firing.at.iso)", "request": "\(firing.requestId)",
                "problem": "\(outcome.problem ?? "")",
            ])
    }

    /// Makes the alert as the request will make it, and throws it away.
    private func outcome(
        of message: ScheduledMessage, _ firing: ScheduledMessage.Firing, _ view: DirectoryView, at moment: Timestamp
    ) -> Outcome {
        guard let owner = view.people[message.owner] else { return .ended("Its owner has been deleted.") }
        guard let form = view.forms[message.form], let plan = view.plans[form.plan] else {
            return .ended("Its form has been deleted.")
        }
        let delay = moment.since(firing.at)
        guard delay <= ScheduledMessage.Firing.longestDelay else {
            return .refused("Nobody was there to send it for \(delay.components.seconds / 3600) hours.")
        }
        guard owner.status == .active else { return .refused("Its owner is not active.") }
        do {
            try SenderRules.require(form, of: plan, for: Caller(person: owner))
        } catch {
            // What is kept here names nobody: it outlives them.
            return .refused(error.code == 403 ? "Its owner may not send the form \(form.name)." : error.message)
        }
        let draft = AlertDraft(
            view: view, plan: plan, form: form, integration: nil, submitter: owner, secrets: secrets)
        var notes: [String] = []
        do {
            _ = try draft.details(
                message.body, recipients: nil, id: "", number: 0, requestId: firing.requestId, notes: &notes)
        } catch {
            return .refused("The field \(error).")
        }
        return .sent
    }

    private func request(
        _ message: ScheduledMessage, _ firing: ScheduledMessage.Firing, at moment: Timestamp
    ) throws -> InboundRequestMessage {
        var request = InboundRequestMessage(
            requestId: firing.requestId, integration: "", receivedAt: moment, method: "POST",
            headers: ["Content-Type": "application/json"], parameters: [:], body: try JSON.encode(message.body),
            remoteAddress: "", person: message.owner, generation: firing.generation)
        request.form = message.form
        return request
    }

    /// Writes what has become of the message, and has it come again at its next time.
    private func change(
        _ firing: ScheduledMessage.Firing, _ item: DueWork.Item, at moment: Timestamp,
        _ change: @escaping @Sendable (inout ScheduledMessage) -> Void
    ) async throws {
        let generation = try await bus.partitions.generationOfNewIDs()
        let origin = Origin(
            actor: "<scheduled-message>", causation: firing.requestId, correlation: firing.requestId)
        try await database.retrying { connection in
            let directory = Directory(connection)
            try directory.lock()
            guard var message = try directory.get(ScheduledMessage.self, id: firing.message) else {
                try DueWork(connection).finish(item.id, kind: ScheduledMessage.Firing.dueKind, payload: item.payload)
                return
            }
            let isUnchanged = message.nextFireTime == firing.at
            change(&message)
            if isUnchanged { try directory.schedule(message, generation: generation) }
            try directory.put(message, by: origin, at: moment)
        }
    }
}
