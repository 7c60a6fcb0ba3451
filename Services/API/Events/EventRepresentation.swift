import AlertCore
import Foundation
import Persistence

/// An alert as the platform's clients read it (spec §4.2).
struct EventRepresentation {
    let row: AlertRow
    /// Whom and what the alert's recipients are today; `nil` where that is not shown.
    var directory: DirectoryView?
    /// Of an alert that counts responses; `nil` where that is not shown.
    var escalation: AlertEscalation.State?

    private var details: AlertDetails { row.details }
    /// Below ``RESTPath/base``.
    private var path: String { "/events/\(row.id)" }

    /// How other objects name the alert.
    var reference: JSONValue {
        ["id": .string(row.id), "eventId": .string(String(details.number)), "links": .links(path)]
    }

    /// What lists and single answers have in common.
    var summary: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "id": .string(row.id),
            "eventId": .string(String(details.number)),
            "name": .string(details.subject),
            "eventType": details.systemEventType.isEmpty ? "USER" : "SYSTEM",
            "incident": .string("INCIDENT_ID-\(details.number)"),
            "status": .string(status),
            "priority": .string(details.priority.rawValue),
            "created": .string(row.createdAt.isoWithOffset),
            "plan": reference(details.plan, "plans"),
            "form": reference(details.form, "forms"),
            "submitter": details.submitter.representation,
            "requestId": .string(details.requestId),
            "overrideDeviceRestrictions": .bool(details.overrideDeviceRestrictions),
            "escalationOverride": .bool(details.escalationOverride),
            "bypassPhoneIntro": .bool(details.bypassPhoneIntro),
            "requirePhonePassword": .bool(details.requirePhonePassword),
            "responseCountsEnabled": .bool(details.responseCountsEnabled),
            "floodControl": .bool(row.floodControl),
            "links": .links(path),
        ]
        fields["terminated"] = row.terminatedAt.map { .string($0.isoWithOffset) }
        if !details.systemEventType.isEmpty { fields["systemEventType"] = .string(details.systemEventType) }
        fields["integration"] = details.integration.map { ["id": .string($0)] }
        return fields
    }

    /// A single answer has more fields than an entry of a list.
    /// - Parameter notificationCount: How many notifications the alert has led to.
    func full(notificationCount: Int) -> [String: JSONValue] {
        var fields = summary
        fields["expirationInMinutes"] = .integer(Int64(details.expirationInMinutes))
        fields["notificationAuditCount"] = .integer(Int64(notificationCount))
        fields["voicemailOptions"] = details.voicemailOptions.representation
        fields["otherResponseCountThreshold"] = details.otherResponseCountThreshold.map { .integer(Int64($0)) }
        if details.responseCountsEnabled {
            fields["otherResponseCount"] = .integer(Int64(escalation?.otherResponseCount ?? 0))
        }
        fields["senderOverrides"] = details.senderOverrides.map { sender in
            .fields(["displayName": .text(sender.displayName), "callerId": .text(sender.callerId)])
        }
        fields["conference"] = details.conference?.representation(ofAlert: row.id)
        if !details.targetDeviceNames.isEmpty {
            fields["targetDeviceNames"] = .array(details.targetDeviceNames.map { ["name": .string($0)] })
        }
        return fields
    }

    /// The platform's lists say `TERMINATED`, whoever ended it; the audit says who did.
    private var status: String { row.status == "TERMINATED_EXTERNAL" ? "TERMINATED" : row.status }

    private func reference(_ named: NamedReference, _ collection: String) -> JSONValue {
        [
            "id": .string(named.id), "name": .string(named.name),
            "links": .links("/\(collection)/\(named.id)"),
        ]
    }
}

// MARK: - What can be embedded

extension EventRepresentation {
    /// By name; that of a text property has its language (spec §2.4).
    var properties: JSONValue {
        let texts = Set(details.textProperties)
        return .object(
            Dictionary(uniqueKeysWithValues: details.properties.map { (texts.contains($0) ? "\($0)#en" : $0, $1) }))
    }

    func responseOptions(withTranslations: Bool) -> [JSONValue] {
        details.responseOptions.enumerated().map {
            $1.representation(order: $0 + 1, withTranslations: withTranslations)
        }
    }

    /// - Parameter sizes: In bytes, by the id of the upload.
    func attachments(sizes: [String: Int]) -> [JSONValue] {
        details.attachments.map { attachment in
            let size = attachment.uploadId.flatMap { sizes[$0] }
            let name = attachment.name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? attachment.name
            return .fields([
                "name": .string(attachment.name), "path": .string(attachment.path), "size": size.map { .whole($0) },
                "links": .links("\(path)/attachments/\(name)"),
            ])
        }
    }

    var messages: [JSONValue] {
        [
            [
                "id": .string(DerivedID.uuid("message", row.id, "email")), "messageType": "SUBJECT_AND_BODY",
                "subject": .string(details.subject), "body": .string(details.body), "language": "en",
            ]
        ]
    }

    func annotations(_ events: [AlertHistory.Entry<Alert.Event>]) -> [JSONValue] {
        events.compactMap { annotation($0.event) }
    }

    /// `nil` for an event that is no comment.
    func annotation(_ event: Alert.Event) -> JSONValue? {
        guard case .commented(let id, let author, let text, let at) = event else { return nil }
        return [
            "id": .string(id), "event": reference, "author": author.representation, "comment": .string(text),
            "created": .string(at.iso), "links": .links("\(path)/annotations/\(id)"),
        ]
    }
}

extension VoicemailOptions {
    fileprivate var representation: JSONValue {
        ["retry": .integer(Int64(retry)), "every": .integer(Int64(every)), "leave": .string(leave.rawValue)]
    }
}

extension PersonReference {
    /// PersonReference of spec §4.2.
    var fields: [String: JSONValue] {
        [
            "id": .string(id), "targetName": .string(targetName), "firstName": .string(firstName),
            "lastName": .string(lastName), "recipientType": "PERSON",
            "links": .links("/people/\(id)"),
        ]
    }

    var representation: JSONValue { .object(fields) }
}

extension ResponseOption {
    /// - Parameter order: From 1, in the form.
    func representation(order: Int? = nil, withTranslations: Bool = false) -> JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(id), "number": .integer(Int64(number)), "text": .string(text),
            "description": .string(description), "prompt": .string(prompt), "action": .string(action.rawValue),
            "contribution": .string(contribution.rawValue), "joinConference": .bool(joinConference),
            "allowComments": .bool(allowComments), "redirectUrl": .string(redirectUrl ?? ""),
        ]
        fields["order"] = order.map { .integer(Int64($0)) }
        if withTranslations {
            fields["translations"] = .embeddedPage(
                translations.map { translation in
                    .fields([
                        "id": .string(DerivedID.uuid("translation", id, translation.language)),
                        "language": .string(translation.language), "text": .string(translation.text),
                        "prompt": .text(translation.prompt), "description": .text(translation.description),
                    ])
                }, path: "\(RESTPath.base)/response-options/\(id)/translations")
        }
        return .object(fields)
    }
}
