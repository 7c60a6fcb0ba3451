import AlertCore
import Crypto
import Foundation
import Persistence
import TestSupport
import Testing

typealias Notification = AlertCore.Notification

/// What the sending of notifications keeps, on every database.
struct ChannelStoreTests {
    static let noon = Timestamp(milliseconds: 1_790_000_000_000)
    static let origin = Origin(actor: "t", causation: "c", correlation: "r")
    static let bob = PersonReference(id: "p", targetName: "bob", firstName: "B", lastName: "S")

    static func plan(_ id: String, alert: String = "a", device: String = "d") -> Notification.Plan {
        Notification.Plan(
            id: id, alert: alert, alertNumber: 1, recipient: bob, device: NamedReference(id: device, name: "Mail"),
            deviceNumber: 1, address: "b@x", dueAt: noon, reason: "named", correlation: "r")
    }

    static func execute(
        _ commands: [(String, Notification.Command)], partition: Int = 3, in connection: any SQLConnection
    ) throws {
        let outcomes = try EventLog(connection).execute(
            commands.map { AddressedCommand<Notification>($0.1, on: $0.0, by: origin) },
            in: LogPartition(Notification.category, partition), at: noon)
        try Notifications(connection).apply(outcomes, at: noon)
    }

    static func alert(_ number: Int64, _ priority: Priority) -> AlertDetails {
        AlertDetails(
            number: number, plan: NamedReference(id: "p", name: "P"), form: NamedReference(id: "f", name: "F"),
            requestId: "r", submitter: bob, priority: priority, subject: "Alert \(number)")
    }

    @Test(arguments: Backend.available) func windowsFollowOneAnother(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let rule = try #require(StormRule(messages: 2, windowSeconds: 60, bypass: nil))
            // Many at once: exactly two pass.
            let passed = await withTaskGroup(of: Bool.self) { tasks in
                for _ in 0..<20 {
                    tasks.addTask {
                        let held = try? await database.retrying(attempts: 20) { connection -> Bool in
                            let windows = MessageWindows(connection)
                            let key = MessageWindows.storm("d")
                            var window = try windows.lock([key], as: StormWindow.self)[key] ?? StormWindow()
                            let hold = window.admit(device: "d", priority: .low, rule: rule, at: Self.noon)
                            try windows.put(window, key, expiry: window.expiry(rule))
                            return hold == nil
                        }
                        return held ?? true  // a store that gives up would be seen as one too many
                    }
                }
                return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(passed == 2)
            try await database.transaction { connection in
                let windows = MessageWindows(connection)
                _ = try windows.lock(["storm/old"], as: StormWindow.self)
                try windows.put(StormWindow(), "storm/old", expiry: Self.noon)
                try windows.sweep(at: Self.noon.advanced(by: .seconds(1)))
                #expect(try windows.lock(["storm/old"], as: StormWindow.self).isEmpty)
                #expect(try windows.lock(["storm/d"], as: StormWindow.self)["storm/d"]?.digest != nil)
            }
        }
    }

