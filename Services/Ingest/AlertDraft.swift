import AlertCore
import Persistence

/// Makes an alert's details from a request's JSON, for a form and somebody who sends it. Changes nothing.
struct AlertDraft: Sendable {
    let view: DirectoryView
    let plan: Plan
    let form: Form
    /// `nil` when the form itself was sent to.
    let integration: Integration?
    let submitter: Person
    let secrets: SecretBox

    /// - Parameters:
    ///   - recipients: Of the URL, for a body that names none.
    ///   - id: The alert's.
    ///   - notes: Gets a line for each thing of the request that has no effect.
    func details(
        _ json: JSONValue, recipients: String?, id: String, number: Int64, requestId: String, notes: inout [String]
    ) throws(FieldProblem) -> AlertDetails {
        var request = try AlertRequest(json)
        if request.recipients == nil, let recipients {
            request.recipients = try AlertRequest(["recipients": .string(recipients)]).recipients
        }
        if let scenario = try scenario(namedIn: json) { request = request.filled(from: try scenario.kept.request()) }
        var details = try assembly.details(
            request, number: number, requestId: requestId, integration: integration?.id, submitter: submitter,
            seal: { password, index in secrets.seal(password, for: .alertCallback(id, index)) },
            notes: &notes, optionId: { DerivedID.uuid("option", id, String($0)) })
        if integration?.floodControl == true { details.limitsNotifications = true }
        let met = view.subscriptions(metBy: details)
        details.subscriptions = met.subscriptions
        if met.leftOut > 0 {
            notes.append(
                "\(met.leftOut) subscribers were left out: \(AlertSubscription.mostRecipients) are told at most")
        }
        return details
    }

    /// What fills in what a request to a form leaves open, by its id or name. Requests to integrations name none: what
    /// another system calls `scenario` is its own.
    private func scenario(namedIn json: JSONValue) throws(FieldProblem) -> Scenario? {
        guard integration == nil, let given = json["scenario"], given != .null, given != "" else { return nil }
        guard let name = given.string ?? given["id"]?.string ?? given["name"]?.string else {
            throw FieldProblem("scenario", "has to be an id or a name, or an object with one")
        }
        guard let scenario = view.scenario(name, of: form.id), Caller(person: submitter).maySee(scenario, of: form)
        else { throw FieldProblem("scenario", "is no scenario of the form \(form.name): \(name)") }
        return scenario
    }

    private var assembly: AlertAssembly {
        let definitions = Dictionary(
            view.properties(of: plan.id).map { ($0.id, $0) }
        ) { first, _ in first }
        return AlertAssembly(
            plan: plan, form: form, definitions: definitions, lookup: RecipientLookup(view),
            bridge: { [view] in view.bridge($0) })
    }
}
