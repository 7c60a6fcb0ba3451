import AlertCore
import Persistence

/// Whether somebody may send a form.
enum SenderRules {
    /// - Throws: 403, or 404 for a form that is out of service.
    static func require(_ form: Form, of plan: Plan, for caller: Caller) throws(RestError) {
        try caller.require(.sendRequests)
        guard plan.enabled, form.apiEnabled else {
            throw RestError(
                404, "The form \(form.name) or its workflow is not in service.",
                subcode: "validation.common.not_in_service")
        }
        guard form.maySend(caller.person) else {
            throw RestError(
                403, "The form \(form.name) may not be sent by \(caller.person.targetName).",
                subcode: "authorization.sender_not_permitted")
        }
    }
}
