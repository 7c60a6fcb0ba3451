import AlertCore
import Messaging
import Persistence

// How many partitions every topic has: ours.
extension EventServices {
    var partitionRoutes: [RESTRoute] {
        [
            .get("partitions") { _ in
                let rows = try await database.reading { try PartitionSchedules($0).rows() }
                return .ok(representation(rows))
            },
            .post("partitions", permission: .administerSystem) { try await raisePartitions($0) },
        ]
    }

    private func raisePartitions(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        guard let count = try fields.integer("count", in: PartitionSchedule.countRange) else {
            throw RestError.missingField("count")
        }
        let raise = PartitionRaise(bus: gateway.bus, database: database, now: now)
        let actor = call.caller.person.targetName
        let rows = try await raise.carryOut(
            to: count,
            by: Origin(
                actor: actor, causation: "rest-\(call.trace)", correlation: call.trace, person: call.caller.person.id))
        return RESTAnswer(status: .accepted, body: representation(rows))
    }

    private func representation(_ rows: [PartitionSchedules.Row]) -> JSONValue {
        let now = now()
        return [
            "count": .integer(Int64(rows.last?.count ?? 0)),
            "isPending": .bool(rows.last.map { $0.since > now } ?? false),
            "generations": .array(
                rows.map { row in
                    var fields: [String: JSONValue] = [
                        "generation": .integer(Int64(row.generation)), "count": .integer(Int64(row.count)),
                        "since": .string(row.since.iso),
                    ]
                    if !row.raisedBy.isEmpty { fields["by"] = .string(row.raisedBy) }
                    return .object(fields)
                }),
        ]
    }
}

/// Raises the number of partitions of every topic while everything runs.
struct PartitionRaise: Sendable {
    let bus: any MessageBus
    let database: any SQLDatabase
    let now: Clock

    /// First the topics get their partitions, then the schedule says so; what fails in between is repeated.
    /// - Throws: 400 for a number that is not larger than the present one, 409 while another raise has not taken effect
    ///   or when the cluster refuses, 503 when it does not answer.
    /// - Returns: The whole schedule.
    func carryOut(to count: Int, by origin: Origin) async throws -> [PartitionSchedules.Row] {
        let rows = try await database.reading { try PartitionSchedules($0).rows() }
        try check(count, rows, at: now())
        do {
            try await bus.addPartitions(upTo: count)
        } catch let error as any OutageError where error.isOutage {
            throw RestError(
                503, "The topics cannot get more partitions now: \(error).", subcode: "partitions.unavailable",
                headers: ["Retry-After": "10"])
        } catch {
            throw RestError.conflict(
                "The topics cannot get more partitions: \(error).", subcode: "partitions.refused")
        }
        let after = try await database.retrying { [now, settling = bus.settlingTime] connection in
            let schedules = PartitionSchedules(connection)
            let (rows, moment) = (try schedules.rows(), now())
            let last = try check(count, rows, at: moment)
            let since = moment.advanced(by: settling)
            return rows + [try schedules.raise(to: count, after: last, since: since, by: origin, at: moment)]
        }
        try await bus.partitions.refresh()
        return after
    }

    /// - Returns: The newest row.
    @discardableResult
    private func check(
        _ count: Int, _ rows: [PartitionSchedules.Row], at now: Timestamp
    ) throws(RestError) -> PartitionSchedules.Row {
        guard let last = rows.last else { throw RestError.conflict("There is no schedule of partitions.") }
        if let reason = PartitionSchedule(rows.map(\.count)).refusal(ofRaiseTo: count) {
            throw RestError.invalidValue("count", reason)
        }
        guard last.since <= now else {
            throw RestError.conflict(
                "A raise to \(last.count) takes effect at \(last.since.iso).", subcode: "partitions.pending")
        }
        return last
    }
}
