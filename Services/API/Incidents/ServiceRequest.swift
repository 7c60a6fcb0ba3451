import AlertCore
import Foundation
import Persistence

/// Which services a list is to hold, in which order.
struct ServiceFilter: Sendable {
    private enum Order: String, CaseIterable {
        case name = "NAME"
        case tier = "SERVICE_TIER"
        case type = "SERVICE_TYPE"
        case status = "STATUS"
    }

    private let search: Search
    private let fields: [String]
    private let owners: [String]?
    private let types: [String]
    private let tiers: [String]
    private let status: String?
    private let order: Order
    private let isDescending: Bool

    /// - Throws: 400 for a value that the parameter does not have.
    init(_ query: QueryParameters) throws(RestError) {
        search = try Search(query)
        fields = try EventQuery.choices(query, "fields", of: ["NAME", "DESCRIPTION"])
        owners = query.list("ownedBy")
        types = try EventQuery.choices(query, "serviceType", of: BusinessService.Kind.allCases.map(\.rawValue))
        tiers = try EventQuery.choices(query, "serviceTier", of: BusinessService.Tier.allCases.map(\.rawValue))
        status = try query.choice("status", of: RecipientStatus.allCases.map(\.rawValue))
        order = try query.choice("sortBy", of: Order.allCases.map(\.rawValue)).flatMap(Order.init) ?? .name
        isDescending = try query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"]) == "DESCENDING"
    }

    func services(of view: DirectoryView) -> [BusinessService] {
        let owners = owners.map { names in Set(names.compactMap { view.group(encoded: $0)?.id }) }
        return view.services.values.filter { service in
            matches(service) && (owners.map { service.ownedBy.map($0.contains) ?? false } ?? true)
        }.sorted { left, right in isDescending ? key(left) > key(right) : key(left) < key(right) }
    }

    private func matches(_ service: BusinessService) -> Bool {
        var texts: [String] = []
        if fields.isEmpty || fields.contains("NAME") { texts.append(service.targetName) }
        if fields.isEmpty || fields.contains("DESCRIPTION") { texts.append(service.description) }
        return search.matches(texts)
            && (types.isEmpty || service.serviceType.map { types.contains($0.rawValue) } == true)
            && (tiers.isEmpty || service.serviceTier.map { tiers.contains($0.rawValue) } == true)
            && (status.map { $0 == service.status.rawValue } ?? true)
    }

    private func key(_ service: BusinessService) -> String {
        let first =
            switch order {
            case .name: ""
            case .tier: "\(service.serviceTier?.level ?? 9)"
            case .type: service.serviceType?.rawValue ?? "~"
            case .status: service.status.rawValue
            }
        return "\(first)\u{0}\(service.targetName.lowercased())\u{0}\(service.id)"
    }
}

/// The fields of a service; those that are absent stay as they are, an empty text takes one away.
struct ServiceRequest: Sendable {
    private static let linkLimit = 50

    let fields: RequestFields

    func service(_ existing: BusinessService?, _ edit: DirectoryEdit) throws -> BusinessService {
        if let type = try fields.text("recipientType"), type != "SERVICE" {
            throw RestError.invalidChoice("recipientType", type, valid: ["SERVICE"])
        }
        let name = try fields.requiredName("targetName", or: existing?.targetName, limit: 200)
        var service = existing ?? BusinessService(id: edit.newID(), targetName: name)
        service.targetName = name
        service.description = try fields.text("description", limit: 2000) ?? service.description
        service.serviceType = try choice("serviceType", service.serviceType)
        service.serviceTier = try choice("serviceTier", service.serviceTier)
        service.serviceLinks = try links() ?? service.serviceLinks
        service.ownedBy = try owner(service.ownedBy, edit)
        service.status = try fields.choice("status") ?? service.status
        service.externalKey = try fields.text("externalKey") ?? service.externalKey
        service.externallyOwned = try fields.lenientBool("externallyOwned") ?? service.externallyOwned
        return service
    }

    private func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ field: String, _ current: Choice?
    ) throws(RestError) -> Choice? {
        guard let text = try fields.text(field) else { return current }
        return text.isEmpty ? nil : try fields.lenientChoice(field)
    }

    private func owner(_ current: String?, _ edit: DirectoryEdit) throws -> String? {
        guard let reference = try fields.reference("ownedBy") else { return current }
        if reference.isEmpty { return nil }
        guard let group = try edit.visibleGroup(reference) else {
            throw RestError.invalidValue("ownedBy", "there is no group \(reference).")
        }
        return group.id
    }

    private func links() throws(RestError) -> [BusinessService.Link]? {
        guard let list = try fields.objects("serviceLinks", limit: Self.linkLimit) else { return nil }
        var links: [BusinessService.Link] = []
        for item in list {
            let url = try item.requiredName("url", or: nil, limit: 2000)
            guard let parsed = URLComponents(string: url), ["http", "https"].contains(parsed.scheme?.lowercased()),
                parsed.host?.isEmpty == false
            else { throw .invalidValue(item.name("url"), "it must be an http or https address.") }
            links.append(BusinessService.Link(label: try item.requiredName("label", or: url, limit: 200), url: url))
        }
        return links
    }
}

// MARK: - What services look like

extension BusinessService {
    var path: String { "/services/\(id)" }

    /// As another object names it.
    var reference: JSONValue {
        [
            "id": .string(id), "targetName": .string(targetName), "recipientType": "SERVICE",
            "links": .links(path),
        ]
    }
}

extension DirectoryView {
    func wire(_ service: BusinessService) -> JSONValue {
        .fields([
            "id": .string(service.id), "targetName": .string(service.targetName), "recipientType": "SERVICE",
            "description": .string(service.description),
            "serviceType": service.serviceType.map { .string($0.rawValue) },
            "serviceTier": service.serviceTier.map { .string($0.rawValue) },
            "serviceLinks": .array(
                service.serviceLinks.map { ["label": .string($0.label), "url": .string($0.url)] }),
            "ownedBy": service.ownedBy.flatMap { groups[$0]?.reference },
            "status": .string(service.status.rawValue), "externalKey": .text(service.externalKey),
            "externallyOwned": .bool(service.externallyOwned), "links": .links(service.path),
        ])
    }

    func wire(_ dependency: ServiceDependency) -> JSONValue {
        .fields([
            "id": .string(dependency.id), "service": services[dependency.service]?.reference,
            "dependentService": services[dependency.dependentService]?.reference,
            "links": .links("/service-dependencies/\(dependency.id)"),
        ])
    }

    /// A service as a record named it: as it is now, or as it was called then.
    func wire(service reference: NamedReference) -> JSONValue {
        services[reference.id].map(wire)
            ?? ["id": .string(reference.id), "targetName": .string(reference.name), "recipientType": "SERVICE"]
    }

    /// As ``wire(service:)``, short.
    func reference(service reference: NamedReference) -> JSONValue {
        services[reference.id]?.reference
            ?? ["id": .string(reference.id), "targetName": .string(reference.name), "recipientType": "SERVICE"]
    }
}
