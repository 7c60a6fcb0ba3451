import AlertCore
import Foundation
import Persistence

/// Services and what depends on what (spec §4.8). Who administers the system changes all of them; who may change a
/// group, those that the group looks after.
extension RESTServices {
    var serviceRoutes: [RESTRoute] {
        [
            .get("services", listServices),
            .change(.post, "services") { try await saveService($0) },
            .get("services/{service}") { call in
                let view = try await view()
                return .ok(view.wire(try view.requiredService(call.parameter("service"))))
            },
            .change(.post, "services/{service}") { try await saveService($0) },
            .change(.delete, "services/{service}", deleteService),
            .get("service-dependencies", listDependencies),
            .change(.post, "service-dependencies") { try await saveDependency($0) },
            .get("service-dependencies/{dependency}") { call in
                let view = try await view()
                return try await read { .ok(view.wire(try $0.requiredDependency(call.parameter("dependency")))) }
            },
            .change(.post, "service-dependencies/{dependency}") { try await saveDependency($0) },
            .change(.delete, "service-dependencies/{dependency}", deleteDependency),
        ]
    }

    private func listServices(_ call: RESTCall) async throws -> RESTAnswer {
        let filter = try ServiceFilter(call.query)
        let view = try await view()
        return .ok(try call.page(of: filter.services(of: view).map(view.wire)))
    }

    private func saveService(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireChangingServices()
        let request = ServiceRequest(fields: try call.fields())
        let ((service, isNew), view) = try await change(call) { edit in
            let existing = try edit.existing(BusinessService.self, request.fields, path: call.parameters["service"])
            if let existing { try edit.requireChanging(existing) }
            let service = try request.service(existing, edit)
            try edit.requireChanging(service)
            try edit.put(service)
            return (service, existing == nil)
        }
        return .saved(view.wire(service), isNew: isNew)
    }

    private func deleteService(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireChangingServices()
        let before = try await view()
        let (service, _) = try await change(call) { edit -> BusinessService? in
            let found = try edit.directory.resolve(BusinessService.self, call.parameter("service"))
            guard let found else { return nil }
            try edit.requireChanging(found)
            try edit.delete(found)
            return found
        }
        return .deleted(service.map(before.wire))
    }

    // MARK: Dependencies

    private func listDependencies(_ call: RESTCall) async throws -> RESTAnswer {
        let view = try await view()
        let needed = call.query.list("service").map { names in Set(names.compactMap { view.service($0)?.id }) }
        let needing = call.query.list("dependentService").map { names in
            Set(names.compactMap { view.service($0)?.id })
        }
        return try await read { directory in
            let found = try directory.all(ServiceDependency.self).filter { dependency in
                (needed?.contains(dependency.service) ?? true)
                    && (needing?.contains(dependency.dependentService) ?? true)
            }.sorted { view.key($0) < view.key($1) }
            return .ok(try call.page(of: found.map(view.wire)))
        }
    }

    private func saveDependency(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireChangingServices()
        let fields = try call.fields()
        let ((dependency, isNew), view) = try await change(call) { edit in
            let id = try call.parameters["dependency"] ?? fields.text("id")
            let existing = try id.map { try edit.directory.requiredDependency($0) }
            let service = try fields.service("serviceId", or: existing?.service, edit)
            let needing = try fields.service("dependentServiceId", or: existing?.dependentService, edit)
            guard service.id != needing.id else {
                throw RestError.invalidValue("dependentServiceId", "a service does not depend on itself.")
            }
            if let existing { try edit.requireChanging(existing) }
            let dependency = ServiceDependency(
                id: existing?.id ?? edit.newID(), service: service.id, dependentService: needing.id)
            try edit.requireChanging(dependency)
            try edit.put(dependency)
            return (dependency, existing == nil)
        }
        return .saved(view.wire(dependency), isNew: isNew)
    }

    private func deleteDependency(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireChangingServices()
        let before = try await view()
        let (dependency, _) = try await change(call) { edit -> ServiceDependency? in
            let found = try edit.directory.get(ServiceDependency.self, id: call.parameter("dependency"))
            guard let found else { return nil }
            try edit.requireChanging(found)
            try edit.delete(found)
            return found
        }
        return .deleted(dependency.map(before.wire))
    }
}

extension Caller {
    /// - Throws: 403 for those who may change no service at all.
    fileprivate func requireChangingServices() throws(RestError) {
        try require(anyOf: [.administerSystem, .administerGroups, .superviseGroups])
    }
}

extension DirectoryEdit {
    /// - Throws: 403 unless the caller administers the system, or the group that looks after the service.
    func requireChanging(_ service: BusinessService) throws {
        let caller = call.caller
        if caller.may(.administerSystem) { return }
        if let group = try service.ownedBy.flatMap({ try directory.get(Group.self, id: $0) }),
            caller.administers(group)
        {
            return
        }
        throw RestError(
            403,
            "The user \(caller.person.targetName) may change services of groups that the user supervises only, and "
                + "\(service.targetName) is not one of them.", subcode: "authorization.group_supervisor_required")
    }

    /// Whoever may change the service that needs the other one says so.
    func requireChanging(_ dependency: ServiceDependency) throws {
        let needing = try directory.required(BusinessService.self, dependency.dependentService)
        try requireChanging(needing)
    }
}

extension Directory {
    fileprivate func requiredDependency(_ id: String) throws -> ServiceDependency {
        guard let dependency = try get(ServiceDependency.self, id: id) else {
            throw RestError.notFound("There is no service dependency \(id).")
        }
        return dependency
    }
}

extension DirectoryView {
    /// - Throws: 404.
    func requiredService(_ idOrName: String) throws(RestError) -> BusinessService {
        guard let service = service(idOrName) else { throw .notFound("There is no service \(idOrName).") }
        return service
    }

    /// Dependencies are listed in the order of the names.
    fileprivate func key(_ dependency: ServiceDependency) -> String {
        let names = [dependency.service, dependency.dependentService].map { services[$0]?.targetName.lowercased() }
        return "\(names.map { $0 ?? "" }.joined(separator: "\u{0}"))\u{0}\(dependency.id)"
    }
}

extension RequestFields {
    /// The service that a field names by its id or name.
    /// - Throws: 400 when the field is absent and there is no `current`, or there is no such service.
    func service(_ field: String, or current: String?, _ edit: DirectoryEdit) throws -> BusinessService {
        guard let reference = try reference(field) ?? current else { throw RestError.missingField(name(field)) }
        guard let service = try edit.directory.resolve(BusinessService.self, reference) else {
            throw RestError.invalidValue(name(field), "there is no service \(reference).")
        }
        return service
    }
}
