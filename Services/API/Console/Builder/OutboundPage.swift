import AlertCore
import Persistence

/// An outbound integration: what it sends where, how it delivers, what signs it, and a way to try it.
struct OutboundPage: Sendable {
    struct SigningRow: Sendable {
        let scheme: String
        let publicKey: String?
        let expires: String
    }

    struct Exchange: Sendable {
        let result: String
        let resultClass: String
        let remarks: [String]
        /// Request line, headers and body.
        let request: String?
        /// Status line, headers and body.
        let response: String?
    }

    let id: String
    let planId: String
    let plan: String
    let name: String
    let csrf: String
    let mayConfigure: Bool
    let isDeployed: Bool
    let disabledReason: String?
    let notExecuted: String?
    let facts: [NamedValue]
    /// What is typed, or saved.
    let timeoutSeconds: String
    let concurrency: String
    let requestsPerSecond: String
    let filter: String
    let retrySchedule: String
    let orders: [Choice]
    let isSigned: Bool
    let schemes: [Choice]
    var signing: [SigningRow] = []
    var signingSecret: String?
    let mayTry: Bool
    var notice: String?
    var warning: String?
    var exchange: Exchange?

    /// - Parameter typed: What a form that was refused held.
    init(
        _ integration: Integration, of plan: Plan, _ directory: DirectoryView, for session: ConsoleSession,
        mayTry: Bool, typed: QueryParameters? = nil
    ) {
        id = integration.id
        planId = plan.id
        self.plan = plan.name
        name = integration.name
        csrf = session.csrf
        mayConfigure = session.caller.may(.writeConfiguration)
        isDeployed = integration.deployed && integration.disabledReason == nil
        disabledReason = integration.disabledReason
        notExecuted = integration.notExecuted
        let endpoint = integration.endpoint.flatMap { directory.endpoints[$0] }
        let form = integration.form.flatMap { directory.forms[$0] }
        let all: [(String, String?)] = [
            ("Trigger", integration.triggeredBy?.title), ("Form", form?.name),
            ("What it does", integration.operation.title),
            ("Target", endpoint.map { "\($0.name): \($0.address(of: integration.path))" }),
            ("Payload version", String(integration.delivery?.payloadVersion ?? 1)),
        ]
        facts = all.compactMap { name, value in value.map { NamedValue(name: name, value: $0) } }
        let saved = integration.delivery ?? DeliverySettings()
        timeoutSeconds = typed?["timeoutSeconds"] ?? saved.timeoutSeconds.map(String.init) ?? ""
        concurrency = typed?["concurrency"] ?? saved.concurrency.map(String.init) ?? ""
        requestsPerSecond =
            typed?["requestsPerSecond"] ?? saved.requestsPerSecond.map { JSONValue.rate($0).readable } ?? ""
        filter = typed?.text("filter") ?? saved.filter ?? ""
        retrySchedule =
            typed?["retrySchedule"]
            ?? (integration.retrySchedule ?? .standard).delays.map(String.init).joined(separator: ", ")
        let order = typed?["order"] ?? (saved.order ?? .alert).rawValue
        orders = [
            Choice(value: "ALERT", text: "Those of one alert one after the other", isChosen: order == "ALERT"),
            Choice(value: "NONE", text: "None: each as soon as it can", isChosen: order == "NONE"),
        ]
        isSigned = integration.operation == .sendWebhook
        schemes = [
            Choice(value: "v1", text: "A shared secret (HMAC, v1)", isChosen: true),
            Choice(value: "v1a", text: "A key pair (Ed25519, v1a)", isChosen: false),
        ]
        self.mayTry = mayTry && mayConfigure && integration.operation == .sendWebhook
    }

    /// - Parameter answer: Of the API, for the integration.
    mutating func tellOfSigning(_ answer: JSONValue, _ format: TimeFormat) {
        signingSecret = answer["signingSecret"]?.string
        signing = (answer["signingKeys"]?.array ?? []).map { key in
            let end = key["expiresAt"]?.string.flatMap { Timestamp(iso: $0) }
            return SigningRow(
                scheme: key["scheme"]?.string == "v1a" ? "Ed25519, v1a" : "HMAC, v1",
                publicKey: key["publicKey"]?.string, expires: end.map { "until \(format.short($0))" } ?? "no end")
        }
    }

    /// - Parameter answer: Of the API's try.
    mutating func tell(of answer: JSONValue) {
        let isSuccess = answer["success"]?.bool == true
        let milliseconds = answer["durationMilliseconds"]?.integer ?? 0
        let status = answer["response"]?["status"]?.integer
        let outcome = status.map { "The target answered \($0)" } ?? answer["error"]?.string ?? "No answer"
        var remarks: [String] = []
        if let filtered = answer["filtered"]?.string {
            remarks.append("A delivery like this is kept back: \(filtered).")
        }
        if answer["inDoubt"]?.bool == true { remarks.append("The target may have received it nevertheless.") }
        exchange = Exchange(
            result: "\(outcome) after \(milliseconds) ms.", resultClass: isSuccess ? "good" : "bad", remarks: remarks,
            request: answer["request"].map { request in
                Self.message("\(request["method"]?.string ?? "") \(request["url"]?.string ?? "")", request)
            },
            response: answer["response"].map { response in
                let more = response["bodyTruncated"]?.bool == true ? "\n… (it goes on)" : ""
                return Self.message("HTTP/1.1 \(response["status"]?.integer ?? 0)", response) + more
            })
    }

    private static func message(_ first: String, _ message: JSONValue) -> String {
        let headers = (message["headers"]?.array ?? []).map {
            "\($0["name"]?.string ?? ""): \($0["value"]?.string ?? "")"
        }
        return ([first] + headers + ["", message["body"]?.string ?? ""]).joined(separator: "\n")
    }
}
