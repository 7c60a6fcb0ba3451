import AlertCore
import Persistence

/// What somebody may do with one subscription.
struct SubscriptionRights: OptionSet {
    let rawValue: Int

    static let view = SubscriptionRights(rawValue: 1)
    static let edit = SubscriptionRights(rawValue: 2)
    static let subscribe = SubscriptionRights(rawValue: 4)
    static let subscribeOthers = SubscriptionRights(rawValue: 8)
    /// To share it, and to delete it.
    static let own = SubscriptionRights(rawValue: 16)
    static let all: SubscriptionRights = [.view, .edit, .subscribe, .subscribeOthers, .own]

    init(rawValue: Int) { self.rawValue = rawValue }

    init(_ share: FormSubscription.Share) {
        self = []
        if share.editSubscription { insert(.edit) }
        if share.subscribe { insert(.subscribe) }
        if share.subscribeOthers { insert(.subscribeOthers) }
        if share.viewSubscription || !isEmpty { insert(.view) }
    }
}

extension Caller {
    /// The owner, who may change the owner, and who builds workflows may do everything; subscribers may see it, and
    /// others what is shared with them.
    /// - Parameter isMember: Whether the caller is a member of the group of that id.
    func rights(
        to subscription: FormSubscription, owner: Person?, isMember: (String) throws -> Bool
    ) rethrows -> SubscriptionRights {
        if may(.writeConfiguration) || subscription.owner == person.id { return .all }
        if let owner, administers(owner) { return .all }
        var rights: SubscriptionRights = []
        for share in subscription.shares {
            let isMeant =
                switch share.shareType {
                case .person: share.sharedWith == person.id
                case .role: person.roles.contains(share.sharedWith)
                case .group: try isMember(share.sharedWith)
                }
            if isMeant { rights.formUnion(SubscriptionRights(share)) }
        }
        guard !rights.contains(.view) else { return rights }
        for recipient in subscription.recipients {
            let isMeant = recipient.recipientType == .group ? try isMember(recipient.id) : recipient.id == person.id
            if isMeant { return rights.union(.view) }
        }
        return rights
    }

    func rights(to subscription: FormSubscription, in view: DirectoryView) -> SubscriptionRights {
        rights(to: subscription, owner: subscription.owner.flatMap { view.people[$0] }) { id in
            view.groups[id].map { group in view.members(of: group).contains { $0.id == person.id } } ?? false
        }
    }

    /// Whether the caller may subscribe to what a form offers.
    func maySubscribe(to form: SubscriptionForm) -> Bool {
        may(.writeConfiguration) || form.roles.isEmpty || !Set(form.roles).isDisjoint(with: person.roles)
    }

    /// Whether the caller may make somebody else a subscriber of what a form offers.
    func maySubscribe(_ other: Person?, to form: SubscriptionForm) -> Bool {
        may(.writeConfiguration) || form.subscribeOthers || other.map(administers) == true
    }
}

extension DirectoryEdit {
    /// The subscription of the path or body, with what the caller may do with it; `nil` also for one that the caller
    /// may not see.
    func subscription(_ id: String) throws -> (FormSubscription, SubscriptionRights)? {
        guard let subscription = try directory.get(FormSubscription.self, id: id) else { return nil }
        let owner = try subscription.owner.flatMap { try directory.get(Person.self, id: $0) }
        let rights = try call.caller.rights(to: subscription, owner: owner) { id in
            guard let group = try directory.get(Group.self, id: id) else { return false }
            return try directory.isMember(call.caller.person, of: group)
        }
        return rights.contains(.view) ? (subscription, rights) : nil
    }

    /// - Throws: 404, also for one that the caller may not see.
    func requiredSubscription(_ id: String) throws -> (FormSubscription, SubscriptionRights) {
        guard let found = try subscription(id) else { throw RestError.notFound("There is no subscription \(id).") }
        return found
    }

    /// - Throws: 403.
    func require(_ right: SubscriptionRights, of rights: SubscriptionRights, _ subscription: FormSubscription) throws {
        guard !rights.contains(right) else { return }
        throw SubscriptionRights.refusal(
            "The user \(call.caller.person.targetName) may not do that with the subscription \(subscription.name).")
    }

    /// - Throws: 403 unless the caller may make each of them a subscriber.
    func requireSubscribing(
        _ members: [GroupMember], to form: SubscriptionForm, rights: SubscriptionRights
    ) throws {
        let caller = call.caller
        for member in members {
            if member.id == caller.person.id {
                guard rights.contains(.subscribe) || rights.contains(.subscribeOthers) else {
                    throw SubscriptionRights.refusal("The user \(caller.person.targetName) may not subscribe.")
                }
                continue
            }
            let person = try directory.get(Person.self, id: member.id)
            guard rights.contains(.subscribeOthers), caller.maySubscribe(person, to: form) else {
                let name = try person?.targetName ?? directory.get(Group.self, id: member.id)?.targetName ?? member.id
                throw SubscriptionRights.refusal(
                    "The user \(caller.person.targetName) may not subscribe others, as \(name), to \(form.name).")
            }
        }
    }
}

extension SubscriptionRights {
    static func refusal(_ message: String) -> RestError {
        RestError(403, message, subcode: "authorization.subscription")
    }
}
