import AlertCore
import Hummingbird
import Persistence

/// The list of sites.
struct SitesPage: Sendable {
    struct Row: Sendable {
        let href: String
        let name: String
        let place: String
        let timezone: String
        let holidays: String
        let next: String
        let isInactive: Bool
    }

    let rows: [Row]
    let hasRows: Bool
    let mayAdd: Bool
    var notice: String?

    init(_ directory: DirectoryView, for session: ConsoleSession, now: Timestamp) {
        rows = directory.sites.values.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }.map {
            site in
            let count = site.holidays.count
            let next = site.nextHoliday(from: now)
            return Row(
                href: "/console/sites/\(site.id)", name: site.name,
                place: [site.city, site.country].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", "),
                timezone: site.timezone, holidays: "\(count) holiday\(count == 1 ? "" : "s")",
                next: next.map { "next \($0.day), \($0.name)" } ?? "", isInactive: site.status == .inactive)
        }
        hasRows = !rows.isEmpty
        mayAdd = session.caller.may(.administerSystem)
    }
}

extension Site {
    /// Within the next 400 days.
    fileprivate func nextHoliday(from now: Timestamp) -> (day: String, name: String)? {
        let calendar = HolidayCalendar(self)
        let today = WallClock(timezone).day(at: now)
        for offset in 0..<400 {
            let day = today.advanced(by: offset)
            if let holiday = calendar.holiday(on: day) { return (day.description, holiday.name) }
        }
        return nil
    }
}

/// The form of a site; its fields have the names that they have in the API.
struct SiteForm {
    private static let emptyRows = 3
    private static let mostHolidays = 500

    /// `nil` for a new one.
    let site: Site?

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let parts: [FormView.Part] = [
            .init("The site", placeFields(values, session)),
            .init(
                "Holidays",
                intro: "On them, shifts “on the holidays” are on, and timeframes that leave out holidays are not. "
                    + "An empty name deletes one.", isList: true, holidayFields(values)),
        ]
        let mayChange = session.caller.may(.administerSystem)
        var form = FormView(
            to: site.map { "/console/sites/\($0.id)" } ?? "/console/sites/new", for: session,
            submit: site == nil ? "Add" : "Save", cancel: "/console/sites", parts)
        form.proposals = [ZonedTime.proposals]
        form.isReadOnly = !mayChange
        return FormPage(
            title: site?.name ?? "Add a site",
            crumbs: [NamedValue(name: "Sites", value: "", href: "/console/sites")],
            removal: mayChange ? site.map { "/console/sites/\($0.id)/delete" } : nil, form: form)
    }

    private func placeFields(_ values: FormValues, _ session: ConsoleSession) -> [FormField] {
        [
            .text("name", "Name", values.text("name", site?.name), type: "name", isRequired: true),
            .text(
                "timezone", "Time zone", values.text("timezone", site?.timezone ?? session.person.timezone), limit: 100,
                isRequired: true, list: ZonedTime.proposals.id),
            .text(
                "country", "Country", values.text("country", site?.country), type: "name", limit: 100,
                isRequired: true),
            .text(
                "language", "Language", values.text("language", site?.language ?? "English"), type: "name", limit: 100),
            .text("city", "City", values.text("city", site?.city), type: "name"),
            .text("address1", "Address", values.text("address1", site?.address1), type: "name"),
            .select(
                "status", "Status", values.text("status", site?.status.rawValue ?? "ACTIVE"),
                [("ACTIVE", "Active"), ("INACTIVE", "Inactive")]),
        ]
    }

    private func holidayFields(_ values: FormValues) -> [FormField] {
        let saved = site?.holidays ?? []
        let typed = values.typed.map { Self.rows(in: $0) }
        let count = min(Self.mostHolidays, typed ?? saved.count + Self.emptyRows)
        return (0..<count).flatMap { index -> [FormField] in
            let holiday = saved.indices.contains(index) ? saved[index] : nil
            let name = { (part: String) in "holidays[\(index)].\(part)" }
            return [
                .text(name("name"), "Name", values.text(name("name"), holiday?.name), type: "name"),
                .time(name("date"), "Date", values.text(name("date"), holiday?.date), type: "date"),
                .number(
                    name("days"), "Days", values.text(name("days"), String(holiday?.days ?? 1)), in: 1...366),
                .check(name("isYearly"), "Every year", values.isTicked(name("isYearly"), holiday?.isYearly ?? false)),
            ]
        }
    }

    private static func rows(in typed: QueryParameters) -> Int {
        (0..<mostHolidays).prefix { typed["holidays[\($0)].name"] != nil }.count
    }

    /// - Throws: 400 for what is no number, or a date without a name.
    func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        var holidays: [JSONValue] = []
        for index in 0..<Self.rows(in: typed) {
            let name = { (part: String) in "holidays[\(index)].\(part)" }
            guard let title = typed.filled(name("name")) else { continue }
            guard let date = typed.filled(name("date")) else { throw .missingField(name("date")) }
            holidays.append(
                .fields([
                    "name": title, "date": date, "days": try typed.whole(name("days")),
                    "isYearly": .bool(typed[name("isYearly")] == "true"),
                ]))
        }
        return .fields([
            "name": typed.filled("name"), "timezone": typed.filled("timezone"), "country": typed.filled("country"),
            "language": typed.filled("language"), "city": .string(typed.text("city") ?? ""),
            "address1": .string(typed.text("address1") ?? ""), "status": typed.filled("status"),
            "holidays": .array(holidays),
        ])
    }
}

extension ConsoleRoutes {
    func addSites(to router: Router<Context>) {
        get("/console/sites", to: router) { request, _, session in
            var page = SitesPage(try await services.cache.current(), for: session, now: services.now())
            page.notice = Self.notice(QueryParameters(request.uri.query ?? ""))
            return try pages.page(page, with: "sites", for: session, at: .more)
        }
        add(siteForm(isNew: true), at: "/console/sites/new", to: router)
        add(siteForm(isNew: false), at: "/console/sites/{site}", to: router)
        addRemoval(at: "/console/sites/{site}/delete", place: .more, to: router) { call in
            try await changeableSite(call.parameter("site"), call.session)
        } page: { site, session in
            ConfirmPage(
                title: "Delete \(site.name)?", text: "Its holidays go, too. A site with people or groups stays.",
                action: "/console/sites/\(site.id)/delete", csrf: session.csrf, submit: "Delete",
                back: "/console/sites/\(site.id)")
        } remove: { site, session in
            _ = try await rest.call(.delete, "sites/{site}", ["site": site.id], by: session.caller)
            return "/console/sites?done=deleted"
        }
    }

    /// - Throws: 403, 404.
    private func changeableSite(_ id: String, _ session: ConsoleSession) async throws -> Site {
        try session.caller.require(.administerSystem)
        return try await knownSite(id)
    }

    /// - Throws: 404.
    private func knownSite(_ id: String) async throws -> Site {
        guard let site = try await services.cache.current().site(id) else {
            throw RestError.notFound("There is no such site.")
        }
        return site
    }

    private func siteForm(isNew: Bool) -> ConsoleForm<SiteForm> {
        ConsoleForm(
            place: .more,
            subject: { call in
                guard isNew else { return SiteForm(site: try await knownSite(call.parameter("site"))) }
                try call.session.caller.require(.administerSystem)
                return SiteForm(site: nil)
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                let path = form.site.map { ["site": $0.id] } ?? [:]
                _ = try await rest.call(
                    .post, path.isEmpty ? "sites" : "sites/{site}", path, body: try form.body(typed), by: session.caller
                )
                return "/console/sites?done=saved"
            })
    }
}
