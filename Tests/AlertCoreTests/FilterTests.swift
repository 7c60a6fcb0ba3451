import Testing

@testable import AlertCore

/// Conditions on what is to be delivered.
struct FilterTests {
    static let subject: Filter.Subject = {
        let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")
        var details = AlertDetails(
            number: 7, plan: NamedReference(id: "p", name: "Plan"), form: NamedReference(id: "f", name: "Form"),
            requestId: "r", submitter: mary, priority: .high,
            properties: [
                "severity": "High", "count": 3, "ratio": .number(0.5), "tags": ["db", "eu"], "is live": true,
                "nothing": .null, "path": ["value": "a"],
            ], recipients: [AlertRecipient(id: "g", targetName: "Database", recipientType: .group)])
        details.callbackProperties = ["severity"]
        guard let payload = WebhookPayload(.created(details: details, at: Timestamp(milliseconds: 0)), of: details)
        else { preconditionFailure("a beginning sets off integrations") }
        return Filter.Subject(payload: payload, alert: "a-1", details: details)
    }()

    @Test(arguments: [
        (#"properties.severity == "High""#, true), (#"properties.severity == 'high'"#, false),
        (#"properties.severity.lowerAscii() == "high" && payload.status != "terminated""#, true),
        (#"properties["is live"]"#, true), (#"properties["is live"] == true"#, true),
        ("properties.severity", false), ("!properties.severity", true), ("!!properties[\"is live\"]", true),
        ("properties.count == 3.0", true), ("properties.count > 2.5", true), ("properties.count >= 3", true),
        ("properties.count < 3", false), ("properties.count <= 3", true), ("properties.ratio == 5e-1", true),
        ("properties.count > -1", true), ("-1 < properties.count", true),
        ("properties.severity < 5", false), ("properties.severity >= 5", false),
        (#""abc" < "abd""#, true), (#""abc" <= "abc""#, true), (#""b" > "abc""#, true),
        ("properties.missing == null", true), ("properties.nothing == null", true),
        ("properties.missing.deeper.still == null", true), ("properties.missing > 0", false),
        ("has(properties.severity)", true), ("has(properties.nothing)", false), ("has(properties.missing)", false),
        (#""db" in properties.tags"#, true), (#""us" in properties.tags"#, false),
        (#"properties.severity in ["Low", "High"]"#, true), (#""severity" in properties"#, true),
        ("3 in [1, 2, 3.0]", true), ("1 in []", false), ("1 in 1", false),
        ("size(properties.tags) == 2", true), ("size(properties.severity) == 4", true),
        ("size(properties.count) == null", true), (#"properties.tags[1] == "eu""#, true),
        ("properties.tags[9] == null", true), (#"properties.path.value == "a""#, true),
        (#"properties.severity.contains("ig")"#, true), (#"properties.severity.startsWith("Hi")"#, true),
        (#"properties.severity.endsWith("h")"#, true), (#"properties.count.contains("3")"#, false),
        (#"alert.priority == "HIGH" && alert.number == 7 && alert.id == "a-1""#, true),
        (#"alert.plan == "Plan" && alert.form == "Form" && alert.submitter == "mary""#, true),
        (#""Database" in alert.recipients"#, true), (#"trigger == "STATUS""#, true),
        (#"payload.status == "active" && payload.username == "mary""#, true),
        (#"payload.eventProperties[0].severity == "High""#, true),
        ("true || false && false", true), ("(true || false) && false", false), ("!false == true", true),
        (#""a\"b\\\n" == 'a"b\\\n'"#, true), ("null", false), ("1", false), (" true ", true),
        ("(1 == 1) == true", true),
    ])
    func decides(_ text: String, _ expected: Bool) throws {
        #expect(try Filter(text).accepts(Self.subject) == expected)
    }

    @Test(arguments: [
        ("", 1, "a value"), ("properties.", 12, "name of a member"), ("properties.a ==", 16, "the end"),
        ("severity == 1", 1, "there is no name severity: there are alert, payload, properties, trigger"),
        ("properties.a = 1", 14, "="), ("properties.a == \"x", 17, "does not end"), ("1 == 1 == 1", 8, "&&"),
        ("properties.a.matches('x')", 14, "no function matches"), ("(true", 6, ")"), ("true)", 5, "an operator"),
        ("true true", 6, "true"), ("properties[x]", 12, "a name in quotes"), ("properties[-1]", 12, "place from 0"),
        ("[1, 2", 6, "]"), ("'\\q'", 2, "\\q"), ("1.2.3 == 1", 1, "1.2.3 is no number"),
        ("a && é", 6, "é has no meaning"),
        ("true && #", 9, "# has no meaning"), ("has properties.a", 1, "no name has"),
    ])
    func saysWhereAConditionIsWrong(_ text: String, _ position: Int, _ words: String) {
        let problem = #expect(throws: Filter.Problem.self) { try Filter(text) }
        #expect(problem?.position == position, "\(String(describing: problem))")
        #expect(problem?.message.contains(words) == true, "\(String(describing: problem))")
        #expect(problem.map { "\($0)".hasPrefix("at character \(position), ") } == true)
    }

    @Test func isBounded() {
        #expect(throws: Filter.Problem.self) { try Filter(String(repeating: " ", count: Filter.lengthLimit + 1)) }
        let deep = String(repeating: "(", count: 40) + "true" + String(repeating: ")", count: 40)
        #expect(throws: Filter.Problem.self) { try Filter(deep) }
        let wide = Array(repeating: "true", count: 200).joined(separator: " && ")
        #expect(throws: Never.self) { try Filter(wide) }
    }

    @Test(arguments: [
        (#"properties.severity == "Low""#, #"the filter is not met: properties.severity is "High""#),
        (#"has(properties["not there"])"#, #"the filter is not met: properties["not there"] is not there"#),
        ("false", "the filter is not met"),
        (
            "properties.count > 5 || properties.tags[0] == 'x' || properties.count < 0",
            #"the filter is not met: properties.count is 3, properties.tags[0] is "db""#
        ),
    ])
    func saysWhy(_ text: String, _ reason: String) throws {
        #expect(try Filter(text).reason(against: Self.subject) == reason)
    }

    @Test func anIntegrationWithoutAConditionTakesAll() throws {
        let mary = PersonReference(id: "p", targetName: "mary", firstName: "M", lastName: "M")
        let details = AlertDetails(
            number: 7, plan: NamedReference(id: "p", name: "P"), form: NamedReference(id: "f", name: "F"),
            requestId: "r", submitter: mary, priority: .high)
        let payload = try #require(
            WebhookPayload(.created(details: details, at: Timestamp(milliseconds: 0)), of: details))
        var integration = Integration(
            id: "i", plan: "p", form: "f", name: "I", integrationType: .outbound, operation: .sendWebhook)
        for (filter, refusal) in [
            (nil, nil), ("", nil), ("alert.number == 7", nil), ("what a later version may write", nil),
            ("alert.number == 8", "the filter is not met: alert.number is 7"),
        ] as [(String?, String?)] {
            integration.delivery = filter.map { DeliverySettings(filter: $0) }
            #expect(integration.readFilter()?.refusal(of: payload, alert: "a", details) == refusal)
        }
    }
}
