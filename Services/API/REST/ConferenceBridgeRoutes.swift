import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Conferences of others that alerts point to (spec §4.8).
    var bridgeRoutes: [RESTRoute] {
        [
            .get("conference-bridges", listBridges),
            .post("conference-bridges", permission: .administerSystem, saveBridge),
            .get("conference-bridges/{bridge}") { call in
                try await read { .ok(try $0.required(ConferenceBridge.self, call.parameter("bridge")).wire) }
            },
            .post("conference-bridges/{bridge}", permission: .administerSystem, saveBridge),
            .delete("conference-bridges/{bridge}", permission: .administerSystem) { call in
                try await write(call) { edit in
                    guard let bridge = try edit.directory.resolve(ConferenceBridge.self, call.parameter("bridge"))
                    else { return .noContent }
                    try edit.delete(bridge)
                    return .ok(bridge.wire)
                }
            },
        ]
    }

    private func listBridges(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let search = try Search(call.query)
        let fields = try EventQuery.choices(call.query, "fields", of: ["NAME", "DESCRIPTION"])
        return try await read { directory in
            let page = try directory.list(
                ConferenceBridge.self, offset: paging.offset, limit: paging.limit,
                where: { bridge in
                    var texts: [String] = []
                    if fields.isEmpty || fields.contains("NAME") { texts.append(bridge.name) }
                    if fields.isEmpty || fields.contains("DESCRIPTION") { texts.append(bridge.description) }
                    return search.matches(texts)
                })
            return .ok(call.page(page.entries.map(\.wire), total: page.total, paging))
        }
    }

    private func saveBridge(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            let existing = try edit.existing(ConferenceBridge.self, fields, path: call.parameters["bridge"])
            let bridge = try ConferenceBridgeRequest(fields: fields).bridge(existing, edit)
            try edit.put(bridge)
            return .saved(bridge.wire, isNew: existing == nil)
        }
    }
}

extension ConferenceBridge {
    var wire: JSONValue {
        .fields([
            "id": .string(id), "name": .string(name), "description": .string(description),
            "tollNumber": .text(tollNumber), "tollFreeNumber": .text(tollFreeNumber),
            "preferredConnectionType": .string(preferredConnectionType.rawValue),
            "pauseBeforeBridgePrompt": .whole(pauseBeforeBridgePrompt),
            "staticBridgeNumber": .bool(staticBridgeNumber), "bridgeNumber": .text(bridgeNumber),
            "dialAfterBridge": .text(dialAfterBridge), "meetingLink": .text(meetingLink),
            "links": .links("/conference-bridges/\(id)"),
        ])
    }
}

/// The fields of a bridge; those that are absent stay as they are, an empty text takes one away.
private struct ConferenceBridgeRequest {
    let fields: RequestFields

    func bridge(_ existing: ConferenceBridge?, _ edit: DirectoryEdit) throws -> ConferenceBridge {
        let name = try fields.requiredName("name", or: existing?.name, limit: 200)
        var bridge = existing ?? ConferenceBridge(id: edit.newID(), name: name)
        bridge.name = name
        bridge.description = try fields.text("description", limit: 1000) ?? bridge.description
        bridge.tollNumber = try number("tollNumber", bridge.tollNumber)
        bridge.tollFreeNumber = try number("tollFreeNumber", bridge.tollFreeNumber)
        bridge.preferredConnectionType = try fields.choice("preferredConnectionType") ?? bridge.preferredConnectionType
        bridge.pauseBeforeBridgePrompt =
            try fields.integer("pauseBeforeBridgePrompt", in: 0...60) ?? bridge.pauseBeforeBridgePrompt
        bridge.staticBridgeNumber = try fields.bool("staticBridgeNumber") ?? bridge.staticBridgeNumber
        bridge.bridgeNumber = try keys("bridgeNumber", bridge.bridgeNumber)
        bridge.dialAfterBridge = try keys("dialAfterBridge", bridge.dialAfterBridge)
        bridge.meetingLink = try link(bridge.meetingLink)
        guard bridge.tollNumber != nil || bridge.tollFreeNumber != nil || bridge.meetingLink != nil else {
            throw RestError.missingField("tollNumber, tollFreeNumber or meetingLink")
        }
        guard !bridge.staticBridgeNumber || bridge.bridgeNumber != nil else {
            throw RestError.missingField("bridgeNumber")
        }
        return bridge
    }

    private func number(_ field: String, _ current: String?) throws(RestError) -> String? {
        guard let text = try fields.text(field, limit: 60) else { return current }
        if text.isEmpty { return nil }
        guard let number = DeviceAddress.phoneNumber(text) else {
            throw .invalidValue(field, "it must be a number in E.164, as in +16045551212.")
        }
        return number
    }

    /// What is pressed on a phone; a comma is a pause.
    private func keys(_ field: String, _ current: String?) throws(RestError) -> String? {
        guard let text = try fields.text(field, limit: 60) else { return current }
        guard text.allSatisfy({ "0123456789#*,".contains($0) }) else {
            throw .invalidValue(field, "it may have digits, #, * and commas.")
        }
        return text.isEmpty ? nil : text
    }

    private func link(_ current: String?) throws(RestError) -> String? {
        guard let text = try fields.text("meetingLink", limit: 2000) else { return current }
        if text.isEmpty { return nil }
        guard text.lowercased().hasPrefix("https://"), URLComponents(string: text)?.host?.isEmpty == false else {
            throw .invalidValue("meetingLink", "it must be an https address.")
        }
        return text
    }
}
