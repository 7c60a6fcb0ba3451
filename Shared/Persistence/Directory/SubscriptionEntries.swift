import AlertCore

extension SubscriptionForm: DirectoryEntry {
    public static let kind = "subscriptionform"
    public var parentID: String { plan }
    public var entryName: String { name }
}

extension FormSubscription: DirectoryEntry {
    public static let kind = "subscription"
    public static let namesAreUnique = false
    public var parentID: String { form }
    public var entryName: String { name }
}

extension DirectoryView {
    /// The subscriptions that an alert meets, and how many of their subscribers were left out as too many. What there
    /// is for a plan without any: nothing, at once.
    public func subscriptions(
        metBy details: AlertDetails
    ) -> (subscriptions: [AlertSubscription], leftOut: Int) {
        guard let offers = subscriptionOffersByPlan[details.plan.id] else { return ([], 0) }
        return SubscriptionOffer.met(by: details, among: offers, definitions: properties) { member in
            let name =
                member.recipientType == .group ? groups[member.id]?.targetName : people[member.id]?.targetName
            return name.map {
                AlertRecipient(id: member.id, targetName: $0, recipientType: member.recipientType)
            }
        }
    }

    /// By the ids of plans: those of forms that somebody has subscribed to.
    static func offers(_ entries: DirectoryEntries) -> [String: [SubscriptionOffer]] {
        guard !entries.subscriptions.isEmpty else { return [:] }
        let offers = Dictionary(grouping: entries.subscriptions.values, by: \.form).compactMap { form, subscriptions in
            entries.subscriptionForms[form].map { SubscriptionOffer(form: $0, subscriptions: subscriptions) }
        }
        return Dictionary(grouping: offers, by: \.form.plan)
    }
}

// What is taken back when something is deleted that subscriptions name (spec §4.8).
extension Directory {
    /// Whoever is gone subscribes to nothing, and nothing is shared with them. What was theirs goes on for the other
    /// subscribers as that of whoever deletes them; what had none goes.
    func takeOffSubscriptions(_ gone: GroupMember, by origin: Origin, at now: Timestamp) throws {
        let shareType = gone.recipientType == .group ? FormSubscription.Share.ShareType.group : .person
        for var subscription in try all(FormSubscription.self) {
            let before = subscription
            let wasTheirs = gone.recipientType == .person && subscription.owner == gone.id
            subscription.recipients.removeAll { $0 == gone }
            subscription.shares.removeAll { $0.shareType == shareType && $0.sharedWith == gone.id }
            if wasTheirs {
                let heir = try origin.person.flatMap { try get(Person.self, id: $0) }
                subscription.owner = heir?.id == gone.id ? nil : heir?.id
            }
            guard subscription != before else { continue }
            if wasTheirs, subscription.recipients.isEmpty {
                try delete(FormSubscription.self, id: subscription.id, by: origin, at: now)
            } else {
                try put(subscription, by: origin, at: now)
            }
        }
    }

    func deleteSubscriptionForms(of form: Form, by origin: Origin, at now: Timestamp) throws {
        for entry in try all(SubscriptionForm.self, in: form.plan) where entry.form == form.id {
            try delete(SubscriptionForm.self, id: entry.id, by: origin, at: now)
        }
    }

    /// No new criterion is about a property that is gone; those that are, no alert meets.
    func takeOffSubscriptionForms(_ property: PropertyDefinition, by origin: Origin, at now: Timestamp) throws {
        for var form in try all(SubscriptionForm.self, in: property.plan) {
            form.propertyDefinitions?.removeAll { $0 == property.id }
            try put(form, by: origin, at: now)
        }
    }
}
