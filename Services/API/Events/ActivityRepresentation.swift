import AlertCore
import Persistence

/// A request with what came of it, as REST shows it (spec §2.8), with fields of our own: `log`, `calls`, `error`,
/// `notes`, `events`, `drafts`, `scriptVersion`, `attempt` and around it.
struct ActivityRepresentation {
    private let activity: Activity
    private let integration: Integration
    private let directory: DirectoryView

    init(_ activity: Activity, of integration: Integration, _ directory: DirectoryView) {
        self.activity = activity
        self.integration = integration
        self.directory = directory
    }

    var json: JSONValue {
        var fields = request.merging(outcome) { first, _ in first }
        let plan = "/plans/\(integration.plan)"
        fields["integration"] = [
            "id": .string(integration.id), "name": .string(integration.name),
            "plan": ["id": .string(integration.plan), "links": .links(plan)],
            "links": .links("\(plan)/integrations/\(integration.id)"),
        ]
        fields["by"] = directory.person(activity.by).map { PersonReference($0).representation }
        fields["attempt"] = .string(activity.run?.attempt.rawValue ?? "ORIGINAL")
        if let run = activity.run {
            fields["attemptBy"] = directory.person(run.by).map { PersonReference($0).representation }
            fields["rerunOf"] = .text(run.rerunOf)
        }
        fields["links"] = .links("/integrations/\(integration.id)/logs/\(activity.requestId)")
        return .fields(fields)
    }

    private var request: [String: JSONValue?] {
        [
            "id": .string(activity.requestId), "requestId": .string(activity.requestId),
            "received": .string(activity.receivedAt.iso),
            "requestMethod": .string(activity.method), "requestHeaders": .texts(activity.headers),
            "requestParameters": .texts(activity.parameters), "requestBody": .string(activity.body),
            "remoteAddress": .string(activity.remoteAddress),
        ]
    }

    private var outcome: [String: JSONValue?] {
        var fields: [String: JSONValue?] = [
            "status": .string(activity.status.rawValue),
            "log": .string(activity.transcript), "calls": .array(activity.calls.map(Self.call)),
            "notes": .array(activity.notes.map(JSONValue.string)),
            "error": activity.problem.map(Self.problem),
            "suppression": activity.suppression.map { suppression in
                ["rule": .string(suppression.rule), "until": .string(suppression.until.iso)]
            },
            "events": .array(
                activity.alerts.map { alert in
                    [
                        "id": .string(alert.id), "eventId": .string(String(alert.number)),
                        "links": .links("/events/\(alert.id)"),
                    ]
                }),
        ]
        if activity.status != .running {
            let end = activity.receivedAt.advanced(by: .milliseconds(activity.durationMilliseconds))
            fields["completed"] = .string(end.iso)
            fields["durationMilliseconds"] = .whole(activity.durationMilliseconds)
        }
        fields["suppressed"] = activity.suppression.map {
            ["rule": .string($0.rule), "until": .string($0.until.iso)]
        }
        if activity.run?.attempt == .dryRun { fields["drafts"] = .array(activity.drafts.map(Self.draft)) }
        if !activity.outputs.isEmpty { fields["outputs"] = .texts(activity.outputs) }
        fields["scriptVersion"] = (activity.script?.version).map { JSONValue.whole($0) }
        if activity.script != nil {
            fields["libraries"] = .array(
                activity.libraries.map { library in
                    .fields(["name": .string(library.name), "version": library.version.map { .whole($0) }])
                })
        }
        return fields
    }

    private static func call(_ call: ActivityCall) -> JSONValue {
        .fields([
            "kind": .string(call.kind.rawValue), "method": .string(call.method), "url": .string(call.url),
            "request": .string(call.requestText), "answer": .string(call.answerText),
            "status": call.status.map { .whole($0) }, "problem": .text(call.problem), "cut": .text(call.cut),
            "durationMilliseconds": .whole(call.durationMilliseconds),
        ])
    }

    private static func problem(_ problem: Activity.Problem) -> JSONValue {
        .fields([
            "kind": .string(problem.kind), "message": .string(problem.message),
            "line": problem.line.map { .whole($0) }, "column": problem.column.map { .whole($0) },
        ])
    }

    /// An alert that a dry run would have made.
    private static func draft(_ details: AlertDetails) -> JSONValue {
        [
            "form": ["id": .string(details.form.id), "name": .string(details.form.name)],
            "plan": ["id": .string(details.plan.id), "name": .string(details.plan.name)],
            "priority": .string(details.priority.rawValue), "properties": .object(details.properties),
            "subject": .string(details.subject), "expirationInMinutes": .whole(details.expirationInMinutes),
            "submitter": details.submitter.representation,
            "recipients": .array(
                details.recipients.map { recipient in
                    [
                        "id": .string(recipient.id), "targetName": .string(recipient.targetName),
                        "recipientType": .string(recipient.recipientType.rawValue),
                    ]
                }),
            "responseOptions": .array(
                details.responseOptions.map { option in
                    [
                        "number": .whole(option.number), "text": .string(option.text),
                        "action": .string(option.action.rawValue),
                    ]
                }),
        ]
    }
}

extension JSONValue {
    static func texts(_ values: [String: String]) -> JSONValue { .object(values.mapValues { .string($0) }) }
}
