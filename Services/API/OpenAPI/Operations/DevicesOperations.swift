import AlertCore
import Persistence

extension OperationGroup {
    static let devices = OperationGroup(
        name: "Devices",
        operations: [
            .list(
                "device-names", of: "DeviceName", "Device names.",
                query: """
                    deviceTypes: list
                    operand: enum(AND, OR)
                    search: text
                    sortBy: enum(NAME, GROUPTYPE, STATUS)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    """),
            .save("device-names", "DeviceNameRequest", "DeviceName", "Makes or changes a device name."),
            .get("device-names/{name}", "DeviceName", "A device name."),
            .save("device-names/{name}", "DeviceNameRequest", "DeviceName", "Makes or changes a device name."),
            .delete("device-names/{name}", "DeviceName", "Deletes a device name."),
            .list("device-types", of: "text", "The kinds of devices."),
            .save("deviceName", "DeviceNameRequest", "DeviceName", "Makes or changes a device name."),
            .list(
                "devices", of: "Device", "Devices.",
                query: """
                    deviceNames: list
                    deviceStatus: text
                    deviceType: list(\(Notation.names(Device.Kind.self)))
                    embed: list(devices.timeframes, timeframes)
                    phoneNumberFormat: enum(E164)
                    """),
            .save(
                "devices", "DeviceRequest", "Device", "Makes or changes a device.",
                query: """
                    embed: list(devices.timeframes, timeframes)
                    """, access: .personOrOneself),
            .get(
                "devices/{device}", "Device", "A device.",
                query: """
                    embed: list(devices.timeframes, timeframes)
                    phoneNumberFormat: text
                    """),
            .save(
                "devices/{device}", "DeviceRequest", "Device", "Makes or changes a device.",
                query: """
                    embed: list(devices.timeframes, timeframes)
                    """, access: .personOrOneself),
            .delete("devices/{device}", "Device", "Deletes a device.", access: .personOrOneself),
            .list("devices/{device}/timeframes", of: "Timeframe", "A device's timeframes."),
            .list("notification-providers", of: "Provider", "Notification providers."),
            .save("notification-providers", "ProviderRequest", "Provider", "Makes or changes a notification provider."),
            .get("notification-providers/{provider}", "Provider", "A notification provider."),
            .save(
                "notification-providers/{provider}", "ProviderRequest", "Provider",
                "Makes or changes a notification provider."),
            .delete("notification-providers/{provider}", "Provider", "Deletes a notification provider."),
            .post(
                "notification-providers/{provider}/test", "ProviderTestRequest", [200: "ProviderTest"],
                "Sends a sample by a provider."),
            .list("unmatched-messages", of: "InboundMessage", "Messages of people that answered nothing."),
            .get("web-push-key", "WebPushKey", "The key that browsers subscribe with."),
        ],
        answers: [
            "DeviceName": """
            description!: text
            deviceType!: enum(\(Notation.names(Device.Kind.self)))
            domains: [text]
            id!: text
            links!: Links
            name!: text
            privileged!: boolean
            """,
            "InboundMessage": """
            channel: text
            outcome: text
            reason: text
            receivedAt: time
            reply: text
            sender: text
            text: text
            """,
            "Provider": """
            account!: text
            builtIn!: boolean
            configured!: boolean
            deviceTypes!: [text]
            enabled!: boolean
            from!: text
            hasSecret!: boolean
            id!: text
            kind!: text
            limit: object
              messages!: integer
              seconds!: integer
            links!: Links
            name!: text
            onlyIfNamed!: boolean
            order!: integer
            reaches!: [text]
            script!: text
            template!: text
            url!: text
            """,
            "ProviderTest": """
            exchange: [object]
              at: time
              text: text
            notification: text
            provider: NamedReference
            status: text
            """,
            "WebPushKey": """
            publicKey: text
            """,
        ],
        requests: [
            "DeviceNameRequest": """
            description: text
            deviceType: text
            domains: [text]
            id: text
            name: text
            privileged: boolean
            """,
            "DeviceRequest": """
            country: text(1..100)
            defaultDevice: boolean
            delay: integer(0..10080)
            description: any
            deviceType: enum(\(Notation.names(Device.Kind.self)))
            emailAddress: text(..254)
            externalKey: text(..4000)
            externallyOwned: boolean
            id: text
            name: text
            owner: text or map
            phoneNumber: text
            pin: any
            priorityThreshold: enum(LOW, MEDIUM, HIGH)
            provider: text or map
            recipientType: text(..4000)
            sequence: integer(1..10000)
            status: text
            testStatus: text
            timeframes: any
            twoWayDevice: boolean
            """,
            "ProviderRequest": """
            account: text(..500)
            deviceTypes: enum(\(Notation.names(Device.Kind.self)))
            enabled: boolean
            from: text(..500)
            headers: map(any)
            id: any
            kind: enum(SMTP, TWILIO, SLACK, MS_TEAMS, MATTERMOST, DISCORD, NTFY, WEB_PUSH, HTTP, SCRIPT)
            limit: object
              messages: integer(0..1000)
              seconds: integer(1..86400)
            name: text
            order: integer(1..1000)
            script: text(..4000)
            secret: text(..4000)
            template: text(..65536)
            url: text(..2000)
            """,
            "ProviderTestRequest": """
            device: text or map
            """,
        ])
}
