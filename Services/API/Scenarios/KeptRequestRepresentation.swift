import AlertCore
import Foundation
import Persistence

/// What is filled in of a form, as clients read it (spec §2.3).
struct KeptRequestRepresentation {
    let kept: KeptRequest
    /// `nil` when it is gone.
    let form: Form?
    let lookup: KeptLookup
    /// Of what it belongs to, below ``RESTPath/base``.
    let path: String

    func fields() throws -> [String: JSONValue?] {
        let request = try kept.request()
        let handling = form?.handling
        let voicemail = handling?.voicemailOptions
        var fields: [String: JSONValue?] = [
            "properties": .object(request.properties),
            "priority": .text(request.priority?.rawValue),
            "expirationInMinutes": request.expirationInMinutes.map(JSONValue.whole),
            "overrideDeviceRestrictions": .bool(
                request.overrideDeviceRestrictions ?? handling?.overrideDeviceRestrictions ?? false),
            "escalationOverride": .bool(request.escalationOverride ?? handling?.escalationOverride ?? false),
            "bypassPhoneIntro": .bool(request.bypassPhoneIntro ?? handling?.bypassPhoneIntro ?? false),
            "requirePhonePassword": .bool(request.requirePhonePassword ?? handling?.requirePhonePassword ?? false),
            "voicemailOptions": .fields([
                "retry": (request.voicemailOptions?.retry ?? voicemail?.retry).map(JSONValue.whole),
                "every": (request.voicemailOptions?.every ?? voicemail?.every).map(JSONValue.whole),
                "leave": .text((request.voicemailOptions?.leave ?? voicemail?.leave)?.rawValue),
            ]),
            "conference": kept.fields["conference"],
            "targetAllDevices": request.targetAllDevices ? .bool(true) : nil,
            "otherResponseCountThreshold": request.otherResponseCountThreshold.map(JSONValue.whole),
            "attachments": page(try attachments(request), "attachments"),
            // Clients look into it without asking whether it is there.
            "recipients": page(try (request.recipients ?? []).compactMap(lookup.recipient), "recipients"),
        ]
        if let sender = request.senderOverrides {
            fields["senderOverrides"] = .fields([
                "displayName": .text(sender.displayName), "callerId": .text(sender.callerId),
            ])
        }
        if let names = request.targetDeviceNames {
            fields["targetDeviceNames"] = page(try lookup.deviceNames(names), "target-device-names")
        }
        if let options = request.responseOptions {
            fields["responseOptions"] = page(options.map(option), "response-options")
        }
        return fields
    }

    private func page(_ all: [JSONValue], _ name: String) -> JSONValue {
        .embeddedPage(all, path: "\(RESTPath.base)\(path)/\(name)")
    }

    /// As on the form, with what is changed; or as it is given.
    private func option(_ given: JSONValue) -> JSONValue {
        let id = given.string ?? given["id"]?.string
        guard let option = form?.responseOptions.first(where: { $0.id == id }) else { return given }
        let fields = option.representation().object ?? [:]
        return .object(fields.merging(given.object ?? [:]) { $1 })
    }

    private func attachments(_ request: AlertRequest) throws -> [JSONValue] {
        guard !request.attachments.isEmpty else { return [] }
        let sizes = try lookup.sizes(request.attachments.compactMap(\.uploadId))
        return request.attachments.map { file in
            let name = file.name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? file.name
            return .fields([
                "name": .string(file.name), "path": .string(file.path),
                "size": file.uploadId.flatMap { sizes[$0] }.map(JSONValue.whole),
                "links": .links("\(path)/attachments/\(name)"),
            ])
        }
    }
}

/// Where representations look what is kept up, within one transaction.
struct KeptLookup {
    let directory: Directory

    init(_ directory: Directory) { self.directory = directory }

    func sizes(_ ids: [String]) throws -> [String: Int] { try Attachments(directory.connection).sizes(of: ids) }

    func person(_ id: String) throws -> JSONValue {
        guard let person = try directory.get(Person.self, id: id) else {
            return ["id": .string(id), "targetName": "", "recipientType": "PERSON"]
        }
        return .object(PersonReference(person).fields.merging(["status": .string(person.status.rawValue)]) { $1 })
    }

    /// Each with the kinds of devices that can have it, in so far as it is one that devices can have.
    func deviceNames(_ names: [String]) throws -> [JSONValue] {
        let known = try directory.deviceNames()
        return names.map { name in
            let kind = known.first { $0.name.lowercased() == name.lowercased() }?.deviceType.rawValue
            return .fields(["name": .string(name), "deviceType": .text(kind)])
        }
    }

    /// Somebody who is to be told; `nil` when they are gone.
    func recipient(_ recipient: AlertRequest.Recipient) throws -> JSONValue? {
        guard var fields = try target(recipient)?.object else { return nil }
        fields["targeted"] = true
        fields["responseCountThreshold"] = recipient.responseCountThreshold.map(JSONValue.whole)
        return .object(fields)
    }

    private func target(_ recipient: AlertRequest.Recipient) throws -> JSONValue? {
        switch recipient.kind {
        case .person:
            return try directory.get(Person.self, id: recipient.name).map { try person($0.id) }
        case .group, .dynamicTeam:
            return try directory.get(Group.self, id: recipient.name).map { group in
                [
                    "id": .string(group.id), "targetName": .string(group.targetName), "recipientType": "GROUP",
                    "groupType": .string(group.groupType.rawValue), "status": .string(group.status.rawValue),
                    "links": .links("/groups/\(group.id)"),
                ]
            }
        case .device, nil:
            return try directory.get(Device.self, id: recipient.name)?.wire(directory)
        }
    }
}
