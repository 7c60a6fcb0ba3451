import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

// The pages of outbound integrations.
extension ConsoleRoutes {
    private static var route: String { "plans/{plan}/integrations/{integration}" }

    func addOutbound(to router: Router<Context>) {
        get("/console/outbound/{integration}", to: router) { request, context, session in
            let query = QueryParameters(request.uri.query ?? "")
            return try await outbound(parameter("integration", context), session) { page in
                switch query["done"] {
                case "saved": page.notice = "Saved, and in use for every attempt from now on."
                case "rotated":
                    page.notice = "A new key signs from now on; those before it go on until their time is over."
                default: break
                }
            }
        }
        post("/console/outbound/{integration}/{action}", to: router) { _, context, session, form in
            try session.caller.require(.writeConfiguration)
            let id = parameter("integration", context)
            do {
                switch parameter("action", context) {
                case "settings":
                    try await saveDelivery(of: id, form, session)
                    return Response.redirect(to: "/console/outbound/\(id)?done=saved")
                case "rotate":
                    try await rotate(id, form, session)
                    return Response.redirect(to: "/console/outbound/\(id)?done=rotated")
                case "test":
                    let answer = try await call(.post, "\(Self.route)/test", of: id, session)
                    return try await outbound(id, session) { $0.tell(of: answer) }
                default: throw RestError.notFound("There is no such form.")
                }
            } catch let error as RestError where error.isForTheForm {
                return try await outbound(id, session, typed: form, status: error.code) { $0.warning = error.message }
            }
        }
    }

    /// - Throws: 404.
    private func knownOutbound(_ id: String) async throws -> (Integration, Plan, DirectoryView) {
        let directory = try await services.cache.current()
        guard let integration = directory.integrations[id.lowercased()], integration.integrationType == .outbound,
            let plan = directory.plans[integration.plan]
        else { throw RestError.notFound("There is no outbound integration \(id).") }
        return (integration, plan, directory)
    }

    private func outbound(
        _ id: String, _ session: ConsoleSession, typed: QueryParameters? = nil, status: Int = 200,
        _ change: (inout OutboundPage) -> Void
    ) async throws -> Response {
        let (integration, plan, directory) = try await knownOutbound(id)
        var page = OutboundPage(
            integration, of: plan, directory, for: session, mayTry: rest.services.webhookClient != nil, typed: typed)
        if page.isSigned, page.mayConfigure {
            page.tellOfSigning(try await call(.get, Self.route, of: id, session), format(for: session))
        }
        change(&page)
        return try pages.page(page, with: "outbound", for: session, at: .workflows, status: .init(code: status))
    }

    private func call(
        _ method: HTTPRequest.Method, _ path: String, of id: String, body: JSONValue? = nil, _ session: ConsoleSession
    ) async throws -> JSONValue {
        let (integration, plan, _) = try await knownOutbound(id)
        let answer = try await rest.call(
            method, path, ["plan": plan.id, "integration": integration.id], body: body, by: session.caller)
        return answer.body ?? .null
    }

    /// An empty field is as usual: what has a number for that gets it.
    private func saveDelivery(of id: String, _ form: QueryParameters, _ session: ConsoleSession) async throws {
        let (integration, plan, _) = try await knownOutbound(id)
        let usual = DeliverySettings.usualConcurrency
        let delivery: [String: JSONValue?] = [
            "timeoutSeconds": try form.number("timeoutSeconds"),
            "concurrency": try form.number("concurrency") ?? .whole(usual),
            "requestsPerSecond": try form.number("requestsPerSecond") ?? 0, "order": form.filled("order"),
            "filter": .string(form.text("filter") ?? ""),
        ]
        let delays = form.names("retrySchedule").map { Int64($0).map(JSONValue.integer) ?? .string($0) }
        let fields: [String: JSONValue?] = [
            "id": .string(integration.id), "deployed": .bool(form["deployed"] == "true"),
            "retrySchedule": .array(delays), "delivery": .fields(delivery),
        ]
        _ = try await rest.call(
            .post, "plans/{plan}/integrations", ["plan": plan.id], body: .fields(fields), by: session.caller)
    }

    private func rotate(_ id: String, _ form: QueryParameters, _ session: ConsoleSession) async throws {
        guard let hours = Int(form["overlapHours"] ?? ""), (0...720).contains(hours) else {
            throw RestError.invalidValue("overlapHours", "it must be from 0 to 720.")
        }
        let fields: [String: JSONValue?] = [
            "scheme": form.filled("scheme"), "overlapSeconds": .whole(hours * 3600),
        ]
        _ = try await call(
            .post, "\(Self.route)/signing-secrets/rotate", of: id, body: .fields(fields), session)
    }
}

extension QueryParameters {
    /// - Returns: `nil` for an empty field; what is no number stays a text, which the API refuses by the field's name.
    fileprivate func number(_ name: String) throws -> JSONValue? {
        guard let text = filled(name)?.string else { return nil }
        return Int64(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number) ?? .string(text)
    }
}

extension JSONValue {
    /// A whole number where it is one.
    static func rate(_ rate: Double) -> JSONValue { rate == rate.rounded() ? .whole(Int(rate)) : .number(rate) }
}
