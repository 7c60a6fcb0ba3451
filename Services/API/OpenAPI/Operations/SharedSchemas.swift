import AlertCore
import Persistence

/// What operations of several kinds answer.
extension OperationGroup {
    static let shared = OperationGroup(
        name: "What several operations answer",
        operations: [],
        answers: [
            "Annotation": """
            author!: PersonReference
            comment!: text
            created!: time
            event!: EventReference
            id!: text
            links!: Links
            """,
            "ConferenceBridge": """
            bridgeNumber: text
            description!: text
            dialAfterBridge: text
            id!: text
            links!: Links
            meetingLink: text
            name!: text
            pauseBeforeBridgePrompt!: integer
            preferredConnectionType!: text
            staticBridgeNumber!: boolean
            tollFreeNumber: text
            tollNumber: text
            """,
            "Criterion": """
            criterionType!: text
            field!: text
            operand!: text
            value!: text
            """,
            "Device": """
            country: text
            defaultDevice!: boolean
            delay!: integer
            description!: text
            deviceType!: enum(\(Notation.names(Device.Kind.self)))
            emailAddress: text
            externallyOwned!: boolean
            id!: text
            links!: Links
            name!: text
            owner!: PersonReference
            phoneNumber: text
            pin: text
            priorityThreshold!: text
            privileged!: boolean
            provider!: NamedReference
            recipientType!: enum(DEVICE)
            sequence!: integer
            status!: enum(ACTIVE, INACTIVE)
            targetName!: text
            testStatus!: text
            timeframes: page(Timeframe)
            twoWayDevice: boolean
            """,
            "DeviceReference": """
            deviceType!: enum(\(Notation.names(Device.Kind.self)))
            id!: text
            links!: Links
            name!: text
            recipientType!: enum(DEVICE)
            status: text
            targetName!: text
            """,
            "Endpoint": """
            authentication: object
              clientAuthentication: text
              grantType: text
              oauthClientId: text
              oauthTokenUrl: text
              scopes: text
              username: text
            authenticationType!: text
            certificateAuthority: text
            clientCertificate: object
              certificate!: text
            endpointType!: text
            id!: text
            links!: Links
            name!: text
            plan!: NamedReference
            preemptive!: boolean
            trustSelfSigned!: boolean
            url: text
            """,
            "Error": """
            code!: integer(400..599) -- The HTTP status.
            message!: text -- For a person: it names the field and what would be right.
            reason!: text
            subcode: text -- For a program.
            arguments: [text] -- What the message was made of.
            type: text -- Of calls below /reapi.
            """,
            "EventAttachment": """
            links!: Links
            name!: text
            path!: text
            size: integer
            """,
            "EventMessage": """
            body: text
            id!: text
            language: text
            messageType: text
            subject: text
            """,
            "EventReference": """
            eventId!: text
            id!: text
            links: Links
            """,
            "Explanation": """
            directoryVersion!: integer?
            event!: EventReference
            isTruncated!: boolean
            lines!: [object]
              at!: time
              device!: object?
                deviceType!: enum(\(Notation.names(Device.Kind.self)))?
                id!: text
                name!: text
              directoryVersion!: integer?
              group!: NamedReference?
              kind!: text
              notification!: text?
              person!: PersonReference?
              round!: integer?
              rule!: text?
              shift!: NamedReference?
              step!: integer?
              target!: object?
                id!: text
                recipientType!: enum(DEVICE, GROUP, PERSON)
                targetName!: text
              text!: text
            nextAt!: time?
            people!: [object]
              notified!: integer
              outcome!: text
              person!: PersonReference
              text!: text
            state!: text
            """,
            "Form": """
            apiEnabled!: boolean
            description!: text
            formId!: text
            id!: text
            links!: Links
            messageTemplates: object
              email!: [any]
              links!: Links
              sms!: [any]
              voice!: [any]
            mobileEnabled!: boolean
            name!: text
            plan!: NamedReference
            position!: integer
            recipients: page(Recipient)
            responseOptions: page(ResponseOption)
            scenarios: page(Scenario)
            sections: page(Section)
            senderOverrides: object
              callerId: text
              displayName!: text
            senderPermissions: page(any)
            triggerType!: text
            uiEnabled!: boolean
            """,
            "Group": """
            allowDuplicates!: boolean
            created!: time
            criteria: object
              criterion!: page(Criterion)
              operand!: text
            description!: text
            externalKey: text
            externallyOwned!: boolean
            groupType!: text
            id!: text
            links!: Links
            observedByAll!: boolean
            observers: page(Role)
            recipientType!: enum(DYNAMIC_TEAM, GROUP)
            responseCountThreshold: integer
            services: page(Service)
            site: NamedReference
            status!: enum(ACTIVE, INACTIVE)
            supervisors: page(Person)
            targetName!: text
            timezone!: text
            useDefaultDevices!: boolean
            useEmergencyDevice: boolean
            """,
            "GroupReference": """
            groupType: text
            id!: text
            links: Links
            recipientType!: enum(GROUP)
            status: text
            targetName!: text
            """,
            "Links": """
            self!: text
            """,
            "NamedReference": """
            id!: text
            links: Links
            name: text
            planType: text
            propertyType: text
            """,
            "PageLinks": """
            self!: text
            next: text
            previous: text
            """,
            "Person": """
            devices: page(Device)
            externalKey: text
            externallyOwned: boolean
            firstName!: text
            id!: text
            language: text
            lastLogin: time
            lastName!: text
            licenseType!: text
            links!: Links
            locked: [text]
            phoneLogin: text
            properties: map(any)
            recipientType!: enum(PERSON)
            roles: page(Role)
            site: NamedReference
            status!: enum(ACTIVE, INACTIVE)
            supervisors: page(Person)
            targetName!: text
            timezone: text
            webLogin: text
            whenCreated: time
            whenUpdated: time
            """,
            "PersonReference": """
            displayName: text
            firstName: text
            id!: text
            lastName: text
            licenseType: text
            links: Links
            properties: map(any)
            recipientType!: enum(PERSON)
            site: NamedReference
            status: text
            targetName!: text
            """,
            "Recipient": """
            allowDuplicates: boolean
            deliveryStatus: text
            description: text
            deviceType: enum(\(Notation.names(Device.Kind.self)))
            externallyOwned: boolean
            firstName: text
            groupType: text
            id!: text
            language: text
            lastLogin: time
            lastName: text
            licenseType: text
            links!: Links
            locked: [any]
            name: text
            observedByAll: boolean
            owner: PersonReference
            properties: map(any)
            recipientType!: enum(DEVICE, GROUP, PERSON)
            responseCountThreshold: integer
            site: NamedReference
            status: text
            targetName!: text
            targeted: boolean
            timezone: text
            useDefaultDevices: boolean
            webLogin: text
            whenCreated: time
            whenUpdated: time
            """,
            "ResponseOption": """
            action!: text
            allowComments!: boolean
            contribution!: text
            description!: text
            id!: text
            joinConference!: boolean
            links: Links
            number!: integer
            order: integer
            prompt!: text
            redirectUrl!: text
            text!: text
            translations: page(ResponseOptionTranslation)
            """,
            "ResponseOptionTranslation": """
            description: text
            id!: text
            language!: text
            prompt!: text
            text!: text
            """,
            "Role": """
            description!: text
            id!: text
            name!: text
            """,
            "Suppression": """
            at!: time
            event!: EventReference
            filters!: [NamedReference]
            links!: Links
            match!: object
              at!: time
              eventId!: text
              filters!: [NamedReference]
              id!: text
              links!: Links
            until!: time
            """,
            "Timeframe": """
            days!: [text]
            durationInMinutes!: integer
            excludeHolidays!: boolean
            name!: text
            startTime!: text
            timezone!: text
            """,
        ])
}
