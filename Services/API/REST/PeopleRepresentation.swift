import AlertCore
import Persistence

/// People as the API shows them (spec §4.4), with what stands beside the directory's entry.
struct PeopleRepresentation {
    private let directory: Directory
    private let lastLogins: [String: Timestamp]
    private let sites: [String: Site]
    private let devices: DeviceRepresentation

    init(_ people: [Person], _ directory: Directory) throws {
        self.directory = directory
        lastLogins = try directory.signIns.last(of: people.map(\.id))
        var sites: [String: Site] = [:]
        for id in Set(people.compactMap(\.site)) { sites[id] = try directory.get(Site.self, id: id) }
        self.sites = sites
        devices = try DeviceRepresentation(directory)
    }

    func plain(_ person: Person) -> JSONValue { .fields(fields(person)) }

    /// - Parameter alsoEmbedding: In lower case, besides what the query asks for.
    func json(_ person: Person, _ call: RESTCall, alsoEmbedding: [String] = []) throws -> JSONValue {
        var fields = fields(person)
        let base = RESTPath.base + person.path
        func embeds(_ name: String) -> Bool { call.query.embeds(name) || alsoEmbedding.contains(name) }
        if embeds("roles") {
            fields["roles"] = .embeddedPage(person.roles.compactMap(Role.wire(named:)), path: "\(base)/roles")
        }
        if embeds("supervisors") {
            let people = try directory.people(person.supervisors)
            let shown = try PeopleRepresentation(people, directory)
            fields["supervisors"] = .embeddedPage(people.map(shown.plain), path: "\(base)/supervisors")
        }
        if embeds("devices") {
            let all = try directory.devices(of: person).map {
                devices.json($0, of: person, withTimeframes: call.query.embedsTimeframes)
            }
            fields["devices"] = .embeddedPage(all, path: "\(base)/devices")
        }
        return .fields(fields)
    }

    private func fields(_ person: Person) -> [String: JSONValue?] {
        var fields = person.wireFields
        fields["site"] = person.site.flatMap { sites[$0] }.map { site in
            ["id": .string(site.id), "name": .string(site.name), "links": .links("/sites/\(site.id)")]
        }
        fields["lastLogin"] = lastLogins[person.id].map { .string($0.iso) }
        return fields
    }
}

extension Person {
    var path: String { "/people/\(id)" }

    /// As another object names it.
    var reference: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "firstName": .string(firstName),
            "lastName": .string(lastName), "recipientType": "PERSON", "links": .links(path),
        ]
    }

    func wire(_ call: RESTCall, _ directory: Directory, alsoEmbedding: [String] = []) throws -> JSONValue {
        try PeopleRepresentation([self], directory).json(self, call, alsoEmbedding: alsoEmbedding)
    }

    /// What follows from the entry alone.
    var wireFields: [String: JSONValue?] {
        [
            "id": .string(id), "targetName": .string(targetName), "recipientType": "PERSON",
            "firstName": .string(firstName), "lastName": .string(lastName), "language": .string(language),
            "timezone": .string(timezone), "webLogin": .string(webLogin), "phoneLogin": .text(phoneLogin),
            "licenseType": .string(licenseType), "status": .string(status.rawValue),
            "properties": .object(properties), "externalKey": .text(externalKey),
            "externallyOwned": .bool(externallyOwned), "locked": .array(locked.map(JSONValue.string)),
            "whenCreated": .string(whenCreated.iso), "whenUpdated": .string(whenUpdated.iso),
            "links": .links(path),
        ]
    }
}
