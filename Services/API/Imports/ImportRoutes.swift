import AlertCore
import Foundation
import Persistence

/// Files of people that are read in the background (spec §4.8): for those who may make people.
extension RESTServices {
    /// What multipart puts around a file.
    private static let frameLimit = 64 << 10

    var importRoutes: [RESTRoute] {
        var upload = RESTRoute.post("uploads/users-v1", permission: .signIn) { try await uploadUsers($0) }
        upload.rawBodyLimit = UserFile.sizeLimit + Self.frameLimit
        return [
            upload,
            .get("imports", permission: .signIn, listImports),
            .get("imports/{import}", permission: .signIn) { call in
                try call.caller.requireMakingPeople()
                return .ok(try await foundImport(call).wire)
            },
            .get("imports/{import}/import-messages", permission: .signIn, listImportMessages),
        ]
    }

    private func uploadUsers(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireMakingPeople()
        let bytes = try MultipartFile.content(of: call.raw)
        guard bytes.count <= UserFile.sizeLimit else {
            throw RestError(
                413, "The file has more than \(UserFile.sizeLimit) bytes.", subcode: "request.body_too_large")
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw RestError.invalidValue("file", "it is not in UTF-8.")
        }
        guard !text.contains("\0") else { throw RestError.invalidValue("file", "it holds a NUL character.") }
        let file = try UserFile(text)
        let moment = now()
        let job = UserImport(
            id: DerivedID.timeOrdered(at: moment, chance: RandomSecret.bytes(10)),
            name: try Self.name(of: call, at: moment), transform: UserFile.transform,
            by: PersonReference(call.caller.person), startedAt: moment, totalCount: file.rows.count)
        let origin = Origin(
            actor: call.caller.person.targetName, causation: "rest-\(call.trace)", correlation: call.trace)
        try await database.retrying { connection in
            try Directory(connection).lock()
            try UserImports(connection).add(job, content: text, by: origin)
        }
        return RESTAnswer(status: .accepted, body: job.wire)
    }

    private static func name(of call: RESTCall, at now: Timestamp) throws -> String {
        let given = try MultipartFile.field("name", of: call.raw) ?? call.query["name"]
        let own = try MultipartFile.description(of: call.raw).name
        let name = (given ?? own ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard name.utf8.count <= 255, !name.contains("\0") else {
            throw RestError.invalidValue("name", "it may have at most 255 bytes.")
        }
        return name.isEmpty ? "User Upload at \(now.iso)" : name
    }

    private func listImports(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireMakingPeople()
        let transforms = call.query.list("transformType")?.map { $0.lowercased().replacing("_", with: "-") }
        let statuses = try EventQuery.choices(call.query, "status", of: UserImport.Status.allCases.map(\.rawValue))
        let order = try call.query.choice("sortBy", of: ImportOrder.allCases.map(\.rawValue)).flatMap(ImportOrder.init)
        let direction = try call.query.choice("sortOrder", of: ["ASCENDING", "DESCENDING"])
        var found = try await database.reading { try UserImports($0).all() }.filter { job in
            (transforms?.contains(job.transform) ?? true)
                && (statuses.isEmpty || statuses.contains(job.status.rawValue))
        }
        if let order {
            let isDescending = direction == "DESCENDING"
            found.sort { isDescending ? order.key($0) > order.key($1) : order.key($0) < order.key($1) }
        } else if direction == "ASCENDING" {
            found.reverse()
        }
        return .ok(try call.page(of: found.map(\.wire)))
    }

    private func listImportMessages(_ call: RESTCall) async throws -> RESTAnswer {
        try call.caller.requireMakingPeople()
        let paging = try call.query.paging()
        let valid = ImportMessage.Level.allCases.map(\.rawValue)
        let levels = try EventQuery.choices(call.query, "messageLevels", of: valid)
            .compactMap(ImportMessage.Level.init)
        let id = try await foundImport(call).id
        return try await database.reading { connection in
            let (total, rows) = try UserImports(connection).messages(
                of: id, levels: levels, offset: paging.offset, limit: paging.limit)
            return .ok(call.page(rows.map { $0.message.wire(of: id, number: $0.number) }, total: total, paging))
        }
    }

    private func foundImport(_ call: RESTCall) async throws -> UserImport {
        let id = call.parameter("import")
        guard let job = try await database.reading({ try UserImports($0).get(id) }) else {
            throw RestError.notFound("There is no import \(id), or not any more.")
        }
        return job
    }
}

/// What lists of imports are sorted by.
private enum ImportOrder: String, CaseIterable {
    case name = "NAME"
    case status = "STATUS"
    case started = "STARTED"
    case finished = "FINISHED_AT"
    case updated = "LAST_UPDATED_AT"
    case processed = "PROCESSED_COUNT"
    case total = "TOTAL_COUNT"

    func key(_ job: UserImport) -> (String, Int64, String) {
        switch self {
        case .name: (job.name.lowercased(), 0, job.id)
        case .status: (job.status.rawValue, 0, job.id)
        case .started: ("", job.startedAt.milliseconds, job.id)
        case .finished: ("", job.finishedAt?.milliseconds ?? .max, job.id)
        case .updated: ("", job.lastUpdatedAt.milliseconds, job.id)
        case .processed: ("", Int64(job.processedCount), job.id)
        case .total: ("", Int64(job.totalCount), job.id)
        }
    }
}

extension UserImport {
    var wire: JSONValue {
        .fields([
            "id": .string(id), "name": .string(name),
            "transform": ["name": .string(transform), "url": .string("\(RESTPath.base)/uploads/\(transform)")],
            "status": .string(status.rawValue), "by": by.representation, "started": .string(startedAt.iso),
            "processingAt": processingAt.map { .string($0.iso) }, "lastUpdatedAt": .string(lastUpdatedAt.iso),
            "finishedAt": finishedAt.map { .string($0.iso) }, "totalCount": .whole(totalCount),
            "processedCount": .whole(processedCount), "failedCount": .whole(failedCount),
            "messageCount": .whole(messageCount), "links": .links("/imports/\(id)"),
        ])
    }
}

extension ImportMessage {
    fileprivate func wire(of job: String, number: Int) -> JSONValue {
        .fields([
            "id": .string(DerivedID.uuid("import-message", job, String(number))),
            "messageLevel": .string(level.rawValue), "messageType": .string(kind.rawValue),
            "description": .string(description), "column": .text(column), "line": line.map { .whole($0) },
        ])
    }
}
