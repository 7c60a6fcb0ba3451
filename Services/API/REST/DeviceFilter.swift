import AlertCore
import Persistence

/// The device names of a form's filter: which it lists, and which of them are chosen (spec §4.7).
struct DeviceFilter {
    struct Choice {
        let name: String
        let isSelected: Bool
        let isVisible: Bool
    }

    private static let limit = 500
    private let choices: [Choice]
    /// Every name of the system.
    private let known: [String]

    /// What a request asks for: an array, or a page as we answer it. `nil` when it says nothing of it.
    init?(_ fields: RequestFields, _ directory: Directory) throws {
        let isPage = fields["targetDeviceNames"]?.object != nil
        let holder = isPage ? try fields.object("targetDeviceNames") ?? fields : fields
        guard let list = try holder.objects(isPage ? "data" : "targetDeviceNames", limit: Self.limit) else {
            return nil
        }
        known = try directory.deviceNames().map(\.name)
        choices = try list.map { item in
            Choice(
                name: try item.requiredName("name", or: nil), isSelected: try item.bool("selected") ?? true,
                isVisible: try item.bool("visible") ?? true)
        }
        guard choices.isEmpty || choices.contains(where: \.isSelected) else {
            throw RestError.invalidValue("targetDeviceNames", "at least one device name must be selected.")
        }
    }

    /// What was stored of an earlier request; every device name that there is when it was not there.
    init(settings: JSONValue?, _ directory: Directory) throws {
        let known = try directory.deviceNames().map(\.name)
        self.known = known
        let stored = settings?["targetDeviceNames"]
        let list = (stored?["data"] ?? stored)?.array
        choices =
            list?.compactMap { item in
                item["name"]?.string.map {
                    Choice(
                        name: $0, isSelected: item["selected"]?.bool ?? true, isVisible: item["visible"]?.bool ?? true)
                }
            } ?? known.map { Choice(name: $0, isSelected: true, isVisible: true) }
    }

    /// The names that alerts are restricted to. None where every name of the system is chosen: that restricts
    /// nothing, and leaves names that come later in.
    var effective: [String] {
        let selected = choices.filter(\.isSelected).map(\.name)
        let isEverything = Set(known).isSubset(of: selected)
        return isEverything && selected.count == choices.count ? [] : selected
    }

    /// - Parameter selected: The form's restriction, which leads.
    func wire(selected: [String]) -> [JSONValue] {
        let others = selected.filter { name in !choices.contains { $0.name == name } }
            .map { Choice(name: $0, isSelected: true, isVisible: true) }
        return (choices + others).map { choice in
            [
                "name": .string(choice.name), "visible": .bool(choice.isVisible),
                "selected": .bool(selected.isEmpty || selected.contains(choice.name)),
            ]
        }
    }
}

/// `displayName` and `callerId`, plain or as the `value` of an option; an empty one is taken away.
struct SenderOverridesRequest {
    let fields: RequestFields

    func overrides(_ existing: SenderOverrides?) throws -> SenderOverrides? {
        var overrides = existing ?? SenderOverrides()
        if let name = try text("displayName", limit: 255) {
            guard !name.contains(where: \.isNewline) else {
                throw RestError.invalidValue(fields.name("displayName"), "it holds a line break.")
            }
            overrides.displayName = name.isEmpty ? nil : name
        }
        if let number = try text("callerId", limit: 50) {
            guard number.isEmpty || number.wholeMatch(of: /\+[1-9][0-9]{4,14}/) != nil else {
                throw RestError.invalidValue(
                    fields.name("callerId"), "it must be a number in E.164, as in +12505550100.")
            }
            overrides.callerId = number.isEmpty ? nil : number
        }
        return overrides == SenderOverrides() ? nil : overrides
    }

    private func text(_ name: String, limit: Int) throws -> String? {
        guard fields[name]?.object != nil else { return try fields.text(name, limit: limit) }
        return try fields.object(name)?.text("value", limit: limit)
    }
}
