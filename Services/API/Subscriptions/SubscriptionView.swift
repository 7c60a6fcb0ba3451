import AlertCore
import Persistence

/// What subscriptions and their forms look like.
struct SubscriptionView: Sendable {
    /// Which lists of a subscription form are in it.
    struct Embeds: OptionSet {
        let rawValue: Int

        static let deviceNames = Embeds(rawValue: 1)
        static let propertyDefinitions = Embeds(rawValue: 2)
        static let roles = Embeds(rawValue: 4)
        static let all: Embeds = [.deviceNames, .propertyDefinitions, .roles]

        init(rawValue: Int) { self.rawValue = rawValue }

        init(_ query: QueryParameters) {
            self = []
            if query.embeds("deviceNames") { insert(.deviceNames) }
            if query.embeds("propertyDefinitions") { insert(.propertyDefinitions) }
            if query.embeds("roles") { insert(.roles) }
        }
    }

    let view: DirectoryView
    let deviceNames: [DeviceName]

    /// - Throws: 404.
    func requiredForm(_ id: String) throws(RestError) -> SubscriptionForm {
        guard let form = view.subscriptionForms[id] else {
            throw .notFound("There is no subscription form \(id).")
        }
        return form
    }

    func wire(_ form: SubscriptionForm, embeds: Embeds) -> JSONValue {
        var fields: [String: JSONValue?] = [
            "id": .string(form.id), "name": .string(form.name), "description": .string(form.description),
            "plan": view.plans[form.plan]?.reference, "scope": .string(form.scope.rawValue),
            "form": form.form.flatMap { view.forms[$0]?.reference }, "created": .string(form.created.iso),
            "oneWay": .bool(form.oneWay), "subscribeOthers": .bool(form.subscribeOthers),
            "notificationDelay": .whole(form.notificationDelay),
            "showNotificationDelay": .bool(form.showNotificationDelay),
            "devicesSectionCollapsed": .bool(form.devicesSectionCollapsed),
            "devicesSectionVisible": .bool(form.devicesSectionVisible), "links": .links(form.path),
        ]
        if embeds.contains(.deviceNames) {
            fields["targetDeviceNames"] = page(names(form.targetDeviceNames))
            fields["visibleTargetDeviceNames"] = page(
                form.visibleTargetDeviceNames.map { $0.isEmpty ? [] : names($0) } ?? names([]))
        }
        if embeds.contains(.propertyDefinitions) {
            fields["propertyDefinitions"] = page(
                view.properties(of: form.plan).filter(form.offers).map(\.wire))
        }
        if embeds.contains(.roles) { fields["roles"] = page(form.roles.compactMap(Role.wire(named:))) }
        return .fields(fields)
    }

    func wire(_ subscription: FormSubscription) -> JSONValue {
        let form = view.subscriptionForms[subscription.form]
        let base = RESTPath.base + subscription.path
        return .fields([
            "id": .string(subscription.id), "name": .string(subscription.name),
            "description": .string(subscription.description), "form": form.map(reference),
            "owner": subscription.owner.flatMap { view.people[$0]?.reference },
            "created": .string(subscription.created.iso),
            "notificationDelay": .whole(subscription.notificationDelay),
            "criteria": page(subscription.criteria.map(wire)),
            "recipients": .embeddedPage(subscribers(of: subscription), path: "\(base)/subscribers"),
            "targetDeviceNames": page(names(subscription.targetDeviceNames)), "links": .links(subscription.path),
        ])
    }

    /// Those who are still there, in the order in which they came.
    func subscribers(of subscription: FormSubscription) -> [JSONValue] {
        subscription.recipients.compactMap { view.wire($0) }
    }

    func wire(_ share: FormSubscription.Share) -> JSONValue {
        let who: JSONValue? =
            switch share.shareType {
            case .person: view.people[share.sharedWith]?.reference
            case .group: view.groups[share.sharedWith]?.reference
            case .role: Role.wire(named: share.sharedWith)
            }
        return [
            "shareType": .string(share.shareType.rawValue), "sharedWith": who ?? ["id": .string(share.sharedWith)],
            "permissibleActions": [
                "viewSubscription": .bool(share.viewSubscription), "editSubscription": .bool(share.editSubscription),
                "subscribe": .bool(share.subscribe), "subscribeOthers": .bool(share.subscribeOthers),
            ],
        ]
    }

    private func reference(_ form: SubscriptionForm) -> JSONValue {
        .fields([
            "id": .string(form.id), "name": .string(form.name), "plan": view.plans[form.plan]?.reference,
            "links": .links(form.path),
        ])
    }

    /// `value` of an operator that has one, `values` of those that can have several.
    private func wire(_ criterion: SubscriptionCriterion) -> JSONValue {
        let takesOne = criterion.operator.valueCounts.upperBound == 1
        let takesMany = criterion.operator.valueCounts.upperBound > 1
        return .fields([
            "name": .string(view.properties[criterion.property]?.name ?? criterion.name),
            "operator": .string(criterion.operator.rawValue),
            "value": takesOne ? .text(criterion.values.first) : nil,
            "values": takesMany ? .array(criterion.values.map(JSONValue.string)) : nil,
        ])
    }

    /// None that is chosen means all.
    private func names(_ chosen: [String]) -> [JSONValue] {
        deviceNames.filter { chosen.isEmpty || chosen.contains($0.name) }.map(\.wire)
    }

    /// A list that is all there.
    private func page(_ all: [JSONValue]) -> JSONValue {
        ["count": .whole(all.count), "total": .whole(all.count), "data": .array(all)]
    }
}

extension SubscriptionForm {
    var path: String { "/subscription-forms/\(id)" }
}

extension FormSubscription {
    var path: String { "/subscriptions/\(id)" }
}
