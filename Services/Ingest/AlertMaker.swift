import AlertCore
import Messaging
import Persistence

/// Makes the alerts of one request. The n-th one has the same id and number whenever the request is run.
actor AlertMaker {
    /// How many alerts one request can make.
    private static let limit = 100

    private let message: InboundRequestMessage
    private let integration: Integration?
    let submitter: Person
    private let view: DirectoryView
    private let numbers: AlertNumbers
    private let sender: AlertSender
    private let isFirstRun: Bool
    private let secrets: SecretBox
    /// Whether alerts are assembled and checked, and not made.
    private let isDry: Bool
    /// Of a dry run: what would have been made.
    private(set) var drafts: [AlertDetails] = []
    private(set) var made: [Activity.MadeAlert] = []
    /// For the author of the integration.
    private(set) var notes: [String] = []
    private var ordinal = 0
    private var unsent: [AlertSender.Receipt] = []
    /// Why one of the alerts was not sent.
    private var failure: (any Error)?

    /// - Parameters:
    ///   - integration: `nil` for a request to a form.
    ///   - isFirstRun: Whether no number can have been fixed for any of the alerts yet.
    init(
        message: InboundRequestMessage, integration: Integration?, submitter: Person, view: DirectoryView,
        numbers: AlertNumbers, sender: AlertSender, secrets: SecretBox, isDry: Bool = false, isFirstRun: Bool = false
    ) {
        self.message = message
        self.integration = integration
        self.submitter = submitter
        self.view = view
        self.numbers = numbers
        self.sender = sender
        self.isFirstRun = isFirstRun
        self.secrets = secrets
        self.isDry = isDry
    }

    /// Where the number of the n-th alert of a request is reserved.
    static func reservation(of requestId: String, _ ordinal: Int) -> String { "\(requestId)/\(ordinal)" }

    /// Says the same generation of partitions as the request. Requests that an earlier version took have none, and
    /// alerts with ids like its own: it may have made some of them.
    private func alertId(_ ordinal: Int) -> String {
        let parts = (message.requestId, String(ordinal))
        return message.generation.flatMap {
            DerivedID.stamped(like: message.requestId, generation: $0, "alert", parts.0, parts.1)
        } ?? DerivedID.uuid("alert", parts.0, parts.1)
    }

    /// Makes an alert, which is durable once ``settle()`` returns. Where the JSON names no recipients, those of the
    /// request's URL are told.
    func make(_ json: JSONValue) async throws -> Activity.MadeAlert {
        guard ordinal < Self.limit else {
            throw FieldProblem("the request", "has made \(Self.limit) alerts already, which is the most")
        }
        let ordinal = ordinal
        self.ordinal += 1
        guard let form = (message.form ?? integration?.form).flatMap({ view.forms[$0] }),
            let plan = view.plans[form.plan]
        else {
            throw FieldProblem(integration == nil ? "the form" : "the integration", "has no form any more")
        }
        guard form.maySend(submitter) else {
            throw FieldProblem("the form", "\(form.name) may not be sent by \(submitter.targetName)")
        }
        let draft = AlertDraft(
            view: view, plan: plan, form: form, integration: integration, submitter: submitter, secrets: secrets)
        let reservation = Self.reservation(of: message.requestId, ordinal)
        let number = try await number(reservation, ordinal)
        let id = alertId(ordinal)
        var notes: [String] = []
        var details = try draft.details(
            json, recipients: message.parameters["recipients"], id: id, number: number, requestId: message.requestId,
            notes: &notes)
        details.depth = message.depth ?? 0
        self.notes += notes
        if isDry {
            drafts.append(details)
            return Activity.MadeAlert(id: id, number: number)
        }
        let command = AlertCommandMessage(
            commandId: "create-\(id)", alert: id, command: .create(details),
            origin: Origin(
                actor: submitter.targetName, causation: message.requestId, correlation: message.requestId,
                person: submitter.id))
        unsent.append(sender.add(.init(reservation: reservation, number: number, command: command)))
        let alert = Activity.MadeAlert(id: id, number: number)
        made.append(alert)
        return alert
    }

    /// In a dry run, alerts are numbered from 1: no real one has such a number.
    private func number(_ reservation: String, _ ordinal: Int) async throws -> Int64 {
        if isDry { return Int64(ordinal) + 1 }
        return isFirstRun ? try await numbers.next() : try await numbers.reserve(reservation)
    }

    /// Returns once the alerts made so far are durable, with their numbers: before others may be told of them. Throws
    /// when one of them is not, now or earlier; none is on its way then.
    func settle() async throws {
        while let sending = unsent.first {
            do {
                try await sending.wait()
            } catch {
                failure = failure ?? error
            }
            unsent.removeAll { $0 == sending }
        }
        if let failure { throw failure }
    }
}