    @Test(arguments: Backend.available) func aProvidersLaterWordIsRecordedOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let mail = NamedReference(id: "tw", name: "Twilio")
            try await database.transaction { connection in
                for id in ["n1", "n2"] {
                    try Self.execute(
                        [
                            (id, .plan(Self.plan(id))), (id, .begin(via: mail)), (id, .deliver(receipt: "SM-\(id)")),
                        ], in: connection)
                    try NotificationReceipts(connection).add(
                        "SM-\(id)", of: id, by: "tw", partition: 3, at: Self.noon)
                }
            }
            let words = NotificationWords(database: database, now: { Self.noon })
            #expect(try await words.record(.delivered(detail: "delivered"), about: "SM-n1", from: "tw"))
            #expect(try await words.record(.delivered(detail: "delivered"), about: "SM-n1", from: "tw"))
            #expect(try await words.record(.failed(reason: "late"), about: "SM-n1", from: "tw"))
            #expect(try await !words.record(.delivered(detail: ""), about: "SM-n1", from: "other"))
            #expect(try await words.record(.failed(reason: "undelivered"), aboutNotification: "n2"))
            #expect(try await !words.record(.failed(reason: "x"), aboutNotification: "n9"))
            try await database.reading { connection in
                let log = EventLog(connection)
                let types = try log.read(streams: ["notification-n1", "notification-n2"]).map(\.type)
                #expect(
                    types == [
                        "notification.planned", "notification.attemptBegun", "notification.delivered",
                        "notification.confirmed", "notification.planned", "notification.attemptBegun",
                        "notification.delivered", "notification.refused",
                    ])
                let rows = try Notifications(connection).get(["n1", "n2"])
                #expect(
                    Dictionary(uniqueKeysWithValues: rows.map { ($0.plan.id, $0.status) })
                        == ["n1": .delivered, "n2": .pending])
                #expect(rows.allSatisfy { $0.provider == "Twilio" })
                #expect(try DueWork(connection).nextDue(kind: NotificationWords.wordKind, partition: 3) == Self.noon)
            }
        }
    }

    @Test(arguments: Backend.available) func aDigestIsCountedExactly(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let hold = NotificationHold(rule: "storm", until: Self.noon.advanced(by: .seconds(60)), digest: "D")
            try await database.transaction { connection in
                var changes: [(id: String, version: Version, events: [Alert.Event])] = []
                for number in 1...50 {
                    let priority: Priority = number % 5 == 0 ? .high : number % 2 == 0 ? .medium : .low
                    let details = Self.alert(Int64(number), priority)
                    changes.append(("a\(number)", 1, [.created(details: details, at: Self.noon)]))
                }
                try Alerts(connection).apply(changes)
                // Two messages about the first alert; one of the second is not held, one of the third is cancelled.
                for number in [1] + Array(1...50) {
                    let id = "n\(number)-\(try Notifications(connection).get(["n\(number)-0"]).count)"
                    try Self.execute([(id, .plan(Self.plan(id, alert: "a\(number)")))], in: connection)
                    guard number != 2 else { continue }
                    try Self.execute([(id, .hold(hold))], in: connection)
                    try Self.execute([(id, number == 3 ? .cancel(reason: "x") : .collapse(into: "D"))], in: connection)
                }
                let content = try Notifications(connection).content(of: "D", limit: 5)
                #expect(content.messages == 49 && content.alerts == 48)
                #expect(content.priorities == [.high: 10, .medium: 19, .low: 19])
                #expect(content.first.map(\.details.number) == [1, 4, 5, 6, 7])
                #expect(try Notifications(connection).held(for: "D", limit: 10).isEmpty)
                let row = try #require(try Notifications(connection).get(["n7-0"]).first)
                #expect(row.hold == hold && row.status == .collapsed && !row.isInDoubt)
            }
        }
    }

    @Test(arguments: Backend.available) func thereIsOneWebPushKey(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
            let keys = try await withThrowingTaskGroup(of: WebPushKey.self) { tasks in
                for _ in 0..<8 {
                    tasks.addTask { try await WebPushKey.current(in: database, secrets: secrets, at: Self.noon) }
                }
                return try await tasks.reduce(into: Set<WebPushKey>()) { $0.insert($1) }
            }
            let key = try #require(keys.first)
            #expect(keys.count == 1)
            #expect(try key.privateKey(secrets).publicKey.x963Representation.base64URL == key.publicKey)
            #expect(!key.sealedPrivateKey.contains(try key.privateKey(secrets).rawRepresentation.base64EncodedString()))
        }
    }

    @Test(arguments: Backend.available) func secretsOfChannelsAreSealedAnewAndNotAudited(on backend: Backend)
        async throws
    {
        try await backend.withDatabase { plain in
            let old = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
            let new = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
            let before = SecretBox(key: old)
            let database = plain.sealing(with: before)
            let both = SecretBox(keyring: Keyring(keys: [new, old]))
            try await database.transaction { connection in
                var device = Device(id: "d", number: 1, owner: "p", name: "Chat", deviceType: .slack)
                device.pin = before.seal("https://hooks.example/secret", for: .devicePin("d"))
                var pager = Device(id: "e", number: 2, owner: "p", name: "Pager", deviceType: .textPager)
                pager.pin = "12345"
                let provider = NotificationProvider(
                    id: "x", name: "X", kind: .twilio, deviceTypes: [.textPhone],
                    sealedSecret: before.seal("token", for: .provider("x")))
                var discord = Device(id: "g", number: 3, owner: "p", name: "Discord", deviceType: .generic)
                discord.pin = before.seal("https://discord.example/secret", for: .devicePin("g"))
                // As it was stored before pins of generic devices were sealed.
                var plain = Device(id: "h", number: 4, owner: "p", name: "Mattermost", deviceType: .generic)
                (plain.pin, plain.description) = ("https://chat.example/secret", "https://chat.example/secret")
                for entry in [device, pager, discord, plain] {
                    try Directory(connection).put(entry, by: Self.origin, at: Self.noon)
                }
                try Directory(connection).put(provider, by: Self.origin, at: Self.noon)
            }
            _ = try await WebPushKey.current(in: database, secrets: before, at: Self.noon)
            let outcome = try await Resealing(database: database, secrets: both, now: { Self.noon }).run()
            // One of them is the key of the devices' owner.
            #expect(outcome.resealed == 5 + 1 && outcome.unreadable.isEmpty)
            try await database.reading { connection in
                let directory = Directory(connection)
                let after = SecretBox(key: new)
                let device = try #require(try directory.get(Device.self, id: "d"))
                #expect(try after.open(device.pin, for: .devicePin("d")) == "https://hooks.example/secret")
                #expect(try directory.get(Device.self, id: "e")?.pin == "12345")
                for (id, address) in [("g", "https://discord.example/secret"), ("h", "https://chat.example/secret")] {
                    let generic = try #require(try directory.get(Device.self, id: id))
                    #expect(try after.open(generic.pin, for: .devicePin(id)) == address && generic.description.isEmpty)
                }
                let audit = try EventLog(connection).read(LogPartition("config", 0), after: 0, limit: 100).map(\.data)
                #expect(audit.contains { $0.contains(#""pin":"***""#) })
                #expect(!audit.contains { $0.contains(device.pin) || $0.contains("v2:") || $0.contains("/secret") })
            }
        }
    }
}
