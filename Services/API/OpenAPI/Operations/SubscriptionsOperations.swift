import AlertCore
import Persistence

extension OperationGroup {
    static let subscriptions = OperationGroup(
        name: "Subscriptions",
        operations: [
            .list(
                "plans/{plan}/subscription-forms", of: "SubscriptionForm", "What of a plan people may subscribe to.",
                query: formsQuery),
            .save(
                "plans/{plan}/subscription-forms", "SubscriptionFormRequest", "SubscriptionForm",
                "Makes or changes a subscription form."),
            .list("subscription-forms", of: "SubscriptionForm", "What people may subscribe to.", query: formsQuery),
            .get("subscription-forms/{form}", "SubscriptionForm", "A subscription form."),
            .delete(
                "subscription-forms/{form}", "SubscriptionForm", "Deletes a subscription form.",
                notes: "The subscriptions to it go with it."),
            .list(
                "subscriptions", of: "Subscription", "Subscriptions that the caller may see.",
                query: """
                    managedBy: text -- A person who may change them, by id or name.
                    owner: text -- A person by id or name.
                    sharedWith: text -- A person, a group or a role by id or name.
                    subscriber: text -- A person or a group by id or name.
                    subscriptionDescription: text -- A part of it.
                    subscriptionForm: text -- By id or name.
                    subscriptionName: text -- A part of it.
                    """),
            .save(
                "subscriptions", "SubscriptionRequest", "Subscription", "Makes or changes a subscription.",
                notes: rightsNotes, access: .subject),
            .get("subscriptions/{subscription}", "Subscription", "A subscription."),
            .delete(
                "subscriptions/{subscription}", "Subscription", "Deletes a subscription.", notes: rightsNotes,
                access: .subject),
            .list(
                "subscriptions/{subscription}/share-permissions", of: "SubscriptionShare",
                "With whom a subscription is shared."),
            set(
                "subscriptions/{subscription}/share-permissions",
                "SubscriptionShareRequest or [SubscriptionShareRequest]", "SubscriptionShare",
                "Sets with whom a subscription is shared."),
            .list("subscriptions/{subscription}/subscribers", of: "Subscriber", "Who is told by a subscription."),
            set(
                "subscriptions/{subscription}/subscribers", "[any] or SubscribersRequest", "Subscriber",
                "Adds subscribers."),
            .delete(
                "subscriptions/{subscription}/subscribers/{subscriber}", "Subscription",
                "Takes a subscriber off, or oneself.", notes: rightsNotes, access: .subject),
        ],
        answers: [
            "Subscriber": """
            allowDuplicates: boolean
            created: time
            description: text
            externalKey: text
            externallyOwned: boolean
            firstName: text
            groupType: text
            id!: text
            language: text
            lastName: text
            licenseType: text
            links!: Links
            observedByAll: boolean
            properties: map(any)
            recipientType!: enum(PERSON, GROUP)
            responseCountThreshold: integer
            site: NamedReference
            status: text
            targetName!: text
            timezone: text
            useDefaultDevices: boolean
            webLogin: text
            whenCreated: time
            whenUpdated: time
            """,
            "Subscription": """
            created!: time
            criteria!: object
              count!: integer
              data!: [object]
                name!: text -- Of the property.
                operator!: enum(\(Notation.names(SubscriptionCriterion.Operator.self)))
                value: text -- Of an operator with one value.
                values: [text] -- Of an operator that can have several.
              total!: integer
            description!: text
            form!: object
              id!: text
              links!: Links
              name!: text
              plan: NamedReference
            id!: text
            links!: Links
            name!: text
            notificationDelay!: integer -- Minutes after the beginning of an alert.
            owner: PersonReference -- Unless that person is gone, and nobody took over.
            recipients!: page(Subscriber) -- The first hundred.
            targetDeviceNames!: object
              count!: integer
              data!: [DeviceName]
              total!: integer
            """,
            "SubscriptionForm": """
            created!: time
            description!: text
            devicesSectionCollapsed!: boolean
            devicesSectionVisible!: boolean
            form: NamedReference -- Of the scope FORM.
            id!: text
            links!: Links
            name!: text
            notificationDelay!: integer -- Minutes, of subscriptions that name none of their own.
            oneWay!: boolean -- Subscribers are told, and not asked.
            plan: NamedReference
            propertyDefinitions: object -- What criteria can be about.
              count!: integer
              data!: [PropertyDefinition]
              total!: integer
            roles: object -- Who may subscribe; everybody, when there is none.
              count!: integer
              data!: [Role]
              total!: integer
            scope!: enum(\(Notation.names(SubscriptionForm.Scope.self)))
            showNotificationDelay!: boolean
            subscribeOthers!: boolean -- Whether people may subscribe others.
            targetDeviceNames: object
              count!: integer
              data!: [DeviceName]
              total!: integer
            visibleTargetDeviceNames: object
              count!: integer
              data!: [DeviceName]
              total!: integer
            """,
            "SubscriptionShare": """
            permissibleActions!: object
              editSubscription!: boolean
              subscribe!: boolean
              subscribeOthers!: boolean
              viewSubscription!: boolean
            shareType!: enum(\(Notation.names(FormSubscription.Share.ShareType.self)))
            sharedWith!: object
              description: text
              firstName: text
              groupType: text
              id!: text
              lastName: text
              links: Links
              name: text
              recipientType: text
              targetName: text
            """,
        ],
        requests: [
            "SubscribersRequest": """
            subscribers: [any] -- Ids or names of people and groups.
            """,
            "SubscriptionFormRequest": """
            description: text
            devicesSectionCollapsed: boolean
            devicesSectionVisible: boolean
            form: text or map -- Of the plan, by id or name; needed for the scope FORM.
            id: text -- Of the one that is to be changed.
            name: text(1..255)
            notificationDelay: integer(0..10080) -- Minutes.
            oneWay: boolean
            propertyDefinitions: any -- Ids or names; all of the plan, when it is absent.
            roles: any -- Names; everybody, when it is absent or empty.
            scope: enum(\(Notation.names(SubscriptionForm.Scope.self)))
            showNotificationDelay: boolean
            subscribeOthers: boolean
            targetDeviceNames: any -- Names; all devices, when it is absent or empty.
            visibleTargetDeviceNames: any -- Names that may be chosen; all, when it is absent.
            """,
            "SubscriptionRequest": """
            criteria: any -- [{name, operator, value or values}], 100 at most.
            description: text
            form: text or map -- The subscription form; needed for a new one.
            id: text -- Of the one that is to be changed.
            name: text(1..255)
            notificationDelay: integer(0..10080) -- Minutes.
            owner: text or map -- A person; whoever asks, when it is absent.
            recipients: any -- People and groups by ids or names; the owner, when it is absent.
            targetAllDevices: boolean -- All devices instead of targetDeviceNames.
            targetDeviceNames: any -- Names; those of the form, when it is absent.
            """,
            "SubscriptionShareRequest": """
            *: any
            """,
        ])

    private static let formsQuery = """
        embed: list(deviceNames, propertyDefinitions, roles)
        fields: list(NAME, DESCRIPTION) -- What is searched.
        operand: enum(AND, OR)
        search: text
        sortBy: enum(NAME, USER_DEFINED)
        sortOrder: enum(ASCENDING, DESCENDING)
        """

    private static let rightsNotes =
        "The owner, who may change the owner, and who builds workflows may do everything; others what is shared with "
        + "them."

    /// A list that is set as a whole, by those who may.
    private static func set(
        _ path: String, _ body: String, _ element: String, _ summary: String
    ) -> OperationDescription {
        OperationDescription(
            method: .put, path: path, summary: summary, notes: rightsNotes, query: "paging", body: body,
            answers: [200: "page(\(element))"], errors: [409], access: .subject)
    }
}
