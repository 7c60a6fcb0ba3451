import Foundation
import Testing

@testable import AlertCore

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
        #expect(request.conference == .init(type: .bridge))
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

struct AlertRequestPartsTests {
    func parse(_ json: String) throws -> AlertRequest {
        try AlertRequest(JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    }

    @Test func readsTheNewerFormat() throws {
        let request = try parse(
            #"{"recipients":[{"id":"g","recipientType":"group","responseCountThreshold":2}],"bypassPhoneIntro":"true","#
                + #""voicemailOptions":{"retry":2,"every":30,"leave":"hangup"},"targetAllDevices":true,"#
                + #""conference":{"type":"EXTERNAL","bridgeId":"Room","bridgeNumber":"1"},"priority":"Low","#
                + #""otherResponseCountThreshold":3,"senderOverrides":{"displayName":"Ops","callerId":"+16045551212"},"#
                + #""attachments":[{"name":"a.txt","path":"/x"}]}"#)
        #expect(request.recipients == [.init("g", kind: .group, responseCountThreshold: 2)])
        #expect(request.bypassPhoneIntro == true && request.targetAllDevices && request.priority == .low)
        #expect(request.voicemailOptions?.leave == .hangUp && request.voicemailOptions?.retry == 2)
        #expect(request.conference == .init(type: .external, bridgeId: "Room", bridgeNumber: "1"))
        #expect(request.senderOverrides == .init(displayName: "Ops", callerId: "+16045551212"))
        #expect(request.attachments == [.init(name: "a.txt", path: "/x")])
    }

    @Test func readsTheOlderFormat() throws {
        let request = try parse(
            #"{"recipients":[{"targetName":"jdoe"}],"responses":["x"],"conferences":[{"name":null}],"priority":"high","#
                + #""callbacks":[{"url":"https://a/b","type":"deliverystatus","authType":"basic","authUserName":"u","#
                + #""authPassword":"p"},{"url":"ia://service","type":"status","iaId":"7"}]}"#)
        #expect(request.recipients == ["jdoe"] && request.responseOptions == ["x"] && request.priority == .high)
        #expect(request.conference == .init(type: .bridge))
        #expect(request.callbacks[0].callback == .init(url: "https://a/b", type: .deliveryStatus, user: "u"))
        #expect(request.callbacks[0].password == "p")
        #expect(request.callbacks[1].callback == .init(url: "ia://service", type: .status, agent: "7"))
    }

    @Test(arguments: [
        ("a,b c", ["a", "b c"]), (#" "Smith, J" , b"#, ["Smith, J", "b"]), (#""say ""hi""",x"#, [#"say "hi""#, "x"]),
        (",, ", []), (#"5" pipe,b"#, [#"5" pipe"#, "b"]), (#""open,b"#, ["open,b"]),
    ])
    func readsListsOfNames(_ text: String, _ names: [String]) {
        #expect(RecipientList.names(of: text) == names)
    }

    @Test(arguments: [
        (#"{"responses":["a"],"responseOptions":[{"id":"a"}]}"#, "responses", "responseOptions"),
        (#"{"recipients":[{"targetName":"a"}],"responseOptions":[]}"#, "recipients[0].targetName", "responseOptions"),
        (#"{"recipients":["x",{"id":"a"}],"conferences":[{"name":"1"}]}"#, "conferences", "recipients[1].id"),
        (#"{"voicemailOptions":{"leave":"shout"}}"#, "voicemailOptions.leave", "callbackonly"),
        (#"{"voicemailOptions":{"retry":-1}}"#, "voicemailOptions.retry", "from 0"),
        (#"{"requirePhonePassword":true,"voicemailOptions":{"leave":"messageonly"}}"#, "voicemailOptions.leave", "not"),
        (#"{"senderOverrides":{"callerId":"604 555"}}"#, "senderOverrides.callerId", "E.164"),
        (#"{"senderOverrides":{"callerId":"+0123"}}"#, "senderOverrides.callerId", "E.164"),
        (#"{"conference":{"bridgeId":"1"}}"#, "conference.type", "missing"),
        (#"{"conference":{"type":"EXTERNAL"}}"#, "conference.bridgeId", "missing"),
        (#"{"conferences":[{"name":"1"},{"name":"2"}]}"#, "conferences", "most is 1"),
        (#"{"attachments":[{"name":"a"}]}"#, "attachments[0].path", "missing"),
        (#"{"callbacks":[{"url":"http://a","type":"status"}]}"#, "callbacks[0].url", "https://"),
        (#"{"callbacks":[{"url":"https://a","type":"noise"}]}"#, "callbacks[0].type", "deliveryStatus"),
        (#"{"callbacks":[{"url":"https://a","type":"status","authType":"digest"}]}"#, "callbacks[0].authType", "basic"),
        (#"{"callbacks":[{"url":"https://a","type":"status","iaId":"1"}]}"#, "callbacks[0].iaId", "ia://"),
        (#"{"recipients":[{"id":"a","recipientType":"ROBOT"}]}"#, "recipients[0].recipientType", "DYNAMIC_TEAM"),
        (#"{"recipients":[{"id":"a","responseCountThreshold":0}]}"#, "recipients[0].responseCountThreshold", "from 1"),
        (#"{"otherResponseCountThreshold":"x"}"#, "otherResponseCountThreshold", "whole number"),
        (#"{"targetAllDevices":1}"#, "targetAllDevices", "true or false"),
    ])
    func namesTheFieldAndTheRule(_ json: String, _ field: String, _ says: String) throws {
        let problem = #expect(throws: FieldProblem.self) { try parse(json) }
        #expect(problem?.field == field)
        #expect(problem?.problem.contains(says) == true, "\(problem?.problem ?? "")")
    }
}

/// What was recorded before there was flood control is read, and written, as it was.
struct OlderAlertTests {
    static let golden = #"""
        {"created":{"at":1790000000000,"details":{"body":"","bypassPhoneIntro":false,"callbackProperties":[],\
        "escalationOverride":false,"expirationInMinutes":180,"form":{"id":"f","name":"F"},"number":7,\
        "overrideDeviceRestrictions":false,"plan":{"id":"p","name":"P"},"priority":"LOW","properties":{"A":1},\
        "recipients":[{"id":"a","recipientType":"PERSON","targetName":"ann"}],"requestId":"r",\
        "requirePhonePassword":false,"responseOptions":[],"subject":"S","submitter":{"firstName":"A","id":"a",\
        "lastName":"B","targetName":"ann"},"targetDeviceNames":[],"textProperties":[]}}}
        """#.replacing("\\\n", with: "")

    @Test func staysAsItWas() throws {
        let event = try JSONDecoder().decode(Alert.Event.self, from: Data(Self.golden.utf8))
        guard case .created(let details, _) = event else { return #expect(Bool(false), "another event") }
        #expect(details.voicemailOptions == VoicemailOptions() && details.callbacks.isEmpty)
        #expect(!details.limitsNotifications && details.systemEventType.isEmpty)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(event), as: UTF8.self) == Self.golden)
    }

    @Test func anOlderNotificationIsNotLimited() throws {
        let golden = #"""
            {"address":"x","alert":"a","alertNumber":1,"correlation":"c","device":{"id":"d","name":"D"},\
            "deviceNumber":2,"dueAt":1790000000000,"id":"n","reason":"","recipient":{"firstName":"A","id":"a",\
            "lastName":"B","targetName":"ann"}}
            """#.replacing("\\\n", with: "")
        let plan = try JSONDecoder().decode(Notification.Plan.self, from: Data(golden.utf8))
        #expect(!plan.isLimited && plan.deviceClass.isEmpty)
        #expect(NotificationFloodControl().limit(for: plan) == nil)
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

    static var bridge: ConferenceBridge {
        var bridge = ConferenceBridge(id: "b", name: "War Room")
        bridge.tollNumber = "+16045551212"
        return bridge
    }

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

    func assemble(_ json: JSONValue, _ other: Form? = nil) throws -> (AlertDetails, [String]) {
        let assembly = AlertAssembly(
            plan: Self.plan, form: other ?? form, definitions: ["t": Self.text, "n": Self.number, "s": Self.secret],
            lookup: RecipientLookup(
                person: { $0 == "bob" ? Self.person : nil },
                device: { $0 == "bob|Work Email" ? (Self.device, Self.person) : nil },
                group: { $0 == "ops" ? Group(id: "g", targetName: "ops", created: noon) : nil }),
            bridge: { $0 == "War Room" ? Self.bridge : nil })
        var notes: [String] = []
        let made = try assembly.details(
            AlertRequest(json), number: 42, requestId: "r", integration: "i", submitter: Self.person,
            seal: { "sealed-\($1)-\($0.count)" }, notes: &notes, optionId: { "new-\($0)" })
        return (made, notes)
    }

    @Test func fillsPlaceholdersBySectionItem() throws {
        let item = "0F0F0003-0000-4000-8000-000000000001"
        let texts = FormText(
            properties: ["Host": "<db>"], number: 42, items: [item.lowercased(): "Host", "other": "None"])
        let template =
            "${\(item)} ${\(item.lowercased())} ${Host}${other}${xm.bridgeNumber}${recipient.name}${event.id}"
        #expect(texts.filled(template, isHTML: false) == "<db> <db> <db>42")
        #expect(texts.filled(template, isHTML: true) == "&lt;db&gt; &lt;db&gt; &lt;db&gt;42")
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

    @Test func takesTheFormsHandlingWhereTheRequestSaysNothing() throws {
        var form = form
        form.handling.bypassPhoneIntro = true
        form.handling.voicemailOptions = VoicemailOptions(retry: 3, every: 90, leave: .messageOnly)
        form.targetDeviceNames = ["Work Email"]
        form.responseCountsEnabled = true
        form.otherResponseCountThreshold = 2
        let host: JSONValue = ["Host": "a"]
        let plain = try assemble(["properties": host], form).0
        #expect(plain.bypassPhoneIntro && plain.targetDeviceNames == ["Work Email"])
        #expect(plain.voicemailOptions.leave == .messageOnly && plain.otherResponseCountThreshold == 2)
        let (uncounted, notes) = try assemble(["properties": host, "otherResponseCountThreshold": 5])
        #expect(uncounted.otherResponseCountThreshold == nil && notes.count == 1)
        let other = try assemble(
            [
                "properties": host, "bypassPhoneIntro": false, "targetAllDevices": true, "requirePhonePassword": true,
                "voicemailOptions": ["retry": 1], "otherResponseCountThreshold": 5,
            ], form
        ).0
        #expect(!other.bypassPhoneIntro && other.targetDeviceNames.isEmpty && other.otherResponseCountThreshold == 5)
        #expect(other.voicemailOptions == VoicemailOptions(retry: 1, every: 90, leave: .callbackOnly))
    }

    @Test func sealsThePasswordsOfCallbacks() throws {
        let callback: JSONValue = [
            "url": "https://a/b", "type": "status", "authType": "basic", "authUserName": "u", "authPassword": "secret",
        ]
        let (alert, notes) = try assemble(["properties": ["Host": "a"], "callbacks": [callback]])
        #expect(alert.callbacks.map(\.sealedPassword) == ["sealed-0-6"])
        #expect(notes.isEmpty)
        let agent: JSONValue = ["url": "ia://service", "type": "status"]
        let (kept, reasons) = try assemble(["properties": ["Host": "a"], "callbacks": [agent]])
        #expect(kept.callbacks.count == 1)
        #expect(reasons == ["callbacks[0] is kept and not called: there are no Integration Agents yet"])
    }

    @Test func knowsTheConference() throws {
        var form = form
        form.emailTemplates = [.init(subject: "${Host}: ${xm.tollNumber} ${XM.bridgeNumber}", body: "")]
        let conference: JSONValue = ["type": "EXTERNAL", "bridgeId": "War Room", "bridgeNumber": "42"]
        let (alert, notes) = try assemble(["properties": ["Host": "a"], "conference": conference], form)
        #expect(alert.subject == "a: +16045551212 42" && notes.isEmpty)
        #expect(alert.conference == .init(type: .external, bridgeId: "War Room", bridgeNumber: "42"))
        // Whoever names a number needs no bridge; a hosted one is nothing that anybody could join.
        for (given, isJoined) in [
            (["type": "EXTERNAL", "bridgeId": "x", "bridgeNumber": "+1 (604) 555-1212"], true),
            (["type": "BRIDGE", "bridgeNumber": "+16045551212"], true), (["type": "BRIDGE"], false),
            (["type": "BRIDGE", "bridgeId": "38"], false),
        ] as [(JSONValue, Bool)] {
            let (other, said) = try assemble(["properties": ["Host": "a"], "conference": given])
            #expect(other.conference != nil)
            #expect(
                said
                    == (isJoined
                        ? [] : ["conference is of the type BRIDGE, and no bridges are hosted here: nobody can join it"])
            )
        }
    }

    @Test(
        arguments: [
            (["conference": ["type": "EXTERNAL", "bridgeId": "x"]], false, "conference.bridgeId"),
            (
                ["conference": ["type": "EXTERNAL", "bridgeId": "x", "bridgeNumber": "42"]], false,
                "conference.bridgeId"
            ),
            (["conferences": [["name": "x"]]], false, "conferences[0].name"),
            (["conference": ["type": "BRIDGE"]], true, "conference.type"),
        ] as [(JSONValue, Bool, String)])
    func refusesConferencesThatAreNone(_ json: JSONValue, _ isExternalOnly: Bool, _ field: String) throws {
        var form = form
        if isExternalOnly {
            form.sections.append(
                FormSection(
                    id: "c", title: "", type: "CONFERENCE_BRIDGE", orderNum: 2,
                    settings: ["bridgeType": "EXTERNAL_BRIDGES_ONLY"]))
        }
        var fields = json.object ?? [:]
        fields["properties"] = ["Host": "a"]
        let problem = #expect(throws: FieldProblem.self) { try assemble(.object(fields), form) }
        #expect(problem?.field == field)
    }

    @Test func aPasswordForbidsWhatAMachineWouldTell() throws {
        var form = form
        form.handling.requirePhonePassword = true
        for leave in ["messageonly", "callbackandmessage"] {
            let problem = #expect(throws: FieldProblem.self) {
                try assemble(["properties": ["Host": "a"], "voicemailOptions": ["leave": .string(leave)]], form)
            }
            #expect(problem?.field == "voicemailOptions.leave")
        }
        let without: JSONValue = [
            "properties": ["Host": "a"], "requirePhonePassword": false, "voicemailOptions": ["leave": "messageonly"],
        ]
        #expect(try assemble(without, form).0.voicemailOptions.leave == .messageOnly)
    }

    @Test func keepsTranslations() throws {
        let (alert, notes) = try assemble([
            "properties": ["Host": ["value": "a", "translations": ["fr": "b"]], "Host#de": "c"]
        ])
        #expect(alert.properties["Host"] == "a" && notes.isEmpty)
        #expect(alert.propertyTranslations == ["Host": ["fr": "b", "de": "c"]])
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
