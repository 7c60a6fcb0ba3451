import AlertCore
import Foundation
import Hummingbird
import Persistence

// The pages of webhook deliveries.
extension ConsoleRoutes {
    func addDeliveries(to router: Router<Context>) {
        get("/console/deliveries", to: router) { request, _, session in try await deliveries(request, session) }
        get("/console/deliveries/order", to: router) { request, _, session in
            try session.caller.require(.writeConfiguration)
            return try await orderPage(QueryParameters(request.uri.query ?? ""), session)
        }
        post("/console/deliveries/order", to: router) { _, _, session, form in
            try session.caller.require(.writeConfiguration)
            let filter = DeliveryPageFilter(form)
            guard let rate = Int(form["rate"] ?? "\(EventServices.standardRate)"), EventServices.rates.contains(rate)
            else {
                let rates = EventServices.rates
                throw RestError.invalidValue("rate", "it must be from \(rates.lowerBound) to \(rates.upperBound).")
            }
            let isCancelling = form["action"] == "cancel"
            let wish = DeliveryWish(
                filter: try await deliveryFilter(filter), isCancelling: isCancelling, rate: rate, isDry: false)
            _ = try await services.carryOut(wish, order(isCancelling, session))
            return Response.redirect(to: filter.address(DeliveriesPage.path, [("status", "")]))
        }
        get("/console/deliveries/{delivery}", to: router) { request, context, session in
            let delivery = try await services.delivery(parameter("delivery", context))
            var page = DeliveryPage(
                delivery, for: session, format(for: session), try await services.cache.current())
            if QueryParameters(request.uri.query ?? "")["ordered"] == "true" {
                page.notice = "Ordered: it is carried out within a second."
            }
            return try pages.page(page, with: "delivery", for: session, at: .more)
        }
        for action in ["redrive", "cancel"] {
            post("/console/deliveries/{delivery}/\(action)", to: router) { _, context, session, _ in
                try session.caller.require(.writeConfiguration)
                let id = try await services.delivery(parameter("delivery", context)).row.id
                var filter = DeliveryFilter()
                filter.ids = [id]
                let wish = DeliveryWish(filter: filter, isCancelling: action == "cancel", rate: 1, isDry: false)
                _ = try await services.carryOut(wish, order(wish.isCancelling, session))
                return Response.redirect(to: "\(DeliveriesPage.path)/\(id)?ordered=true")
            }
        }
        addReplays(to: router)
    }

    private func order(_ isCancelling: Bool, _ session: ConsoleSession) -> DeliveryOrder {
        let (person, cause) = (PersonReference(session.person), "console-\(UUID().uuidString.lowercased())")
        return isCancelling ? .cancel(by: person, cause: cause) : .redrive(by: person, cause: cause)
    }

    private func deliveryFilter(_ filter: DeliveryPageFilter) async throws -> DeliveryFilter {
        try await DeliveryQuery(
            RequestFields(filter.fields), try await services.cache.current(), in: services.database
        ).filter
    }

    private func deliveries(_ request: Request, _ session: ConsoleSession) async throws -> Response {
        let parameters = QueryParameters(request.uri.query ?? "")
        let offset = try parameters.paging().offset
        let wanted = DeliveryPageFilter(parameters)
        let directory = try await services.cache.current()
        var found: (total: Int, rows: [WebhookDeliveryRow]) = (0, [])
        var problem: RestError?
        do {
            let filter = try await deliveryFilter(wanted)
            found = try await services.database.reading {
                try WebhookDeliveries($0).list(filter, offset: offset, limit: DeliveriesPage.pageSize)
            }
        } catch let error as RestError {
            problem = error
        }
        let page = DeliveriesPage(
            found, wanted, offset: offset, mayConfigure: session.caller.may(.writeConfiguration),
            format: format(for: session), directory: directory, problem: problem?.message)
        return try pages.page(
            page, with: "deliveries", for: session, at: .more, status: .init(code: problem?.code ?? 200))
    }

    private func orderPage(_ parameters: QueryParameters, _ session: ConsoleSession) async throws -> Response {
        let filter = DeliveryPageFilter(parameters)
        let isCancelling = parameters["action"] == "cancel"
        let wish = DeliveryWish(
            filter: try await deliveryFilter(filter), isCancelling: isCancelling, rate: EventServices.standardRate,
            isDry: true)
        let outcome = try await services.carryOut(wish, order(isCancelling, session))
        let page = DeliveryOrderPage(
            outcome, filter, isCancelling: isCancelling, csrf: session.csrf, format: format(for: session),
            directory: try await services.cache.current())
        return try pages.page(page, with: "delivery-order", for: session, at: .more)
    }
}
