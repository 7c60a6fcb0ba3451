import AlertCore
import Foundation
import Testing

@testable import WorkflowArchive

/// What becomes of a file, and what the report says of it.
struct ImportTests {
    private func form(_ name: String = "Incident", in workflow: Workflow) throws -> Form {
        try #require(workflow.forms.first { $0.name == name })
    }

    @Test func takesOverWhatItKnows() throws {
        let workflow = try SampleWorkflow.imported().workflow
        let form = try form(in: workflow)
        #expect(workflow.plan.position == 3)
        #expect(
            form.sections.map(\.type) == [
                "CUSTOM_SECTION", "RECIPIENTS", "DEVICE_FILTER", "HANDLING_OPTIONS", "CONFERENCE_BRIDGE",
                "SENDER_OVERRIDES", "42",
            ])
        #expect(form.sections[0].items.map(\.required) == [true, false])
        #expect(form.sections[0].items.map(\.includeInCallback) == [true, false])
        #expect(form.priority == .high)
        #expect(form.expirationInMinutes == 180)
        #expect(form.handling.overrideDeviceRestrictions && !form.handling.requirePhonePassword)
        #expect(form.handling.voicemailOptions == VoicemailOptions(retry: 2, every: 90, leave: .callbackOnly))
        #expect(form.recipients == ["Database Ops"])
        #expect(form.targetDeviceNames == ["Work Phone"])
        #expect(form.senderOverrides == SenderOverrides(displayName: "Ops", callerId: "+16045550100"))
        #expect(form.responseCountsEnabled && form.otherResponseCountThreshold == 2)
        #expect(
            form.responseOptions.map(\.action) == [
                .assignToUser, .escalate, .recordResponse, .end, .stopNotifyingUser, .stopNotifyingTarget,
                .countResponse, .omitResponseCount,
            ])
        #expect(form.responseOptions[0].translations.map(\.language) == ["de"])
        #expect(form.voiceTemplates[0].steps.map(\.stepType) == ["PHRASE", "PROPERTY", "3"])
        #expect(form.smsTemplates.count == 1 && form.emailTemplates.count == 1)
        #expect(try self.form("Plain", in: workflow).sections.isEmpty)

        #expect(
            workflow.properties.map(\.propertyType) == [
                .boolean, .number, .text, .password, .hierarchy, .singleSelect, .multiSelect,
            ])
        let values: [JSONValue?] = [true, 5, nil, nil, nil, "High", ["Mail", "Web"]]
        #expect(workflow.properties.map(\.defaultValue) == values)
        #expect(workflow.properties[1].maximum == 100)
        #expect(workflow.properties[2].pattern == nil)
        #expect(workflow.properties[4].paths == [["DE", "Bonn"], ["DE", "Ulm"]])

        #expect(workflow.integrations.map(\.name) == ["In", "Out", "Agent", "Taken", "Http"])
        #expect(workflow.integrations[0].script == "form.post(trigger);\n")
        #expect(workflow.integrations[3].responseChoice == "Take")
        #expect(workflow.integrations[4].scriptStep == SampleWorkflow.step)
        #expect(workflow.endpoints.map(\.name) == ["Desk", "Chat"])
        #expect(workflow.constants.count == 1 && workflow.libraries.map(\.name) == ["Tools"])
        #expect(workflow.scriptSteps[0].libraries.map(\.referenceName) == ["util"])
        #expect(workflow.triggerFilters[0].outputs == ["Host"])
        #expect(workflow.canvases.map(\.name) == ["Incident"])
        #expect(workflow.files.map(\.path) == ["resources/images/logo.png"])
    }

    @Test func reports() throws {
        let notes = try SampleWorkflow.imported().notes
        let lines = notes.map { "\($0.kind.rawValue) | \($0.path) | \($0.message)" }
        let expected = """
            used | engine.json | plan Incidents
            used | properties/properties.json | 7 property definitions
            used | forms/Incident/1.json | form Incident: 7 sections, 2 properties, 8 responses, 1 email template, \
            1 SMS template, 1 voice template
            used | forms/Plain/1.json | form Plain: 0 sections, 0 properties, 0 responses, 0 email templates, \
            0 SMS templates, 0 voice templates
            used | integrations/integrations.json: integrations | 2 inbound integrations
            used | integrations/integrations.json: integrations | 3 outbound integrations
            used | integrations/integrations.json: endpoints | 2 endpoints
            used | integrations/integrations.json: constants | 1 constant
            used | integrations/sharedfunctions.json | 1 shared library
            used | integrations/scriptSteps.json | 1 script step
            used | integrations/triggerFilters.json | 1 trigger filter
            unusable | properties/properties.json: [8].baseType | unknown type 98
            unusable | properties/properties.json: [9] | is a string, not an object
            unusable | forms/Incident/1.json: layoutSections[0].sectionItems[2].propertyName | \
            the file has no property Nowhere
            kept | forms/Incident/1.json: layoutSections[6].sectionType | unknown section type 42: it does nothing here
            unusable | forms/Incident/1.json: responses[2].action | unknown action POSTPONE
            byHand | forms/Incident/1.json: layoutSections[1].recipients[1] | \
            there is no recipient Nobody here; make or choose one
            byHand | integrations/integrations.json: endpoints[1].authentication | \
            endpoint Chat: unknown authentication OAUTH_UNHEARD_OF; it has none now
            unusable | integrations/integrations.json: constants[1] | there is another constant with the same id or name
            unusable | integrations/integrations.json: integrations[5].action | unknown action DANCE
            byHand | integrations/integrations.json: endpoints | endpoint Desk: set its credentials (BASIC); \
            files hold none
            kept | integrations/integrations.json: integrations[2] | outbound integration Agent: \
            there are no agents here
            kept | integrations/integrations.json: integrations[3] | outbound integration Taken: \
            it begins a flow, which is not executed yet
            kept | forms/Incident/1.json: layoutSections[4] | no conference bridges are hosted here
            kept | canvases/Incident.json | canvas Incident: no flow runs here; blocks: 1 CREATE_ALERT, \
            1 CREATE_EVENT, 2 INTEGRATION, 1 MERGE, 1 RESPONSES, 2 SCRIPT_STEP, 1 SWITCH
            unusable | canvases/Incident.json: blocks[8].step | \
            the file has no integration 0f0f0002-0000-4000-8000-00000000dead
            kept | resources/images/logo.png | a file beside the documents
            """
        #expect(lines.joined(separator: "\n") == expected)
    }

    @Test func aCopyHasIDsOfItsOwnThroughout() throws {
        let plan = Plan(id: "plan-2", name: "Copy", created: Timestamp(milliseconds: 0))
        let reading = WorkflowImport(
            into: Workflow(plan: plan), isNew: true, name: "Copy",
            isTaken: { $0 == .form && $1 == SampleWorkflow.form },
            knowsRecipient: { _ in true })
        let result = try reading.run(SampleWorkflow.documents(), problems: [])
        #expect(result.hasNewIDs)
        let copy = WorkflowExport.documents(of: result.workflow) { _ in true }
        let text = copy.serialized().values.map { String(decoding: $0, as: UTF8.self).lowercased() }.joined()
        for id in [SampleWorkflow.form, SampleWorkflow.inbound, SampleWorkflow.item, SampleWorkflow.step] {
            #expect(!text.contains(id), "\(id)")
        }
        let form = try form(in: result.workflow)
        let item = form.sections[0].items[0].id
        #expect(form.emailTemplates[0].subject == "${\(item.uppercased())}!")
        #expect(form.smsTemplates[0].text == "${\(item)} is down")
        #expect(result.workflow.integrations[0].form == form.id)
        let inbound = result.workflow.integrations[0].id
        #expect(result.workflow.constants[0].value == "/api/integration/1/functions/\(inbound)/triggers")
        let blocks = try #require(result.workflow.canvases[0].archived?["blocks"]?.array)
        #expect(blocks[0]["step"] == .string(inbound))
        #expect(blocks[4]["inputMappings"]?.array?[0]["sectionItemKey"] == .string(item))
        #expect(blocks[7]["step"] == "2fd417b7-e709-5b91-ab83-4fbd9e7f8273")

        let again = WorkflowImport(
            into: result.workflow, isNew: false, name: "Copy",
            isTaken: { $0 == .form && $1 == SampleWorkflow.form }, knowsRecipient: { _ in true })
        #expect(try again.run(SampleWorkflow.documents(), problems: []).workflow == result.workflow)
    }

    @Test func replacingKeepsSecrets() throws {
        var current = try SampleWorkflow.imported().workflow
        current.integrations[0].sealedKey = "sealed"
        current.integrations[0].authenticationType = .apiKey
        current.endpoints[0].sealedPassword = "sealed"
        current.endpoints[0].username = "robot"
        current.forms[0].number = 1234
        func replaced(_ documents: WorkflowDocuments) throws -> Workflow {
            try WorkflowImport(
                into: current, isNew: false, isTaken: { _, _ in false }, knowsRecipient: { _ in true }
            ).run(documents, problems: []).workflow
        }
        let same = try replaced(SampleWorkflow.documents())
        #expect(same.integrations[0].sealedKey == "sealed")
        #expect(same.integrations[0].authenticationType == .apiKey)
        #expect(same.endpoints[0].sealedPassword == "sealed" && same.endpoints[0].username == "robot")
        #expect(same.forms[0].number == 1234)

        var elsewhere = try SampleWorkflow.documents()
        let text = try #require(SampleWorkflow.texts["integrations/integrations.json"])
            .replacing("https://desk.example.com", with: "https://desk.example.org")
        var values = 1000
        elsewhere.documents["integrations/integrations.json"] = try JSONParser.parse(
            Array(text.utf8), values: &values)
        #expect(try replaced(elsewhere).endpoints[0].sealedPassword == nil)
    }

    /// Files of older versions, and files of people, lack all sorts of things.
    @Test(arguments: [
        ["engine.json": #"{"version":"1.5","name":"Old"}"#],
        ["engine.json": #"{"version":1.7,"name":"Old","isActive":"true","order":"2"}"#, "forms/A/1.json": "[]"],
        ["forms/A/1.json": #"{"name":"A","layoutSections":[{"sectionItems":[{"propertyName":"B"}]},null,3]}"#],
        ["integrations/integrations.json": "[]"],
        ["integrations/integrations.json": #"{"integrations":{},"endpoints":[1],"constants":[{"name":""}]}"#],
        ["properties/properties.json": #"{"name":"no list"}"#, "canvases/A.json": #"{"blocks":7}"#],
        ["canvases/A.json": #""text""#, "integrations/triggerFilters.json": #"[{"config":"no json"}]"#],
        ["forms/A/1.json": #"{"name":"A","messages":[],"responses":{},"handlingOption":3}"#, "engine.json": "null"],
        [
            "forms/A/1.json": #"{"name":"A","uuid":"x"}"#, "forms/B/1.json": #"{"name":"B","uuid":"x"}"#,
            "forms/a/2.json": #"{"name":"a"}"#,
        ],
        [
            "integrations/integrations.json":
                #"{"integrations":[{"triggeredBy":"STATUS","form":"gone","endpoint":"no"}]}"#
        ],
    ])
    func takesWhatThereIs(_ texts: [String: String]) throws {
        let given = try WorkflowArchive.read(files: texts.mapValues { Array($0.utf8) }).documents
        let workflow = try SampleWorkflow.imported(given).workflow
        let again = WorkflowExport.documents(of: workflow) { _ in true }
        for (path, document) in given.documents where path != "engine.json" {
            let now = try again.documents[path] ?? WorkflowArchive.read(files: again.files).documents.documents[path]
            #expect(now == document, "\(path)")
        }
    }

    @Test func compares() throws {
        let before = try SampleWorkflow.documents()
        var workflow = try SampleWorkflow.imported().workflow
        workflow.integrations[0].script = "var a = 1;\nform.post(trigger);\n"
        workflow.integrations[0].authenticationType = .url
        workflow.endpoints[0].url = "https://other.example.com"
        workflow.libraries = []
        let after = WorkflowExport.documents(of: workflow) { $0 == "Database Ops" }
        let lines = WorkflowDiff.differences(from: before, to: after).flatMap(\.lines)
        let expected = [
            #"~ integrations/integrations.json: endpoints[Desk].baseUrl: "https://desk.example.com" → "#
                + #""https://other.example.com""#,
            "~ integrations/integrations.json: integrations[\(SampleWorkflow.inbound)].script", "  +1: var a = 1;",
            #"- integrations/sharedfunctions.json: [Tools]: {"name":"Tools","#
                + #""script":"exports.up = function (t) { return t.toUpperCase(); };"}"#,
        ]
        #expect(lines == expected)
        #expect(WorkflowDiff.differences(from: before, to: before).isEmpty)
    }
}
