/// That people want to be told of alerts whose properties meet criteria, though nobody names them as recipients
/// (spec §4.8).
public struct FormSubscription: Codable, Hashable, Sendable, Identifiable {
    /// Whom its owner lets see it, or more.
    public struct Share: Codable, Hashable, Sendable {
        public enum ShareType: String, Codable, CaseIterable, Sendable {
            case person = "PERSON"
            case group = "GROUP"
            case role = "ROLE"
        }

        public var shareType: ShareType
        /// The id of a person or group, or the name of a role.
        public var sharedWith: String
        /// Whoever may do anything else with it may see it, too.
        public var viewSubscription: Bool
        public var editSubscription: Bool
        /// To be a subscriber.
        public var subscribe: Bool
        /// To make others subscribers, and to take them off.
        public var subscribeOthers: Bool

        public init(
            shareType: ShareType, sharedWith: String, viewSubscription: Bool = true, editSubscription: Bool = false,
            subscribe: Bool = false, subscribeOthers: Bool = false
        ) {
            self.shareType = shareType
            self.sharedWith = sharedWith
            self.viewSubscription = viewSubscription
            self.editSubscription = editSubscription
            self.subscribe = subscribe
            self.subscribeOthers = subscribeOthers
        }
    }

    public var id: String
    /// The id of the ``SubscriptionForm``.
    public var form: String
    public var name: String
    public var description: String
    /// A person's id; `nil` when that person went, and nobody took over.
    public var owner: String?
    public var created: Timestamp
    /// Minutes after the beginning of an alert.
    public var notificationDelay: Int
    /// All of them have to be met; without one, every alert of the form is told.
    public var criteria: [SubscriptionCriterion]
    /// The subscribers: people and groups, in the order in which they came.
    public var recipients: [GroupMember]
    /// The names of the devices on which they are told; empty for all devices.
    public var targetDeviceNames: [String]
    public var shares: [Share]

    public init(
        id: String, form: String, name: String, owner: String?, created: Timestamp, notificationDelay: Int = 0,
        criteria: [SubscriptionCriterion] = [], recipients: [GroupMember] = [], targetDeviceNames: [String] = []
    ) {
        self.id = id
        self.form = form
        self.name = name
        description = ""
        self.owner = owner
        self.created = created
        self.notificationDelay = notificationDelay
        self.criteria = criteria
        self.recipients = recipients
        self.targetDeviceNames = targetDeviceNames
        shares = []
    }
}
