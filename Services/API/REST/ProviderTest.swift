import AlertCore
import Foundation
import Messaging
import Persistence

/// Plans a sample for a device by one provider, as a notification like any other, and waits for what the notifier makes
/// of it.
struct ProviderTest: Sendable {
    /// How long whoever asked waits at most.
    private static let patience = Duration.seconds(30)

    let database: any SQLDatabase
    let partitions: Partitions
    let now: Clock

    /// - Returns: `{"notification", "status", "provider", "exchange": [{"at", "text"}]}`; the status is `PENDING` when
    ///   nothing has come of it in time.
    func send(
        to device: Device, of owner: Person, by provider: NotificationProvider, askedBy asker: Person, trace: String
    ) async throws -> JSONValue {
        let plan = plan(for: device, of: owner, by: provider, askedBy: asker.targetName, trace: trace)
        try await database.retrying { [now, partitions] connection in
            let partition = try partitions.schedule(in: connection).partition(of: plan.id, generation: nil)
            let origin = Origin(
                actor: asker.targetName, causation: "rest-\(trace)", correlation: trace, person: asker.id)
            let moment = now()
            let outcomes = try EventLog(connection).execute(
                [AddressedCommand<AlertCore.Notification>(.plan(plan), on: plan.id, by: origin)],
                in: LogPartition(AlertCore.Notification.category, partition), at: moment)
            try Notifications(connection).apply(outcomes, at: moment)
            try DueWork(connection).schedule(
                plan.id, kind: NotificationWords.dueKind, partition: partition, payload: "{}", at: moment)
        }
        let row = try await ended(plan.id)
        return .fields([
            "notification": .string(plan.id), "status": .string(row?.status.testStatus ?? "PENDING"),
            "provider": ["id": .string(provider.id), "name": .string(provider.name)],
            "exchange": .array(try await exchange(plan.id)),
        ])
    }

    private func plan(
        for device: Device, of owner: Person, by provider: NotificationProvider, askedBy actor: String, trace: String
    ) -> AlertCore.Notification.Plan {
        let address = [device.emailAddress, device.phoneNumber, device.pin].compactMap { $0 }.first { !$0.isEmpty }
        var plan = AlertCore.Notification.Plan(
            id: DerivedID.uuid("provider-test", trace), alert: "", alertNumber: 0, recipient: PersonReference(owner),
            device: NamedReference(id: device.id, name: device.name), deviceNumber: device.number,
            address: address ?? "", dueAt: now(), reason: "\(actor) tests the provider \(provider.name)",
            correlation: trace, deviceClass: DeviceClass(device.deviceType))
        plan.deviceType = device.deviceType.rawValue
        plan.provider = provider.id
        plan.language = owner.language
        plan.purpose = AlertCore.Notification.Purpose.test.rawValue
        return plan
    }

    /// The row once a first attempt has had an outcome; `nil` when none has in time.
    private func ended(_ id: String) async throws -> NotificationRow? {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            let row = try await database.reading { try Notifications($0).get([id]).first }
            if let row, row.version > 1, row.status != .sending { return row }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// What has happened, in words.
    private func exchange(_ id: String) async throws -> [JSONValue] {
        let stream = "\(AlertCore.Notification.category)-\(id)"
        let history = try await database.reading { try EventLog($0).read(streams: [stream]) }
        return try history.map { recorded in
            let event: AlertCore.Notification.Event = try EventCodec.decode(recorded.data)
            return ["at": .string(recorded.recordedAt.iso), "text": .string(event.testText)]
        }
    }
}

extension AlertCore.Notification.Phase {
    fileprivate var testStatus: String {
        switch self {
        case .delivered: "DELIVERED"
        case .failed, .cancelled, .suppressed: "FAILED"
        case .unknown, .pending, .sending, .held, .collapsed, .inDoubt: "PENDING"
        }
    }
}

extension AlertCore.Notification.Event {
    fileprivate var testText: String {
        switch self {
        case .planned: "planned"
        case .attemptBegun(let number, _, let provider, _): "attempt \(number) by \(provider?.name ?? "")"
        case .delivered(let receipt, _): "taken: \(receipt)"
        case .attemptFailed(let reason, let retryAt, _): "failed: \(reason); again at \(retryAt.iso)"
        case .failed(let reason, _): "failed: \(reason)"
        case .cancelled(let reason, _): "cancelled: \(reason)"
        case .suppressed(let suppression, _): "suppressed: \(suppression.rule)"
        case .failedOver(let from, let to, let reason, _): "\(to.name) takes over from \(from.name): \(reason)"
        case .leftInDoubt(let reason, let until, _): "the answer was lost: \(reason); again at \(until.iso)"
        case .held(let hold, _): "held until \(hold.until.iso): \(hold.rule)"
        case .collapsed(let digest, _): "told of in the digest \(digest)"
        case .confirmed(let word, _): "the provider says: \(word)"
        case .refused(let reason, _): "the provider says that it failed: \(reason)"
        }
    }
}
