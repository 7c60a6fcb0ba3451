import API
import AlertCore
import Answers
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import NIOCore
import Persistence
import TestSupport

/// The routes of the API service without a port, with one person who has a telephone and a mail address.
struct AnswerWorld: Sendable {
    static let publicURL = "https://tocsin.example:8443"
    static let token = "the account's secret"
    static let provider = "99999999-0000-4000-8000-000000000001"
    static let phone = "+16045550101"
    static let pin = "4321"
    static let anna = ConsoleWorld.anna
    static let acknowledge = ResponseOption(
        id: "44444444-0000-4000-8000-00000000000a", number: 1, text: "Acknowledge", action: .recordResponse,
        translations: [.init(language: "de", text: "Annehmen")])
    static let resolve = ResponseOption(
        id: "44444444-0000-4000-8000-00000000000b", number: 2, text: "Resolve", action: .end, joinConference: true,
        allowComments: false)

    let database: any SQLDatabase
    let clock: ConsoleClock
    let secrets: SecretBox
    let desk: AnswerDesk
    let responder: RouterResponder<QuietContext>

    static func run(on backend: Backend, _ test: (AnswerWorld) async throws -> Void) async throws {
        try await backend.withDatabase { database in
            let clock = ConsoleClock()
            let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
            let bus = ObedientBus(database: database, clock: clock)
            let cache = DirectoryCache(database: database, interval: .zero)
            let router = Router(context: QuietContext.self)
            try APIRoutes(
                database: database, bus: bus, cache: cache, secrets: secrets, publicURL: publicURL,
                now: { clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).add(to: router)
            let world = AnswerWorld(
                database: database, clock: clock, secrets: secrets,
                desk: AnswerDesk(database: database, bus: bus, directory: cache, now: { clock.now }),
                responder: router.buildResponder())
            try await world.addDirectory()
            try await test(world)
        }
    }

    // MARK: - What there is

    private func addDirectory() async throws {
        var anna = Person(
            id: Self.anna.id, targetName: "oncall", firstName: "Anna", lastName: "Berg", whenCreated: clock.now)
        anna.phonePinHash = PasswordHash.make(Self.pin, cost: .lowest)
        let devices = [
            Device(
                id: "sms", number: 1, owner: anna.id, name: "SMS Phone", deviceType: .textPhone,
                phoneNumber: Self.phone),
            Device(
                id: "voice", number: 2, owner: anna.id, name: "Work Phone", deviceType: .voice,
                phoneNumber: Self.phone),
            Device(
                id: "mail", number: 3, owner: anna.id, name: "Work Email", deviceType: .email,
                emailAddress: "Anna@example.com"),
        ]
        let provider = NotificationProvider(
            id: Self.provider, name: "Phones", kind: .twilio, deviceTypes: [.textPhone, .voice], account: "AC1",
            sealedSecret: secrets.seal(Self.token, for: .provider(Self.provider)), from: "+16045550100")
        let (person, now) = (anna, clock.now)
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
            try directory.put(person, by: origin, at: now)
            for device in devices { try directory.put(device, by: origin, at: now) }
            try directory.put(provider, by: origin, at: now)
        }
    }

    /// An alert of which Anna has been told on a device.
    /// - Returns: The notification's id.
    @discardableResult
    func tellAnna(
        _ number: Int64, on device: String, language: String = "en",
        _ change: @Sendable (inout AlertDetails) -> Void = { _ in }
    ) async throws -> String {
        let alert = DerivedID.uuid("alert", String(number))
        var details = AlertDetails(
            number: number, plan: ConsoleWorld.plan, form: ConsoleWorld.form,
            requestId: DerivedID.uuid("request", String(number)), submitter: Self.anna, priority: .high,
            responseOptions: [Self.acknowledge, Self.resolve], subject: "db\(number) is <down>")
        change(&details)
        try await carryOut(.create(details), on: alert)
        let kind = ["sms": Device.Kind.textPhone, "voice": .voice, "mail": .email][device] ?? .email
        var plan = AlertCore.Notification.Plan(
            id: DerivedID.uuid("notification", alert, device), alert: alert, alertNumber: number,
            recipient: Self.anna, device: NamedReference(id: device, name: device), deviceNumber: 1,
            address: kind == .email ? "Anna@example.com" : Self.phone, dueAt: clock.now, reason: "test",
            correlation: details.requestId)
        plan.deviceType = kind.rawValue
        plan.language = language
        let (kept, now) = (plan, clock.now)
        try await database.transaction { connection in
            let origin = Origin(actor: "<notifier>", causation: "test", correlation: kept.correlation)
            for command in Self.delivered(kept) {
                let outcomes = try EventLog(connection).execute(
                    [AddressedCommand<AlertCore.Notification>(command, on: kept.id, by: origin)],
                    in: LogPartition("notification", 0), at: now)
                try Notifications(connection).apply(outcomes, at: now)
            }
        }
        return plan.id
    }

