import AlertCore
import Persistence

extension RESTServices {
    /// Places where people work (spec §4.6).
    var siteRoutes: [RESTRoute] {
        [
            .get("sites", listSites),
            .post("sites", permission: .administerSystem, saveSite),
            .get("sites/{site}", getSite),
            .post("sites/{site}", permission: .administerSystem, saveSite),
            .delete("sites/{site}", permission: .administerSystem, deleteSite),
        ]
    }

    private enum SiteField: String, CaseIterable {
        case name = "NAME"
        case address = "ADDRESS"
    }

    private func listSites(_ call: RESTCall) async throws -> RESTAnswer {
        let query = call.query
        let search = try Search(query)
        var fields: Set<SiteField> = []
        for name in query.list("fields") ?? SiteField.allCases.map(\.rawValue) {
            guard let field = SiteField(rawValue: name.uppercased()) else {
                throw RestError.invalidChoice("fields", name, valid: SiteField.allCases.map(\.rawValue))
            }
            fields.insert(field)
        }
        let status = try query.choice("status", of: RecipientStatus.allCases.map(\.rawValue))
        let geocoded = try query.bool("geocoded")
        let country = query["country"]?.lowercased()
        let sites = try await view().sites.values.filter { site in
            let texts = (fields.contains(.name) ? [site.name] : []) + (fields.contains(.address) ? site.address : [])
            return search.matches(texts) && (status.map { $0 == site.status.rawValue } ?? true)
                && (geocoded.map { $0 == (site.latitude != nil && site.longitude != nil) } ?? true)
                && (country.map { $0 == site.country.lowercased() } ?? true)
        }.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
        return .ok(try call.page(of: sites.map(\.wire)))
    }

    private func getSite(_ call: RESTCall) async throws -> RESTAnswer {
        let name = call.parameter("site")
        guard let site = try await view().site(name) else { throw RestError.notFound("There is no site \(name).") }
        return .ok(site.wire)
    }

    private func saveSite(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try edit.existing(Site.self, fields, path: call.parameters["site"])
            let site = try SiteRequest(fields: fields).site(existing, edit)
            try edit.put(site)
            return .saved(site.wire, isNew: existing == nil)
        }
    }

    /// Refused while people or groups are there.
    private func deleteSite(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let site = try edit.directory.resolve(Site.self, call.parameter("site")) else { return .noContent }
            try edit.delete(site)
            return .ok(site.wire)
        }
    }
}

extension Site {
    fileprivate var address: [String] { [address1, address2, city, state, postalCode, country].compactMap { $0 } }

    var wire: JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "country": .string(country), "language": .string(language),
            "timezone": .string(timezone), "address1": .text(address1), "address2": .text(address2),
            "city": .text(city), "state": .text(state), "postalCode": .text(postalCode),
            "latitude": latitude.map(JSONValue.number), "longitude": longitude.map(JSONValue.number),
            "status": .string(status.rawValue), "holidays": .array(holidays.map(\.wire)),
            "externalKey": .text(externalKey), "externallyOwned": .bool(externallyOwned), "links": .links(path),
        ])
    }
}

extension Site.Holiday {
    fileprivate var wire: JSONValue {
        ["name": .string(name), "date": .string(date), "days": .whole(days), "isYearly": .bool(isYearly)]
    }
}

/// The fields of a site; those that are absent stay as they are.
private struct SiteRequest {
    static let mostHolidays = 500

    let fields: RequestFields

    func site(_ existing: Site?, _ edit: DirectoryEdit) throws -> Site {
        let name = try fields.requiredName("name", or: existing?.name)
        let country = try fields.requiredName("country", or: existing?.country, limit: 100)
        let language = try fields.requiredName("language", or: existing?.language, limit: 100)
        guard let timezone = try fields.timezone() ?? existing?.timezone else {
            throw RestError.missingField("timezone")
        }
        var site =
            existing ?? Site(id: edit.newID(), name: name, country: country, language: language, timezone: timezone)
        site.name = name
        site.country = country
        site.language = language
        site.timezone = timezone
        site.address1 = try fields.text("address1") ?? site.address1
        site.address2 = try fields.text("address2") ?? site.address2
        site.city = try fields.text("city") ?? site.city
        site.state = try fields.text("state") ?? site.state
        site.postalCode = try fields.text("postalCode") ?? site.postalCode
        site.latitude = try degrees("latitude", limit: 90) ?? site.latitude
        site.longitude = try degrees("longitude", limit: 180) ?? site.longitude
        site.status = try fields.choice("status") ?? site.status
        site.externalKey = try fields.text("externalKey") ?? site.externalKey
        site.externallyOwned = try fields.lenientBool("externallyOwned") ?? site.externallyOwned
        if let holidays = try fields.objects("holidays", limit: Self.mostHolidays) {
            site.holidays = try holidays.map(Self.holiday)
        }
        return site
    }

    private func degrees(_ field: String, limit: Double) throws(RestError) -> Double? {
        guard let degrees = try fields.number(field) else { return nil }
        guard abs(degrees) <= limit else {
            throw .invalidValue(field, "it must be from -\(Int(limit)) to \(Int(limit)).")
        }
        return degrees
    }

    private static func holiday(_ fields: RequestFields) throws(RestError) -> Site.Holiday {
        let date = try fields.requiredName("date", or: nil, limit: 10)
        guard date.count == 10, Timestamp(iso: date) != nil else {
            throw .invalidValue(fields.name("date"), "\(date) is no date, as 2026-12-25 is.")
        }
        return Site.Holiday(
            name: try fields.requiredName("name", or: nil), date: date,
            days: try fields.lenientInteger("days", in: 1...366) ?? 1,
            isYearly: try fields.lenientBool("isYearly") ?? false)
    }
}
