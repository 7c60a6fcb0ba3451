import AlertCore
import Messaging
import Persistence

// Messages of topics that could not be understood: ours.
extension EventServices {
    /// How many messages one request publishes again.
    static let letterLimit = 1000

    var deadLetterRoutes: [RESTRoute] {
        [
            .get("dead-letters") { call in
                let paging = try call.query.paging()
                let (topic, isRedriven) = (call.query["topic"], try call.query.bool("redriven"))
                let found = try await database.reading {
                    try DeadLetters($0).list(
                        topic: topic, isRedriven: isRedriven, offset: paging.offset, limit: paging.limit)
                }
                return .ok(call.page(found.rows.map(\.representation), total: found.total, paging))
            },
            .post("dead-letters/redrive", permission: .administerSystem) { try await redriveLetters($0) },
        ]
    }

    private func redriveLetters(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        let ids = try fields.texts("ids", limit: Self.letterLimit)
        let topic = try fields.text("topic")
        guard ids != nil || topic != nil else { throw RestError.missingField("ids") }
        let letters = try await database.reading { connection in
            let store = DeadLetters(connection)
            guard let ids else {
                return try store.list(topic: topic, isRedriven: false, offset: 0, limit: Self.letterLimit).rows
            }
            return try ids.map { id in
                guard let letter = try store.get(id) else { throw RestError.notFound("There is no dead letter \(id).") }
                return letter
            }
        }
        let isDry = try fields.bool("dryRun") ?? false
        if !isDry { try await redrive(letters, by: call.caller.person) }
        return .ok([
            "dryRun": .bool(isDry), "total": .integer(Int64(letters.count)),
            "sample": .array(letters.prefix(10).map(\.representation)),
        ])
    }

    /// Publishes messages to their topics again, and then marks them. After a crash in between they come once more,
    /// which does no harm: whoever takes a message knows what has been done.
    func redrive(_ letters: [DeadLetter], by person: Person) async throws {
        for (name, letters) in Dictionary(grouping: letters, by: \.topic) {
            guard let topic = Topic.all.first(where: { $0.name == name }) else {
                throw RestError.conflict("There is no topic \(name) any more.", subcode: "dead_letter.no_topic")
            }
            let inOrder = letters.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
            try await gateway.bus.publish(inOrder.map { $0.outgoing(to: topic) }, to: topic)
            let (by, now) = (person.targetName, now())
            try await database.retrying { try DeadLetters($0).markRedriven(inOrder, by: by, at: now) }
        }
    }
}

extension DeadLetter {
    private struct AboutAlert: Decodable { let alert: String }

    /// To the partition where it was, or would have been.
    fileprivate func outgoing(to topic: Topic) -> OutgoingMessage {
        let message = OutgoingMessage(key: key, body: body)
        guard !topic.hasStampedKeys else { return message }
        // What names no alert has no order to keep.
        let about = try? JSON.decode(body, as: AboutAlert.self)
        return about.map { message.placed(like: $0.alert) } ?? message
    }

    /// How much of a message is shown, in bytes.
    private static let bodyLimit = 64 << 10

    var representation: JSONValue {
        var fields: [String: JSONValue] = [
            "id": .string(id), "topic": .string(topic), "partition": .integer(Int64(partition)),
            "offset": .integer(offset), "key": .string(key), "reason": .string(reason),
            "recorded": .string(recordedAt.iso),
            "body": .string(String(decoding: body.utf8.prefix(Self.bodyLimit), as: UTF8.self)),
        ]
        if body.utf8.count > Self.bodyLimit { fields["bodyTruncated"] = true }
        fields["redriven"] = redriven.map { ["at": .string($0.at.iso), "by": .string($0.by)] }
        return .object(fields)
    }
}