    private static func delivered(_ plan: AlertCore.Notification.Plan) -> [AlertCore.Notification.Command] {
        [.plan(plan), .beginByMail, .deliver(receipt: "SM1")]
    }

    func carryOut(_ command: Alert.Command, on alert: String) async throws {
        let message = AlertCommandMessage(
            commandId: UUID().uuidString, alert: alert, command: command,
            origin: Origin(actor: "admin", causation: "test", correlation: "test"))
        let now = clock.now
        try await database.transaction { try ObedientBus.carryOut(message, at: now, in: $0) }
    }

    /// Ends an alert, by Ben.
    func end(_ number: Int64) async throws {
        let ben = PersonReference(id: "ben", targetName: "bstone", firstName: "Ben", lastName: "Stone")
        try await carryOut(.terminate(by: ben), on: DerivedID.uuid("alert", String(number)))
    }

    // MARK: - What has happened

    /// The answers to an alert: each with its text, source and comment.
    func answers(to number: Int64) async throws -> [String] {
        try await events(of: number).compactMap { event in
            guard case .responded(let response, let option, _) = event else { return nil }
            return "\(option.text) \(response.source)\(response.comment.map { " \($0)" } ?? "")"
        }
    }

    func events(of number: Int64) async throws -> [Alert.Event] {
        let stream = "alert-\(DerivedID.uuid("alert", String(number)))"
        return try await database.reading { try EventLog($0).read(streams: [stream]) }
            .map { try EventCodec<Alert.Event>.decode($0.data) }
    }

    /// What is kept beside an alert, by type.
    func remarks(on number: Int64) async throws -> [String] {
        let stream = "answer-\(DerivedID.uuid("alert", String(number)))"
        return try await database.reading { try EventLog($0).read(streams: [stream]) }.map(\.type)
    }

    // MARK: - Requests

    /// What the provider sends, signed unless it is said otherwise.
    func provider(
        _ path: String, _ form: [String: String], signature: String? = nil, provider: String = provider
    ) async throws -> (status: Int, body: String) {
        let uri = "/provider/twilio/\(provider)/\(path)"
        let pairs = form.map { (name: $0.key, value: $0.value) }
        let signed =
            signature ?? TwilioSignature.make(url: Self.publicURL + uri, form: pairs, token: Self.token)
        let body = form.map { "\($0.key)=\($0.value.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!)" }
        return try await post(uri, body.joined(separator: "&"), ["X-Twilio-Signature": signed])
    }

    func post(_ uri: String, _ body: String, _ headers: [String: String]) async throws -> (status: Int, body: String) {
        var fields: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let request = Request(
            head: .init(method: .post, scheme: "http", authority: "spoofed.example", path: uri, headerFields: fields),
            body: .init(buffer: ByteBuffer(string: body)))
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let response = try await responder.respond(
            to: request, context: QuietContext(source: .init(logger: quiet)))
        let written = Written()
        try await response.body.write(Writer(written: written))
        return (response.status.code, String(decoding: written.bytes, as: UTF8.self))
    }
}

/// Of a request that no socket brought.
struct QuietContext: RequestContext {
    struct Source: RequestContextSource { let logger: Logger }

    var coreContext: CoreRequestContextStorage

    init(source: Source) { coreContext = .init(source: source) }
}

private final class Written { var bytes: [UInt8] = [] }

private struct Writer: ResponseBodyWriter {
    let written: Written

    mutating func write(_ buffer: ByteBuffer) async throws { written.bytes += Array(buffer.readableBytesView) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
