import AlertCore
import Persistence

/// Subscriptions with their subscribers, and with whom they are shared (spec §4.8).
extension RESTServices {
    var subscriptionRoutes: [RESTRoute] {
        [
            .get("subscriptions", listSubscriptions),
            .change(.post, "subscriptions") { try await saveSubscription($0) },
            .get("subscriptions/{subscription}") { call in
                let view = try await subscriptionView()
                return .ok(view.wire(try view.visible(call)))
            },
            .change(.delete, "subscriptions/{subscription}", deleteSubscription),
            .get("subscriptions/{subscription}/subscribers") { call in
                let view = try await subscriptionView()
                return .ok(try call.page(of: view.subscribers(of: try view.visible(call))))
            },
            .put("subscriptions/{subscription}/subscribers", permission: .readConfiguration, addSubscribers),
            .change(.delete, "subscriptions/{subscription}/subscribers/{subscriber}", removeSubscriber),
            .get("subscriptions/{subscription}/share-permissions") { call in
                let view = try await subscriptionView()
                return .ok(try call.page(of: try view.visible(call).shares.map(view.wire)))
            },
            .put("subscriptions/{subscription}/share-permissions", permission: .readConfiguration, putShares),
        ]
    }

    private func listSubscriptions(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let view = try await subscriptionView()
        let filter = SubscriptionFilter(call.query, view.view)
        let found = view.view.subscriptions.values
            .filter { filter.matches($0) && call.caller.rights(to: $0, in: view.view).contains(.view) }
            .map { ("\($0.name.lowercased())\u{0}\($0.id)", $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        return .ok(call.page(paging.cut(found).map(view.wire), total: found.count, paging))
    }

    private func saveSubscription(_ call: RESTCall) async throws -> RESTAnswer {
        let request = SubscriptionRequest(fields: try call.fields())
        let ((subscription, isNew), _) = try await change(call) { edit in
            let existing = try request.fields.text("id").map { try edit.requiredSubscription($0) }
            if let (subscription, rights) = existing { try edit.require(.edit, of: rights, subscription) }
            let subscription = try request.subscription(existing?.0, existing?.1 ?? .all, edit)
            try edit.put(subscription)
            return (subscription, existing == nil)
        }
        return .saved(try await subscriptionView().wire(subscription), isNew: isNew)
    }

    private func deleteSubscription(_ call: RESTCall) async throws -> RESTAnswer {
        let before = try await subscriptionView()
        let (subscription, _) = try await change(call) { edit -> FormSubscription? in
            guard let (subscription, rights) = try edit.subscription(call.parameter("subscription")) else {
                return nil
            }
            try edit.require(.own, of: rights, subscription)
            try edit.delete(subscription)
            return subscription
        }
        return .deleted(subscription.map(before.wire))
    }

    // MARK: Subscribers

    /// Those who are subscribers already stay.
    private func addSubscribers(_ call: RESTCall) async throws -> RESTAnswer {
        let list = try call.array("subscribers")
        let (subscription, _) = try await change(call) { edit in
            var (subscription, rights) = try edit.requiredSubscription(call.parameter("subscription"))
            guard let form = try edit.directory.get(SubscriptionForm.self, id: subscription.form) else {
                throw RestError.notFound("The subscription \(subscription.name) has no form.")
            }
            let references = try list.map { value in
                guard let reference = RequestFields.reference(value) else {
                    throw RestError.wrongType("subscribers", expected: "an array of ids", found: value.kindName)
                }
                return reference
            }
            let added = try edit.subscribers(references, field: "subscribers").filter {
                !subscription.recipients.contains($0)
            }
            try edit.requireSubscribing(added, to: form, rights: rights)
            subscription.recipients += added
            guard subscription.recipients.count <= SubscriptionRequest.mostSubscribers else {
                throw RestError.invalidValue(
                    "subscribers", "a subscription may have at most \(SubscriptionRequest.mostSubscribers).")
            }
            try edit.put(subscription)
            return subscription
        }
        let view = try await subscriptionView()
        return .ok(try call.page(of: view.subscribers(of: subscription)))
    }

    /// Whoever is a subscriber may stop being one.
    private func removeSubscriber(_ call: RESTCall) async throws -> RESTAnswer {
        let (subscription, _) = try await change(call) { edit -> FormSubscription? in
            var (subscription, rights) = try edit.requiredSubscription(call.parameter("subscription"))
            let wanted = call.parameter("subscriber")
            let id =
                try edit.directory.resolve(Person.self, wanted)?.id
                ?? edit.directory.resolve(Group.self, wanted)?.id ?? wanted
            guard let member = subscription.recipients.first(where: { $0.id == id }) else { return nil }
            if member.id != call.caller.person.id {
                try edit.require(.subscribeOthers, of: rights, subscription)
            }
            subscription.recipients.removeAll { $0 == member }
            try edit.put(subscription)
            return subscription
        }
        let view = try await subscriptionView()
        return .deleted(subscription.map(view.wire))
    }

    // MARK: Shares

    /// Takes the place of all.
    private func putShares(_ call: RESTCall) async throws -> RESTAnswer {
        let field = "sharePermissions"
        let list = try RequestFields([field: .array(call.array(field))]).objects(field) ?? []
        let (subscription, _) = try await change(call) { edit in
            var (subscription, rights) = try edit.requiredSubscription(call.parameter("subscription"))
            try edit.require(.own, of: rights, subscription)
            var shares: [FormSubscription.Share] = []
            for fields in list {
                let share = try FormSubscription.Share(fields, edit)
                shares.removeAll { $0.shareType == share.shareType && $0.sharedWith == share.sharedWith }
                shares.append(share)
            }
            subscription.shares = shares
            try edit.put(subscription)
            return subscription
        }
        let view = try await subscriptionView()
        return .ok(try call.page(of: subscription.shares.map(view.wire)))
    }
}

extension SubscriptionView {
    /// The subscription of the path.
    /// - Throws: 404, also for one that the caller may not see.
    func visible(_ call: RESTCall) throws(RestError) -> FormSubscription {
        let id = call.parameter("subscription")
        guard let found = view.subscriptions[id], call.caller.rights(to: found, in: view).contains(.view) else {
            throw .notFound("There is no subscription \(id).")
        }
        return found
    }
}

extension FormSubscription.Share {
    /// Without a type, whoever has the name: a person, a group or a role, in this order.
    fileprivate init(_ fields: RequestFields, _ edit: DirectoryEdit) throws {
        let type = try fields.choice("shareType", ShareType.self)
        guard let reference = try fields.reference("sharedWith") else {
            throw RestError.missingField(fields.name("sharedWith"))
        }
        for kind in type.map({ [$0] }) ?? ShareType.allCases {
            let id: String? =
                switch kind {
                case .person: try edit.directory.resolve(Person.self, reference)?.id
                case .group: try edit.visibleGroup(reference)?.id
                case .role: Role.name(of: reference)
                }
            guard let id else { continue }
            let actions = try fields.object("permissibleActions")
            self.init(
                shareType: kind, sharedWith: id, viewSubscription: try actions?.bool("viewSubscription") ?? true,
                editSubscription: try actions?.bool("editSubscription") ?? false,
                subscribe: try actions?.bool("subscribe") ?? false,
                subscribeOthers: try actions?.bool("subscribeOthers") ?? false)
            return
        }
        throw RestError.invalidValue(
            fields.name("sharedWith"),
            "there is no \(type?.rawValue.lowercased() ?? "person, group or role") \(reference).")
    }
}

/// Which subscriptions a list is to hold. Whoever is not there has none.
struct SubscriptionFilter: Sendable {
    private let owner: String?
    private let subscriber: String?
    private let sharedWith: String?
    private let managedBy: String?
    private let name: String?
    private let description: String?
    private let forms: Set<String>?

    init(_ query: QueryParameters, _ view: DirectoryView) {
        func value(_ name: String) -> String? { query[name].flatMap { $0.isEmpty ? nil : $0 } }
        func person(_ name: String) -> String? { view.person(name)?.id ?? name }
        func anybody(_ name: String) -> String? { view.person(name)?.id ?? view.group(name)?.id ?? name }
        owner = value("owner").flatMap(person)
        subscriber = value("subscriber").flatMap(anybody)
        sharedWith = value("sharedWith").flatMap {
            view.person($0)?.id ?? view.group($0)?.id ?? Role.name(of: $0) ?? $0
        }
        managedBy = value("managedBy").flatMap(person)
        name = value("subscriptionName")?.lowercased()
        description = value("subscriptionDescription")?.lowercased()
        forms = value("subscriptionForm").map { wanted in
            let key = wanted.lowercased()
            return Set(
                view.subscriptionForms.values.filter { $0.id == wanted || $0.name.lowercased() == key }.map(\.id))
        }
    }

    func matches(_ subscription: FormSubscription) -> Bool {
        (owner.map { subscription.owner == $0 } ?? true)
            && (subscriber.map { id in subscription.recipients.contains { $0.id == id } } ?? true)
            && (sharedWith.map { id in subscription.shares.contains { $0.sharedWith == id } } ?? true)
            && (managedBy.map { isManaged(subscription, by: $0) } ?? true)
            && (name.map { subscription.name.lowercased().contains($0) } ?? true)
            && (description.map { subscription.description.lowercased().contains($0) } ?? true)
            && (forms?.contains(subscription.form) ?? true)
    }

    /// By its owner, and by those with whom it is shared to be changed.
    private func isManaged(_ subscription: FormSubscription, by person: String) -> Bool {
        subscription.owner == person
            || subscription.shares.contains { $0.sharedWith == person && $0.editSubscription }
    }
}
