import AlertCore
import Messaging
import Persistence

// The history of alerts, sent to one integration: ours.
extension EventServices {
    /// Deliveries a second, of a replay.
    static let replayRates = 1...500
    static let standardReplayRate = 20
    /// Events that a dry run looks at.
    static let dryRunLimit = 50_000
    private static let sampleLimit = 10

    var replayRoutes: [RESTRoute] {
        [
            .get("replays") { try await listReplays($0) },
            .post("replays") { try await beginReplay($0) },
            .get("replays/{replay}") { call in .ok(representation(try await replay(call.parameter("replay")))) },
            .post("replays/{replay}/cancel") { call in
                let person = PersonReference(call.caller.person)
                return .ok(representation(try await cancelReplay(call.parameter("replay"), by: person)))
            },
        ]
    }

    private func listReplays(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let integration = call.query["integration"]?.lowercased()
        let found = try await database.reading {
            try Replays($0).list(
                integration: integration.flatMap { $0.isEmpty ? nil : $0 }, offset: paging.offset, limit: paging.limit)
        }
        return .ok(call.page(found.rows.map(representation), total: found.total, paging))
    }

    private func beginReplay(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        guard let name = try fields.reference("integration") else { throw RestError.missingField("integration") }
        guard let since = try fields.text("since"), !since.isEmpty else { throw RestError.missingField("since") }
        let wish = ReplayWish(
            id: try fields.text("id", limit: 64)?.lowercased(), integration: name, since: since,
            rate: try fields.integer("rate", in: Self.replayRates) ?? Self.standardReplayRate,
            includesSent: try fields.bool("includeSent") ?? false)
        let person = PersonReference(call.caller.person)
        if try fields.bool("dryRun") ?? false { return .ok(try await dryRun(wish, by: person)) }
        let (replay, isNew) = try await begin(wish, by: person, fallbackId: call.trace)
        return RESTAnswer(status: isNew ? .accepted : .ok, body: representation(replay))
    }

    /// - Throws: 404.
    func replay(_ id: String) async throws -> Replay {
        let id = id.lowercased()
        guard let replay = try await database.reading({ try Replays($0).get(id) }) else {
            throw RestError.notFound("There is no replay \(id).")
        }
        return replay
    }

    /// One that has ended stays as it is.
    func cancelReplay(_ id: String, by person: PersonReference) async throws -> Replay {
        let (id, now) = (id.lowercased(), now())
        let cancelled = try await database.retrying { connection in
            try Replays(connection).update(id) { replay in
                guard replay.status == .running else { return false }
                (replay.status, replay.endedBy, replay.updatedAt) = (.cancelled, person, now)
                return true
            }
        }
        guard let cancelled else { throw RestError.notFound("There is no replay \(id).") }
        return cancelled
    }

    /// - Parameter fallbackId: The replay's id, when the wish has none.
    /// - Returns: The replay, and whether it is new: one of that id is left as it is.
    func begin(
        _ wish: ReplayWish, by person: PersonReference, fallbackId: String
    ) async throws -> (replay: Replay, isNew: Bool) {
        let integration = try target(wish, try await cache.refreshed())
        let (now, partitions) = (now(), gateway.bus.partitions)
        let id = wish.id ?? fallbackId
        return try await database.retrying { connection in
            let replays = Replays(connection)
            if let known = try replays.get(id) { return (known, false) }
            // The directory's lock: of two who begin one at the same time, the second finds the first.
            try Directory(connection).lock()
            if let running = try replays.running(for: integration.id) {
                throw RestError.conflict(
                    "The replay \(running.id) to this integration goes on.", subcode: "replay.running")
            }
            let replay = try wish.replay(id: id, to: integration, by: person, at: now, in: connection)
            try replays.add(replay)
            try DueWork(connection).schedule(
                id, kind: DeliveryOrders.dueKind,
                partition: try partitions.schedule(in: connection).partition(of: integration.id, generation: nil),
                payload: try JSON.encode(DeliveryOrder.replay), at: now)
            return (replay, true)
        }
    }

