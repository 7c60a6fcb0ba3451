/// What a device can be called, "Work Email", and what holds for devices of that name (spec §4.5).
public struct DeviceName: Codable, Hashable, Sendable, Identifiable {
    public var id: String
    /// Unique, ignoring case.
    public var name: String
    public var deviceType: Device.Kind
    public var description: String
    /// Whether only those who administer people may change such devices, and not their owners.
    public var privileged: Bool
    /// Of email: the domains that an address may have, in lower case; empty for any.
    public var domains: [String]
    /// Whether it is one that comes with every installation and was deleted in this one.
    @Later public var isRemoved: Bool

    public init(
        id: String, name: String, deviceType: Device.Kind, description: String = "", privileged: Bool = false,
        domains: [String] = [], isRemoved: Bool = false
    ) {
        self.id = id
        self.name = name
        self.deviceType = deviceType
        self.description = description
        self.privileged = privileged
        self.domains = domains
        self.isRemoved = isRemoved
    }

    /// Those that every installation begins with.
    public static let standard: [DeviceName] = [
        ("Android Phone", Device.Kind.androidPush), ("Android tablet", .androidPush), ("Fax", .fax),
        ("Home Email", .email), ("Home Phone", .voice), ("iPad", .applePush), ("iPhone", .applePush),
        ("iPod", .applePush), ("Mobile Phone", .voice), ("Numeric Pager", .textPager), ("Pager", .textPager),
        ("SMS Phone", .textPhone), ("Work Email", .email), ("Work Phone", .voice),
    ].map { DeviceName(id: DerivedID.uuid("device-name", $0.0), name: $0.0, deviceType: $0.1) }
}
