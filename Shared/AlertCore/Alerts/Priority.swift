/// How urgent an alert is; a device can refuse what is below its threshold. Ordered from low to high.
public enum Priority: String, Codable, CaseIterable, Comparable, Sendable {
    case low = "LOW"
    case medium = "MEDIUM"
    case high = "HIGH"

    /// Any spelling of case: the older interfaces of the platform say `high` (spec §2.3).
    public init?(ignoringCase text: String) { self.init(rawValue: text.uppercased()) }

    public static func < (left: Priority, right: Priority) -> Bool {
        allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
    }
}
