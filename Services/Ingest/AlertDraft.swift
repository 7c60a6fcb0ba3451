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

    private var assembly: AlertAssembly {
        let definitions = Dictionary(
            view.properties(of: plan.id).map { ($0.id, $0) }
        ) { first, _ in first }
        return AlertAssembly(
            plan: plan, form: form, definitions: definitions, lookup: RecipientLookup(view),
            bridge: { [view] in view.bridge($0) })
    }
}
