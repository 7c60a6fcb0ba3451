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
    }
}
