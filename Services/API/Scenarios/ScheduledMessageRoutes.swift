import AlertCore
import Foundation
import HTTPTypes
import Persistence

/// Alerts that are sent by themselves (spec §4.8, §4.9); who sends them at their time is the Transformer.
extension RESTServices {
    var scheduledMessageRoutes: [RESTRoute] {
        [
            .get("scheduled-messages", listMessages),
            .post("scheduled-messages", permission: .sendRequests, saveMessage),
            .get("scheduled-messages/{message}") { call in
                try await read { .ok(try call.message($0).wire($0)) }
            },
            .delete("scheduled-messages/{message}", permission: .sendRequests, deleteMessage),
            .get("scheduled-messages/{message}/attachments/{name}") { call in
                try await read { try call.file(of: call.message($0).kept, "scheduled message", $0) }
            },
        ]
    }

    private func listMessages(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        return try await read { directory in
            let page = try directory.list(
                ScheduledMessage.self, offset: paging.offset, limit: paging.limit,
                where: { (try? call.maySee($0, directory)) ?? false })  // what cannot be read is not shown
            return .ok(call.page(try page.entries.map { try $0.wire(directory) }, total: page.total, paging))
        }
    }

    private func saveMessage(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let view = try await view()
        let generation = try await partitions.generationOfNewIDs()
        return try await write(call) { edit in
            let existing = try fields.text("id").map { try call.message($0, edit.directory) }
            if let existing { try call.requireEditing(existing, edit.directory) }
            let message = try ScheduledMessageRequest(fields: fields, view: view).message(existing, edit)
            try edit.keepFiles(of: message.kept, field: "event.attachments")
            try edit.put(message)
            if message.nextFireTime != existing?.nextFireTime {
                try edit.directory.schedule(message, generation: generation)
            }
            return .saved(try message.wire(edit.directory), isNew: existing == nil)
        }
    }

    private func deleteMessage(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            guard let message = try edit.directory.get(ScheduledMessage.self, id: call.parameter("message")),
                try call.maySee(message, edit.directory)
            else { return .noContent }
            try call.requireEditing(message, edit.directory)
            let answer = try message.wire(edit.directory)
            try edit.delete(message)
            try DueWork(edit.directory.connection).finish([message.id], kind: ScheduledMessage.Firing.dueKind)
            return .ok(answer)
        }
    }
}

extension RESTCall {
    /// The message of the path.
    fileprivate func message(_ directory: Directory) throws -> ScheduledMessage {
        try message(parameter("message"), directory)
    }

    /// - Throws: 404, also for one that the caller may not see.
    fileprivate func message(_ id: String, _ directory: Directory) throws -> ScheduledMessage {
        guard let message = try directory.get(ScheduledMessage.self, id: id.lowercased()),
            try maySee(message, directory)
        else { throw RestError.notFound("There is no scheduled message \(id).") }
        return message
    }

    fileprivate func maySee(_ message: ScheduledMessage, _ directory: Directory) throws -> Bool {
        if caller.may(.writeConfiguration) { return true }
        return try mayEdit(message, directory)
    }

    /// Whose it is, and whoever may act as that person.
    private func mayEdit(_ message: ScheduledMessage, _ directory: Directory) throws -> Bool {
        if message.owner == caller.person.id { return true }
        guard let owner = try directory.get(Person.self, id: message.owner) else {
            return caller.may(.administerPeople)
        }
        return caller.mayActAs(owner)
    }

    /// - Throws: 403.
    fileprivate func requireEditing(_ message: ScheduledMessage, _ directory: Directory) throws {
        guard try mayEdit(message, directory) else {
            throw Caller.refusal(
                "The scheduled message \(message.name) may be changed by its owner, and by whoever may act as "
                    + "that person.")
        }
    }
}
