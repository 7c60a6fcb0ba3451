import AlertCore
import Persistence

/// The builder of an inbound integration: what it is, its script, its URL, and a way to try it.
struct IntegrationPage: Sendable {
    /// What somebody has typed, or what is saved.
    struct Input: Sendable {
        var name = ""
        var form = ""
        var operation = Integration.Operation.transformAndCreateAlert.rawValue
        var authentication = Integration.Authentication.url.rawValue
        var user = ""
        var isDeployed = true
        var script = ""
        var testHeaders = "Content-Type: application/json"
        var testBody = ""
    }

    struct Trigger: Sendable {
        let url: String
        let curl: String
        let isKeyShown: Bool
    }

    /// `nil` for a new one.
    let id: String?
    let planId: String
    let plan: String
    let title: String
    let csrf: String
    let mayConfigure: Bool
    let isFlow: Bool
    let name: String
    let user: String
    let isDeployed: Bool
    let script: String
    let testHeaders: String
    let testBody: String
    let forms: [Choice]
    let operations: [Choice]
    let authentications: [Choice]
    let version: String?
    let trigger: Trigger?
    /// The line of the script that is marked, from 1.
    var markedLine: String?
    var notice: String?
    var warning: String?
    /// What came of a dry run of what is typed.
    var result: RunView?
    var recent: [ActivitiesPage.Row] = []
    var hasRecent = false

    init(
        _ integration: Integration?, of plan: Plan, _ input: Input, trigger: Trigger?, directory: DirectoryView,
        for session: ConsoleSession
    ) {
        id = integration?.id
        planId = plan.id
        self.plan = plan.name
        title = integration?.name ?? "New inbound integration"
        csrf = session.csrf
        mayConfigure = session.caller.may(.writeConfiguration)
        isFlow = integration?.scriptStep != nil
        name = input.name
        user = input.user
        isDeployed = input.isDeployed
        script = input.script
        testHeaders = input.testHeaders
        testBody = input.testBody
        forms =
            [Choice(value: "", text: "None", isChosen: input.form.isEmpty)]
            + directory.forms(of: plan.id).map {
                Choice(value: $0.id, text: $0.name, isChosen: $0.id == input.form)
            }
        operations = [Integration.Operation.transformAndCreateAlert, .createAlert, .runScript].map {
            Choice(value: $0.rawValue, text: $0.title, isChosen: $0.rawValue == input.operation)
        }
        authentications = [Integration.Authentication.url, .any, .basic, .apiKey].map {
            Choice(value: $0.rawValue, text: $0.title, isChosen: $0.rawValue == input.authentication)
        }
        version = integration.flatMap { $0.script == nil ? nil : String($0.scriptVersion ?? 1) }
        self.trigger = trigger
    }
}

extension IntegrationPage.Input {
    /// What is saved.
    init(_ integration: Integration, _ directory: DirectoryView) {
        let step = integration.scriptStep.flatMap { directory.scriptSteps[$0] }
        self.init(
            name: integration.name, form: integration.form ?? "", operation: integration.operation.rawValue,
            authentication: integration.authenticationType.rawValue,
            user: integration.authenticatingUser.flatMap { directory.people[$0]?.targetName } ?? "",
            isDeployed: integration.deployed, script: step?.script ?? integration.script ?? "")
    }

    /// What is typed.
    init(_ form: QueryParameters) {
        self.init(
            name: form["name"] ?? "", form: form["form"] ?? "", operation: form["operation"] ?? "",
            authentication: form["authentication"] ?? "", user: form["user"] ?? "",
            isDeployed: form["deployed"] == "true", script: form.text("script") ?? "",
            testHeaders: form.text("testHeaders") ?? "", testBody: form.text("testBody") ?? "")
    }

    /// `Name: value` lines.
    /// - Throws: 400 for a line that is none.
    func headers() throws(RestError) -> [String: String] {
        var headers: [String: String] = [:]
        for line in testHeaders.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(" ") else {
                throw .invalidValue("headers", "\(line) is no line such as Content-Type: application/json.")
            }
            headers[parts[0]] = parts[1]
        }
        return headers
    }
}

/// Texts that a new integration begins with.
enum SampleText {
    static let script = """
        // The request: request.body (a string), request.headers, request.parameters, request.method.
        var data = JSON.parse(request.body);

        // The alert. Its properties are those of the form; recipients, priority, expirationInMinutes
        // and responseOptions may be set too. What is not set comes from the form.
        trigger.properties = {
            // "Host": data.host
        };
        trigger.priority = "MEDIUM";

        console.log("A request from " + request.headers["User-Agent"]);
        form.post(trigger);

        """

    /// A body with every property of a form.
    static func body(for form: Form?, _ directory: DirectoryView) -> String {
        let items = form?.sections.flatMap(\.items) ?? []
        let lines = items.compactMap { directory.properties[$0.propertyDefinition] }.map { property in
            "    \(text(.string(property.name))): \(text(property.sampleValue))"
        }
        let recipients = (form?.recipients ?? []).map { directory.recipientName($0) }
        let named = recipients.map { "{ \"id\": \(text(.string($0))) }" }.joined(separator: ", ")
        let fields = [
            "  \"properties\": {\n\(lines.joined(separator: ",\n"))\n  }",
            recipients.isEmpty ? nil : "  \"recipients\": [\(named)]",
        ]
        return "{\n\(fields.compactMap { $0 }.joined(separator: ",\n"))\n}"
    }

    private static func text(_ value: JSONValue) -> String {
        // Plain values can always be encoded.
        (try? JSON.encode(value)) ?? "null"
    }

    /// A command line that sends a request.
    static func curl(_ url: String, _ authentication: Integration.Authentication, body: String) -> String {
        let user = authentication == .basic || authentication == .apiKey ? " -u USER:PASSWORD" : ""
        return "curl\(user) -H 'Content-Type: application/json' \\\n  -d \(quoted(body)) \\\n  \(quoted(url))"
    }

    /// For a POSIX shell.
    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
