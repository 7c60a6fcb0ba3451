import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import Notifier

private typealias Notification = AlertCore.Notification

/// Escalations in the database: many people at once, messages that come again, alerts from before there were any.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct EscalationWriterTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)
    private static let origin = Origin(actor: "<test>", causation: "test", correlation: "r")
    private static let mary = PersonReference(id: "p0", targetName: "p0", firstName: "", lastName: "")

    /// So many people, all in a broadcast group, each with two devices five minutes apart.
    private func prepare(_ database: any SQLDatabase, people: Int) async throws -> DirectoryView {
        try await database.transaction { connection in
            let directory = Directory(connection)
            for index in 0..<people {
                let person = Person(
                    id: "p\(index)", targetName: "p\(index)", firstName: "", lastName: "", whenCreated: Self.start)
                try directory.put(person, by: Self.origin, at: Self.start)
                for sequence in 1...2 {
                    try directory.put(
                        Device(
                            id: "d\(index)-\(sequence)", number: Int64(2 * index + sequence), owner: "p\(index)",
                            name: "Mail \(sequence)", deviceType: .email, emailAddress: "p\(index)@example.org",
                            delay: 5, sequence: sequence), by: Self.origin, at: Self.start)
                }
            }
            let members = (0..<people).map { GroupMember(id: "p\($0)", recipientType: .person) }
            try directory.put(
                Group(id: "g", targetName: "g", groupType: .broadcast, members: members, created: Self.start),
                by: Self.origin, at: Self.start)
        }
        return try await DirectoryCache(database: database).current()
    }

    private func details(_ recipients: [AlertRecipient]) -> AlertDetails {
        AlertDetails(
            number: 1, plan: NamedReference(id: "plan", name: "P"), form: NamedReference(id: "form", name: "F"),
            requestId: "r", submitter: Self.mary, priority: .medium, recipients: recipients)
    }

    private func message(_ id: String, _ event: Alert.Event) -> AlertEventMessage {
        AlertEventMessage(id: id, alert: "a", version: 1, event: event, origin: Self.origin)
    }

    private func counts(_ database: any SQLDatabase) async throws -> [String: Int64] {
        try await database.reading { connection in
            let rows = try connection.execute("SELECT status, count(*) FROM notifications GROUP BY status")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.integer(1)) })
        }
    }

    private func due(_ database: any SQLDatabase, _ kind: String) async throws -> Int64 {
        try await database.reading {
            try $0.execute("SELECT count(*) FROM due_work WHERE kind = \(kind)")[0].integer(0)
        }
    }

    /// 1,300 people in one transaction; the same messages again change nothing; the second devices at their time; the
    /// end takes back what waits.
    @Test(arguments: Backend.available)
    func manyPeopleAtOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let view = try await prepare(database, people: 1300)
            let target = AlertRecipient(id: "g", targetName: "g", recipientType: .group)
            let created = message("1", .created(details: details([target]), at: Self.start))
            for _ in 0..<2 {
                let writer = EscalationWriter(view, partition: 0, at: Self.start)
                try await database.transaction { try writer.follow([created], in: $0) }
            }
            #expect(try await counts(database) == ["pending": 1300])
            #expect(try await due(database, NotificationPlanner.dueKind) == 1300)
            #expect(try await due(database, EscalationWriter.dueKind) == 1)

            let later = Self.start.advanced(by: .seconds(300))
            for _ in 0..<2 {
                let writer = EscalationWriter(view, partition: 0, at: later)
                try await database.transaction { connection in
                    try writer.reach([DueWork.Item(id: "a", payload: "r")], in: connection)
                }
            }
            #expect(try await counts(database) == ["pending": 2600])
            #expect(try await due(database, EscalationWriter.dueKind) == 0)

            let ended = message("2", .terminated(by: Self.mary, reason: .endedByUser, at: later))
            let writer = EscalationWriter(view, partition: 0, at: later)
            try await database.transaction { try writer.follow([ended], in: $0) }
            #expect(try await counts(database) == ["cancelled": 2600])
            #expect(try await due(database, NotificationPlanner.dueKind) == 0)
        }
    }

    /// What is planned and what an answer takes back in one batch.
    @Test(arguments: Backend.available)
    func anAnswerInTheSameBatch(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let view = try await prepare(database, people: 3)
            let targets = (0..<3).map { AlertRecipient(id: "p\($0)", targetName: "p\($0)", recipientType: .person) }
            let option = ResponseOption(id: "o", number: 1, text: "Mine", action: .assignToUser)
            let answer = AlertResponse(id: "x", by: Self.mary, device: "", option: "o", comment: nil, source: "API")
            let writer = EscalationWriter(view, partition: 0, at: Self.start)
            try await database.transaction { connection in
                try writer.follow(
                    [
                        message("1", .created(details: details(targets), at: Self.start)),
                        message("2", .responded(response: answer, option: option, at: Self.start)),
                    ], in: connection)
            }
            #expect(try await counts(database) == ["cancelled": 3])
            #expect(try await due(database, EscalationWriter.dueKind) == 0)
        }
    }

    /// Before there were escalations, notifications were planned in advance: they go on, and are taken back.
    @Test(arguments: Backend.available)
    func alertsFromBefore(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let view = try await prepare(database, people: 2)
            try await database.transaction { connection in
                for index in 0..<2 {
                    let plan = Notification.Plan(
                        id: "n\(index)", alert: "a", alertNumber: 1,
                        recipient: PersonReference(
                            id: "p\(index)", targetName: "p\(index)", firstName: "", lastName: ""),
                        device: NamedReference(id: "d\(index)-1", name: "Mail 1"), deviceNumber: 1, address: "x@y",
                        dueAt: Self.start, reason: "named", correlation: "r")
                    let outcomes = try EventLog(connection).execute(
                        [AddressedCommand<Notification>(.plan(plan), on: plan.id, by: Self.origin)],
                        in: LogPartition(Notification.category, 0), at: Self.start)
                    try Notifications(connection).apply(outcomes, at: Self.start)
                    try DueWork(connection).schedule(
                        plan.id, kind: NotificationPlanner.dueKind, partition: 0, payload: "{}", at: Self.start)
                }
            }
            let writer = EscalationWriter(view, partition: 0, at: Self.start)
            let option = ResponseOption(id: "o", number: 1, text: "OK", action: .stopNotifyingUser)
            let answer = AlertResponse(id: "x", by: Self.mary, device: "", option: "o", comment: nil, source: "API")
            try await database.transaction { connection in
                try writer.follow([message("1", .suspended(by: Self.mary, at: Self.start))], in: connection)
                try writer.follow(
                    [message("2", .responded(response: answer, option: option, at: Self.start))], in: connection)
                try writer.reach([DueWork.Item(id: "a", payload: "r")], in: connection)
            }
            #expect(try await counts(database) == ["cancelled": 1, "pending": 1])
            try await database.transaction { connection in
                try writer.follow(
                    [message("3", .terminated(by: nil, reason: .expired, at: Self.start))], in: connection)
            }
            #expect(try await counts(database) == ["cancelled": 2])
        }
    }
}
