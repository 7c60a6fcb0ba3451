import AlertCore
import Foundation
import Testing

struct AlertRequestTests {
    func parse(_ json: String) throws -> AlertRequest {
        try AlertRequest(JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    }

    @Test func readsEverySpellingOfRecipients() throws {
        #expect(try parse(#"{"recipients":["a"]}"#).recipients == ["a"])
        #expect(
            try parse(#"{"recipients":[{"id":"a"},"b",{"id":"c","targetName":"d"}]}"#).recipients == ["a", "b", "c"])
        #expect(try parse(#"{"recipients":[{"targetName":"b"}]}"#).recipients == ["b"])
        #expect(try parse(#"{"recipients":"a, b c"}"#).recipients == ["a", "b c"])
        #expect(try parse(#"{"recipients":[]}"#).recipients == nil)
        #expect(try parse("{}").recipients == nil)
    }

    @Test func readsTheRest() throws {
        let request = try parse(
            #"{"priority":"high","expirationInMinutes":60,"overrideDeviceRestrictions":true,"properties":{"a":1},"#
                + #""targetDeviceNames":[{"name":"Work Email"}],"conference":{"type":"BRIDGE"}}"#)
        #expect(request.priority == .high)
        #expect(request.expirationInMinutes == 60)
        #expect(request.overrideDeviceRestrictions == true)
        #expect(request.escalationOverride == nil)
        #expect(request.properties == ["a": 1])
        #expect(request.targetDeviceNames == ["Work Email"])
        #expect(request.withoutEffect == ["conference"])
    }

    @Test(arguments: [
        ("[]", "the request"), (#"{"properties":[]}"#, "properties"), (#"{"recipients":5}"#, "recipients"),
        (#"{"recipients":[{"name":"x"}]}"#, "recipients[0]"), (#"{"priority":"URGENT"}"#, "priority"),
        (#"{"priority":3}"#, "priority"), (#"{"expirationInMinutes":0}"#, "expirationInMinutes"),
        (#"{"expirationInMinutes":true}"#, "expirationInMinutes"), (#"{"bypassPhoneIntro":"yes"}"#, "bypassPhoneIntro"),
        (#"{"responseOptions":[5]}"#, "responseOptions[0]"), (#"{"targetDeviceNames":[{}]}"#, "targetDeviceNames[0]"),
    ])
    func namesTheFieldThatIsWrong(_ json: String, _ field: String) throws {
        let problem = #expect(throws: FieldProblem.self) { try parse(json) }
        #expect(problem?.field == field)
    }
}

struct AlertAssemblyTests {
    static let plan = Plan(id: "plan", name: "Monitoring", created: noon)
    static let text = PropertyDefinition(id: "t", plan: "plan", propertyType: .text, name: "Host", maxLength: 10)
    static let number = PropertyDefinition(
        id: "n", plan: "plan", propertyType: .number, name: "Value", defaultValue: 7, minimum: 0)
    static let secret = PropertyDefinition(id: "s", plan: "plan", propertyType: .boolean, name: "Urgent")
    static let person = Person(id: "p2", targetName: "bob", firstName: "Bob", lastName: "Smith", whenCreated: noon)
    static let device = Device(
        id: "d1", number: 1, owner: "p2", name: "Work Email", deviceType: .email, emailAddress: "bob@example.org")

    var form: Form {
        Form(
            id: "form", number: 1, plan: "plan", name: "Problem", recipients: ["bob"],
            responseOptions: [acknowledge, close],
            emailTemplates: [.init(subject: "${Host} on ${event.id}", body: "<b>${Host}</b> ${Nothing}")],
            sections: [
                FormSection(
                    id: "x", title: "", type: "CUSTOM_SECTION", orderNum: 1,
                    items: [
                        .init(id: "1", orderNum: 2, required: true, includeInCallback: true, propertyDefinition: "t"),
                        .init(id: "2", orderNum: 1, includeInCallback: true, propertyDefinition: "n"),
                        .init(id: "3", orderNum: 3, propertyDefinition: "s"),
                    ])
            ])
    }

    func assemble(_ json: JSONValue) throws -> (AlertDetails, [String]) {
        let assembly = AlertAssembly(
            plan: Self.plan, form: form, definitions: ["t": Self.text, "n": Self.number, "s": Self.secret],
            person: { $0 == "bob" ? Self.person : nil },
            device: { $0 == "bob|Work Email" ? (Self.device, Self.person) : nil })
        var notes: [String] = []
        let made = try assembly.details(
            AlertRequest(json), number: 42, requestId: "r", integration: "i", submitter: Self.person,
            seal: { "sealed-\($1)-\($0.count)" }, notes: &notes, optionId: { "new-\($0)" })
        return (made, notes)
    }

    @Test func takesFromTheFormWhatTheRequestLeavesOut() throws {
        let (alert, notes) = try assemble(["properties": ["Host": "<db>", "Other": 1]])
        #expect(alert.properties == ["Host": "<db>", "Value": 7])
        #expect(alert.callbackProperties == ["Value", "Host"])
        #expect(alert.textProperties == ["Host"])
        #expect(alert.recipients.map(\.targetName) == ["bob"])
        #expect(alert.responseOptions.count == 2)
        #expect(alert.subject == "<db> on 42")
        #expect(alert.body == "<b>&lt;db&gt;</b> ")
        #expect(notes == ["property Other is not on the form Problem and was left out"])
    }

    @Test func takesOptionsAndDevices() throws {
        let (alert, _) = try assemble([
            "properties": ["Host#en": "a"], "recipients": ["bob|Work Email", "bob", "bob"],
            "responseOptions": ["o2", ["text": "New", "action": "END"]],
        ])
        #expect(alert.recipients.map(\.recipientType) == [.device, .person])
        #expect(alert.responseOptions.map(\.id) == ["o2", "new-1"])
        #expect(alert.responseOptions[1].action == .end)
    }

    @Test(
        arguments: [
            (["properties": [:]], "properties.Host"), (["properties": ["Host": "12345678901"]], "properties.Host"),
            (["properties": ["Host": ["a"]]], "properties.Host"),
            (["properties": ["Host": "a", "Value": "x"]], "properties.Value"),
            (["properties": ["Host": "a", "Value": -1]], "properties.Value"),
            (["properties": ["Host": "a", "Urgent": "maybe"]], "properties.Urgent"),
            (["properties": ["Host": "a"], "recipients": ["bob", "nobody"]], "recipients[1]"),
            (["properties": ["Host": "a"], "responseOptions": ["o9"]], "responseOptions[0].id"),
        ] as [(JSONValue, String)])
    func namesWhatIsWrong(_ json: JSONValue, _ field: String) {
        let problem = #expect(throws: FieldProblem.self) { try assemble(json) }
        #expect(problem?.field == field)
    }
}
