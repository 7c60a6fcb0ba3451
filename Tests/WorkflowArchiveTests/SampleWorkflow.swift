import AlertCore
import Foundation

@testable import WorkflowArchive

/// A workflow's file with something of everything that the format has (spec §7).
enum SampleWorkflow {
    static let form = "0f0f0001-0000-4000-8000-000000000001"
    static let inbound = "0f0f0002-0000-4000-8000-000000000001"
    static let item = "0f0f0003-0000-4000-8000-000000000001"
    static let step = "0f0f0004-0000-4000-8000-000000000001"

    static var texts: [String: String] {
        [
            "engine.json": engine, "properties/properties.json": properties, "forms/Incident/1.json": incident,
            "forms/Plain/1.json":
                #"{"uuid":"0f0f0001-0000-4000-8000-000000000002","name":"Plain","order":2,"responses":[]}"#,
            "integrations/integrations.json": integrations, "integrations/scriptSteps.json": scriptSteps,
            "integrations/sharedfunctions.json":
                #"[{"name":"Tools","script":"exports.up = function (t) { return t.toUpperCase(); };"}]"#,
            "integrations/triggerFilters.json": #"""
            [{"id":"0f0f0005-0000-4000-8000-000000000001","flowId":"f-1","workflowId":"w-1","orgUuid":"o-1",
            "isActive":true,"config":"{\"outputs\":[\"Host\"],\"periodSeconds\":60,\"floodThreshold\":4}"}]
            """#,
            "canvases/Incident.json": canvas,
        ]
    }

    static let logo: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]

    static func documents(mark: String = "\u{feff}") throws -> WorkflowDocuments {
        var files = texts.mapValues { Array((mark + $0).utf8) }
        files["resources/images/logo.png"] = logo
        return try WorkflowArchive.read(files: files).documents
    }

    static func imported(
        _ documents: WorkflowDocuments? = nil, knows: @escaping (String) -> Bool = { $0 == "Database Ops" }
    ) throws -> WorkflowImport.Result {
        let plan = Plan(id: "plan-1", name: "Incidents", created: Timestamp(milliseconds: 0))
        let reading = WorkflowImport(
            into: Workflow(plan: plan), isNew: true, isTaken: { _, _ in false }, knowsRecipient: knows)
        return try reading.run(documents ?? self.documents(), problems: [])
    }

    private static let engine = """
        {"version":"1.9","name":"Incidents","description":"","isActive":true,"order":3,"iconOverride":null,
        "documentLabel":"Guide","documentLink":"https://docs.example.com","originType":"SERVICE_NOW",
        "originVersion":"4.0","productType":"XM","futureField":{"a":[1,2.5,null]}}
        """

    private static let properties = #"""
        [{"uuid":"0f0f0006-0000-4000-8000-000000000000","name":"Impacting","baseType":0,"isSystem":false,
          "defaultValue":"true","helpText":"","description":null},
         {"uuid":"0f0f0006-0000-4000-8000-000000000001","name":"Count","baseType":1,"minValue":0,"maxValue":"100",
          "units":"hosts","defaultValue":5},
         {"uuid":"0f0f0006-0000-4000-8000-000000000003","name":"Host","baseType":3,"minLength":0,"maxLength":200,
          "isValidate":false,"validationRegex":"[a-z]+"},
         {"uuid":"0f0f0006-0000-4000-8000-000000000005","name":"Pass","baseType":5,"maxLength":40},
         {"uuid":"0f0f0006-0000-4000-8000-000000000007","name":"Place","baseType":7,"delimiter":"/",
          "categories":["Country","City"],"values":[{"value":"DE","children":[{"value":"Bonn"},{"value":"Ulm"}]}]},
         {"uuid":"0f0f0006-0000-4000-8000-000000000021","name":"Severity","baseType":21,
          "values":[{"value":"High","isDefault":true,"isVisible":true},
           {"value":"Low","isDefault":false,"isVisible":false}]},
         {"uuid":"0f0f0006-0000-4000-8000-000000000022","name":"Services","baseType":22,
          "values":[{"value":"Mail","isDefault":true,"isVisible":true},{"value":"Web","isDefault":true}]},
         {"uuid":"0f0f0006-0000-4000-8000-000000000099","name":":system:handling:priority","baseType":21,
          "isSystem":true,"defaultValue":"HIGH"},
         {"uuid":"0f0f0006-0000-4000-8000-000000000098","name":"Odd","baseType":98},
         "stray"]
        """#

    private static let incident = #"""
        {"uuid":"0f0f0001-0000-4000-8000-000000000001","name":"Incident","description":"d","order":1,"isActive":true,
         "isREST":true,"isSendREST":true,"isMobileEnabled":true,"isEmailEnabled":false,"enableFillCount":true,
         "generalFillCount":2,"triggerType":"MESSAGING",
         "handlingOption":{"voicemailNumRetries":2,"voicemailRetryInterval":90,"other":1},
         "emailInitiation":{"fromFieldProperty":null,"subjectProperty":"Host","messagePanelCode":"X"},
         "layoutSections":[
          {"sectionType":1,"title":"What","order":0,"isVisible":true,"sectionItems":[
           {"id":"0f0f0003-0000-4000-8000-000000000001","propertyName":"Host","order":0,"isVisible":true,
            "isRequired":true,"isIncludeInCallbacks":true,"textIsMultiLine":false,"lenient_list_values":true},
           {"id":"0f0f0003-0000-4000-8000-000000000002","propertyName":"Severity","order":1,"isRequired":false,
            "isIncludeInCallbacks":false,"persist_missing_values":true},
           {"id":"0f0f0003-0000-4000-8000-000000000003","propertyName":"Nowhere","order":2}]},
          {"sectionType":2,"title":"Recipients","order":1,"recipients":[{"targetName":"Database Ops"},
           {"targetName":"Nobody"}]},
          {"sectionType":3,"title":"Devices","order":2,"deviceFilter":[{"deviceNameGroup":"VOICE","isSelected":true,
           "isVisible":true,"devices":[{"name":"Work Phone","type":"VOICE","isSelected":true,"isVisible":true},
           {"name":"Home Phone","type":"VOICE","isSelected":false,"isVisible":true}]}]},
          {"sectionType":4,"title":"Handling","order":3,"sectionItems":[
           {"id":"h1","propertyName":":system:handling:priority"},
           {"id":"h2","propertyName":":system:handling:duration","defaultValue":"3 Hours"},
           {"id":"h3","propertyName":":system:handling:overrideDeviceRestrictions","defaultValue":"true"},
           {"id":"h4","propertyName":":system:handling:escalationOverride"},
           {"id":"h5","propertyName":":system:handling:bypassPhoneIntro"},
           {"id":"h6","propertyName":":system:handling:requireAuthentication","defaultValue":false},
           {"id":"h7","propertyName":":system:handling:voiceMailOptions0f0f0001-0000-4000-8000-000000000001"}]},
          {"sectionType":5,"title":"Conference","order":4,"bridgeType":"XMATTERS_AND_EXTERNAL_BRIDGES"},
          {"sectionType":8,"title":"Sender","order":5,"senderOverrideDetails":[
           {"type":"EMAIL_DISPLAY_NAME","defaultValue":"Ops"},{"type":"CALLER_ID","defaultValue":"+16045550100"}]},
          {"sectionType":42,"title":"New kind","order":6,"anything":{"deep":[true]}}],
         "messages":{"emailTemplates":[{"languageCode":"en","emailSubject":"${0F0F0003-0000-4000-8000-000000000001}!",
           "email":"<p>${0f0f0003-0000-4000-8000-000000000001} ${xm.bridgeNumber}</p>","extra":1}],
          "smsTemplates":[{"languageCode":"en","sms":"${0f0f0003-0000-4000-8000-000000000001} is down"}],
          "internationalVoiceScriptSteps":[{"languageCode":"en","voiceScriptSteps":[
           {"voiceScriptStepType":1,"playType":"PHRASE","phrase":"A message"},
           {"voiceScriptStepType":2,"playType":"TTS","propertyName":"Host"},
           {"voiceScriptStepType":3,"playType":"CHARACTERS"}]}]},
         "responses":[
          {"id":"r1","digit":1,"order":0,"textResponse":"Take","description":"I take it","voicePrompt":"take",
           "action":"ASSIGN_TO_USER","contribution":"POSITIVE","isJoinConference":false,"isAllowComments":true,
           "redirectUrl":"","recordingPhrase":null,"textResponseLanguageCode":"en",
           "translations":[{"languageCode":"de","textResponse":"Ich","description":"Ich nehme","voicePrompt":"ich"}]},
          {"id":"r2","digit":2,"order":1,"textResponse":"Pass on","action":"ESCALATE","contribution":"NEGATIVE"},
          {"id":"r3","digit":3,"order":2,"textResponse":"Later","action":"POSTPONE"},
          {"id":"r4","digit":4,"order":3,"textResponse":"Seen","action":"RECORD_RESPONSE"},
          {"id":"r5","digit":5,"order":4,"textResponse":"Done","action":"END"},
          {"id":"r6","digit":6,"order":5,"textResponse":"Not me","action":"STOP_NOTIFYING_USER"},
          {"id":"r7","digit":7,"order":6,"textResponse":"Not us","action":"STOP_NOTIFYING_TARGET"},
          {"id":"r8","digit":8,"order":7,"textResponse":"Here","action":"COUNT_RESPONSE"},
          {"id":"r9","digit":9,"order":8,"textResponse":"Away","action":"OMIT_RESPONSE_COUNT"}]}
        """#

    private static let integrations = #"""
        {"integrations":[
          {"id":"0f0f0002-0000-4000-8000-000000000001","name":"In","action":"CREATE_EVENT","type":"INBOUND_WEBHOOK",
           "triggeredBy":null,"deployed":true,"form":"0f0f0001-0000-4000-8000-000000000001",
           "script":"form.post(trigger);\n","environment":"HOSTED","authType":"ANY","createdBy":"IB"},
          {"id":"0f0f0002-0000-4000-8000-000000000002","name":"Out","action":"RUN_SCRIPT","type":"OUTBOUND_WEBHOOK",
           "triggeredBy":"STATUS","deployed":true,"form":"0f0f0001-0000-4000-8000-000000000001","script":"1;",
           "environment":"ONPREMISE","authType":"NONE","createdBy":"FLOW"},
          {"id":"0f0f0002-0000-4000-8000-000000000003","name":"Agent","action":"SEND_TO_IA",
           "type":"OUTBOUND_WEBHOOK","triggeredBy":"ESCALATION","deployed":false,"integrationAgentId":"",
           "form":"0f0f0001-0000-4000-8000-000000000001","integrationServiceName":"svc","authType":"NONE"},
          {"id":"0f0f0002-0000-4000-8000-000000000004","name":"Taken","action":"RUN_SCRIPT","type":"OUTBOUND_WEBHOOK",
           "triggeredBy":"RESPONSE","responseChoice":"Take","form":"0f0f0001-0000-4000-8000-000000000001"},
          {"id":"0f0f0002-0000-4000-8000-000000000005","name":"Http","action":"RUN_SCRIPT","type":"INBOUND_WEBHOOK",
           "form":null,"authType":"API_KEY","createdBy":"FLOW",
           "integrationScriptStepUuid":"0f0f0004-0000-4000-8000-000000000001"},
          {"id":"0f0f0002-0000-4000-8000-000000000006","name":"Strange","action":"DANCE","type":"INBOUND_WEBHOOK"}],
         "endpoints":[
          {"name":"Desk","baseUrl":"https://desk.example.com","type":"EXTERNAL","authentication":"BASIC"},
          {"name":"Chat","baseUrl":"https://slack.com","type":"EXTERNAL","authentication":"OAUTH_UNHEARD_OF",
           "oauthScopes":"chat:write","endpointData":{"k":"v"}}],
         "constants":[{"name":"FORM_URL",
           "value":"/api/integration/1/functions/0f0f0002-0000-4000-8000-000000000001/triggers","description":""},
          {"name":"FORM_URL","value":"again"}],
         "later":[1]}
        """#

    private static let scriptSteps = #"""
        [{"id":"0f0f0004-0000-4000-8000-000000000001","name":"Look up","description":"","icon":"https://x/i.png",
          "script":"output['Host'] = input['Name'];","scriptStepType":"USER","allowedEnvironment":"BOTH",
          "accessibleByAll":"NotShared","endpointLabel":"","triggerAuthType":"URL_AUTH","stage":"DEPLOYED",
          "inputs":[{"id":"in-1","name":"Name","helpText":"","defaultValue":null,"required":true,"multiline":false,
           "minLength":0,"maxLength":2000,"validationRegex":"","position":0}],
          "outputs":[{"id":"out-1","name":"Host","description":"","position":0}],
          "libraries":[{"id":"l-1","referenceName":"util","library":{"id":"l-2","name":"Util","script":"exports.a=1",
           "accessibleByAll":"CanUse"}}]}]
        """#

    private static let canvas = #"""
        {"name":"Incident","description":"","form":"0f0f0001-0000-4000-8000-000000000001","blocks":[
          {"id":"b1","label":"In","stepType":"INTEGRATION","step":"0f0f0002-0000-4000-8000-000000000001",
           "presentation":"{\"x\":1}","inputMappings":[]},
          {"id":"b2","label":"Answers","stepType":"RESPONSES"},
          {"id":"b3","label":"Look up","stepType":"SCRIPT_STEP","step":"0f0f0004-0000-4000-8000-000000000001",
           "endpoint":"Desk","inputMappings":[{"stepInput":"in-1","mapping":"${b1.Host}"}]},
          {"id":"b4","stepType":"SWITCH","switchCases":[{"caseId":"c1","caseValue":"ACTIVE"}]},
          {"id":"b5","stepType":"CREATE_EVENT","step":"0f0f0001-0000-4000-8000-000000000001",
           "inputMappings":[{"sectionItemKey":"0f0f0003-0000-4000-8000-000000000001","mapping":"${event.id}"}]},
          {"id":"b6","stepType":"CREATE_ALERT","inputMappings":[{"builtInInputId":"c2a258c9","mapping":"[]"}]},
          {"id":"b7","stepType":"MERGE","mergeOutputs":[{"outputId":"m1","name":"All","order":0}]},
          {"id":"b8","stepType":"SCRIPT_STEP","step":"2fd417b7-e709-5b91-ab83-4fbd9e7f8273",
           "conditionPaths":[{"id":"p1","name":"yes","orderNum":0,"config":"{\"version\":1}"}]},
          {"id":"b9","stepType":"INTEGRATION","step":"0f0f0002-0000-4000-8000-00000000dead","groupingBlockId":"b6"}],
         "edges":[{"fromBlock":"b1","fromPort":"output","toBlock":"b3","toPort":"input"}]}
        """#
}