    /// What a replay would send: as far as ``dryRunLimit`` events tell.
    func dryRun(_ wish: ReplayWish, by person: PersonReference) async throws -> JSONValue {
        let integration = try target(wish, try await cache.refreshed())
        let now = now()
        var replay = try await database.reading { connection in
            try wish.replay(id: "", to: integration, by: person, at: now, in: connection)
        }
        let total = replay.total
        var sample: [JSONValue] = []
        // Each step is a snapshot of its own: no reading goes on for long.
        while !replay.isComplete, replay.scanned < Self.dryRunLimit {
            let scan = try await database.reading { [replay] in
                try ReplayScan(replay, to: integration, limit: 500, in: $0)
            }
            for candidate in scan.candidates where sample.count < Self.sampleLimit {
                sample.append([
                    "event": [
                        "id": .string(candidate.alert.id), "eventId": .string(String(candidate.alert.details.number)),
                    ],
                    "sequence": .integer(candidate.recorded.version), "kind": .string(candidate.recorded.type),
                    "at": .string(candidate.recorded.recordedAt.iso), "payload": candidate.payload.body,
                ])
            }
            replay = scan.after
        }
        return [
            "dryRun": true, "isComplete": .bool(replay.isComplete), "events": .integer(Int64(total)),
            "scanned": .integer(Int64(replay.scanned)), "total": .integer(Int64(replay.sent)),
            "passedOver": .integer(Int64(replay.passedOver)), "refused": .integer(Int64(replay.refused)),
            "rate": .integer(Int64(wish.rate)), "sample": .array(sample),
        ]
    }

    /// - Throws: 404, 409 for an integration that cannot take anything.
    private func target(_ wish: ReplayWish, _ directory: DirectoryView) throws -> Integration {
        let found =
            directory.integrations[wish.integration.lowercased()]
            ?? directory.integrations.values.first { $0.name.lowercased() == wish.integration.lowercased() }
        guard let found else { throw RestError.notFound("There is no integration \(wish.integration).") }
        guard found.integrationType == .outbound, found.form != nil, found.triggeredBy != nil else {
            throw RestError.invalidValue("integration", "\(found.name) is not set off by events of a form.")
        }
        if let reason = found.notExecuted { throw RestError.conflict(reason, subcode: "replay.not_executed") }
        guard found.deployed else {
            throw RestError.conflict("\(found.name) is not deployed.", subcode: "replay.not_deployed")
        }
        return found
    }

    func representation(_ replay: Replay) -> JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(replay.id), "integration": ["id": .string(replay.integration)],
            "status": .string(replay.status.rawValue.uppercased()), "since": .string(replay.since.iso),
            "rate": .integer(Int64(replay.rate)), "includeSent": .bool(replay.includesSent),
            "by": .string(replay.by.targetName), "created": .string(replay.createdAt.iso),
            "updated": .string(replay.updatedAt.iso), "events": .integer(Int64(replay.total)),
            "scanned": .integer(Int64(replay.scanned)), "sent": .integer(Int64(replay.sent)),
            "passedOver": .integer(Int64(replay.passedOver)), "refused": .integer(Int64(replay.refused)),
            "links": .links("/replays/\(replay.id)"),
        ]
        fields["problem"] = replay.problem.map { .string($0) }
        fields["cancelledBy"] = replay.endedBy.map { .string($0.targetName) }
        return .object(fields)
    }
}

/// What somebody wants replayed.
struct ReplayWish: Sendable {
    /// Of the replay: a repeated command with the same one begins no second.
    let id: String?
    /// An id or a name.
    let integration: String
    /// A time, or an event's id as in `alert/3:120`, with which it begins.
    let since: String
    let rate: Int
    let includesSent: Bool

    func replay(
        id: String, to integration: Integration, by person: PersonReference, at now: Timestamp,
        in connection: any SQLConnection
    ) throws -> Replay {
        func begin(_ since: Timestamp) throws -> Replay {
            try Replays(connection).begin(
                id: id, integration: integration.id, since: since, rate: rate, includesSent: includesSent, by: person,
                at: now)
        }
        if let time = Timestamp(iso: since) { return try begin(time) }
        let parts = since.split(separator: ":").map(String.init)
        guard parts.count == 2, let position = Position(parts[1]), position > 0,
            let number = Int(parts[0].dropFirst("\(Alert.category)/".count)), parts[0] == "\(Alert.category)/\(number)"
        else {
            throw RestError.invalidValue(
                "since", "\(since) is no time such as 2018-04-17T14:00:00.000Z and no place such as alert/3:120.")
        }
        let partition = LogPartition(Alert.category, number)
        guard position <= (try EventLog(connection).heads(of: Alert.category)[partition] ?? 0) else {
            throw RestError.notFound("There is no event \(since).")
        }
        var replay = try begin(try EventLog(connection).event(at: position, in: partition).recordedAt)
        replay.cursors[partition.description] = position - 1
        return replay
    }
}
