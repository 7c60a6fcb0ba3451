import AlertCore

extension BusinessService: DirectoryEntry {
    public static let kind = "service"
    public static let nameField = "targetName"
    public var parentID: String { "" }
    public var entryName: String { targetName }
}

extension ServiceDependency: DirectoryEntry {
    public static let kind = "servicedependency"
    public static let nameField = "dependentServiceId"
    public var parentID: String { service }
    public var entryName: String { dependentService }
}

// What is taken back when a group or a service is deleted (spec §4.8).
extension Directory {
    /// Services outlive the group that looked after them: until another one does, they are nobody's.
    func releaseServices(of group: Group, by origin: Origin, at now: Timestamp) throws {
        for var service in try all(BusinessService.self) where service.ownedBy == group.id {
            service.ownedBy = nil
            try put(service, by: origin, at: now)
        }
    }

    /// Nothing needs what is gone, and it needs nothing.
    func deleteDependencies(of service: BusinessService, by origin: Origin, at now: Timestamp) throws {
        for dependency in try all(ServiceDependency.self)
        where dependency.service == service.id || dependency.dependentService == service.id {
            try delete(ServiceDependency.self, id: dependency.id, by: origin, at: now)
        }
    }
}
