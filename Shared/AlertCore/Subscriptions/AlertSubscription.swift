/// A subscription whose criteria an alert meets, as it was when the alert began: who is told because of it, and how.
/// The names of these fields are part of the format of events.
public struct AlertSubscription: Codable, Hashable, Sendable, Identifiable {
    /// The most subscribers of one alert, a group being one; who comes after is left out. They go with the alert's
    /// messages, which have to stay well below what a broker takes (1 MB).
    public static let mostRecipients = 2000

    public var id: String
    public var name: String
    /// Whether no answer is asked for.
    public var oneWay: Bool
    /// Minutes after the beginning of the alert.
    public var delay: Int
    /// Empty for all devices.
    public var targetDeviceNames: [String]
    public var recipients: [AlertRecipient]

    public init(
        id: String, name: String, oneWay: Bool = false, delay: Int = 0, targetDeviceNames: [String] = [],
        recipients: [AlertRecipient] = []
    ) {
        self.id = id
        self.name = name
        self.oneWay = oneWay
        self.delay = delay
        self.targetDeviceNames = targetDeviceNames
        self.recipients = recipients
    }

    public var personal: [PersonalText] { recipients.flatMap(\.personal) }
}

/// The subscriptions to one form or plan, for whoever looks for those that an alert meets.
public struct SubscriptionOffer: Sendable {
    public let form: SubscriptionForm
    public let subscriptions: [FormSubscription]

    public init(form: SubscriptionForm, subscriptions: [FormSubscription]) {
        self.form = form
        self.subscriptions = subscriptions
    }

    /// Those that the alert meets, the soonest first.
    /// - Parameters:
    ///   - definitions: The plan's properties by id.
    ///   - recipient: A subscriber with the name of today; `nil` for one that is gone.
    /// - Returns: The subscriptions that have subscribers, and how many of these were left out as too many.
    public static func met(
        by details: AlertDetails, among offers: [SubscriptionOffer], definitions: [String: PropertyDefinition],
        recipient: (GroupMember) -> AlertRecipient?
    ) -> (subscriptions: [AlertSubscription], leftOut: Int) {
        let met = offers.filter { $0.form.covers(form: details.form.id) }
            .flatMap { offer in
                offer.subscriptions.filter { subscription in
                    subscription.criteria.allSatisfy { $0.isMet(by: details.properties, definitions[$0.property]) }
                }.map { (offer.form, $0) }
            }
            .sorted { left, right in
                (left.1.notificationDelay, left.1.id) < (right.1.notificationDelay, right.1.id)
            }
        var (room, leftOut) = (AlertSubscription.mostRecipients, 0)
        var subscriptions: [AlertSubscription] = []
        for (form, subscription) in met {
            let all = subscription.recipients.compactMap(recipient)
            let recipients = Array(all.prefix(room))
            room -= recipients.count
            leftOut += all.count - recipients.count
            guard !recipients.isEmpty else { continue }
            subscriptions.append(
                AlertSubscription(
                    id: subscription.id, name: subscription.name, oneWay: form.oneWay,
                    delay: subscription.notificationDelay, targetDeviceNames: subscription.targetDeviceNames,
                    recipients: recipients))
        }
        return (subscriptions, leftOut)
    }
}
