import AlertCore

/// How far the news of an alert has come to somebody (spec §5.6); of several, the greatest counts (§4.2).
enum DeliveryStatus: String, CaseIterable, Comparable {
    case failed = "FAILED"
    case pending = "PENDING"
    case delivered = "DELIVERED"
    case responded = "RESPONDED"

    static func < (left: DeliveryStatus, right: DeliveryStatus) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// One answer, with the notification that it answers.
struct RecordedResponse {
    let response: AlertResponse
    let option: ResponseOption
    let at: Timestamp
    /// `nil` when it came another way.
    let notification: String?
}

extension AlertHistory {
    /// All answers, oldest first.
    var responses: [RecordedResponse] {
        events.compactMap { entry in
            guard case .responded(let response, let option, let at) = entry.event else { return nil }
            return RecordedResponse(
                response: response, option: option, at: at, notification: notification(answeredBy: response))
        }
    }

    func deliveryStatus(of notification: NotificationHistory) -> DeliveryStatus {
        if responses.contains(where: { $0.notification == notification.plan.id }) { return .responded }
        return switch notification.status {
        case .delivered: .delivered
        case .failed, .cancelled, .suppressed: .failed
        case .unknown, .pending, .sending, .held, .inDoubt: .pending
        case .collapsed: reportedStatus(of: notification.plan.id)
        }
    }

    /// Of one that another message tells of: what has been said of it.
    private func reportedStatus(of notification: String) -> DeliveryStatus {
        for entry in events {
            guard case .deliveryRecorded(let delivery, _) = entry.event, delivery.id == notification else { continue }
            return delivery.status == .delivered ? .delivered : .failed
        }
        return .pending
    }

    /// Of somebody's notifications the most relevant; of somebody without any, `FAILED`, once the others have theirs.
    func deliveryStatus(of notifications: [NotificationHistory]) -> DeliveryStatus {
        notifications.map(deliveryStatus).max() ?? (self.notifications.isEmpty ? .pending : .failed)
    }

    private func notification(answeredBy response: AlertResponse) -> String? {
        let own = notifications.map(\.plan).filter { $0.recipient.id == response.by.id }
        let byLink = own.first { plan in
            response.id
                == ResponseLink(notification: plan.id, option: response.option, validUntil: plan.dueAt).responseId
        }
        return (byLink ?? own.first { $0.device.name == response.device })?.id
    }
}
