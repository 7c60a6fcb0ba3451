import AlertCore
import Foundation
import Testing

@testable import WorkflowArchive

/// What comes in comes out.
struct RoundTripTests {
    private func exported(_ workflow: Workflow) -> WorkflowDocuments {
        WorkflowExport.documents(of: workflow) { $0 == "Database Ops" }
    }

    @Test func exportsWhatItImported() throws {
        let given = try SampleWorkflow.documents()
        let again = exported(try SampleWorkflow.imported().workflow)
        #expect(again.documents.keys.sorted() == given.documents.keys.sorted())
        for (path, document) in given.documents {
            #expect(again.documents[path] == document, "\(path)")
        }
        #expect(again.files == given.files)
    }

    @Test func importsWhatItExported() throws {
        let workflow = try SampleWorkflow.imported().workflow
        #expect(try SampleWorkflow.imported(exported(workflow)).workflow == workflow)
    }

    @Test func theSameDocumentsAreTheSameBytes() throws {
        let documents = try SampleWorkflow.documents()
        let bytes = try WorkflowArchive.write(documents)
        #expect(try WorkflowArchive.write(documents) == bytes)
        let read = try WorkflowArchive.read(bytes)
        #expect(read.documents == documents)
        #expect(read.problems.isEmpty)
    }

    @Test func whatWasNeverAFileComesBackTheSame() throws {
        var workflow = try SampleWorkflow.imported().workflow
        workflow.plan.archived = nil
        workflow.plan.layout = nil
        workflow.files = []
        workflow.canvases = []
        workflow.properties.removeAll { $0.propertyType == .password }
        func forget<Part: Archived>(_ parts: inout [Part]) {
            for index in parts.indices { parts[index].archived = nil }
        }
        forget(&workflow.properties)
        forget(&workflow.forms)
        forget(&workflow.integrations)
        forget(&workflow.endpoints)
        forget(&workflow.constants)
        forget(&workflow.libraries)
        forget(&workflow.scriptSteps)
        forget(&workflow.triggerFilters)
        for index in workflow.forms.indices {
            forget(&workflow.forms[index].sections)
            forget(&workflow.forms[index].responseOptions)
            for section in workflow.forms[index].sections.indices {
                forget(&workflow.forms[index].sections[section].items)
            }
        }
        let back = try SampleWorkflow.imported(exported(workflow)).workflow
        #expect(exported(back) == exported(workflow))
        #expect(back.forms.map(\.recipients) == workflow.forms.map(\.recipients))
        #expect(back.forms.map(\.handling) == workflow.forms.map(\.handling))
        #expect(back.forms.map(\.emailTemplates) == workflow.forms.map(\.emailTemplates))
        #expect(back.forms.map(\.voiceTemplates) == workflow.forms.map(\.voiceTemplates))
        #expect(back.forms.map(\.targetDeviceNames) == workflow.forms.map(\.targetDeviceNames))
        #expect(back.forms.map(\.senderOverrides) == workflow.forms.map(\.senderOverrides))
        #expect(back.properties.map(\.defaultValue) == workflow.properties.map(\.defaultValue))
        #expect(back.properties.map(\.paths) == workflow.properties.map(\.paths))
        #expect(back.scriptSteps.map(\.inputs) == workflow.scriptSteps.map(\.inputs))
        #expect(back.integrations.map(\.script) == workflow.integrations.map(\.script))
    }

    @Test func aChangeChangesNothingElse() throws {
        let given = try SampleWorkflow.documents()
        var workflow = try SampleWorkflow.imported().workflow
        let form = try #require(workflow.forms.firstIndex { $0.name == "Incident" })
        workflow.forms[form].responseOptions[1].text = "Hand over"
        workflow.forms[form].sections[0].items[0].required = false
        workflow.forms[form].emailTemplates[0].subject = "New"
        workflow.constants[0].value = "/elsewhere"
        workflow.libraries = []
        let again = exported(workflow)
        var expected = given
        expected.documents["forms/Incident/1.json"]?.change("responses", 1, "textResponse", to: "Hand over")
        expected.documents["forms/Incident/1.json"]?.change(
            "layoutSections", 0, "sectionItems", 0, "isRequired", to: false)
        expected.documents["forms/Incident/1.json"]?.change("messages", "emailTemplates", 0, "emailSubject", to: "New")
        expected.documents["integrations/integrations.json"]?.change("constants", 0, "value", to: "/elsewhere")
        expected.documents["integrations/sharedfunctions.json"] = []
        for (path, document) in expected.documents { #expect(again.documents[path] == document, "\(path)") }
    }

    @Test func keepsTheUnknownRecipient() throws {
        var workflow = try SampleWorkflow.imported().workflow
        let form = try #require(workflow.forms.firstIndex { $0.name == "Incident" })
        #expect(workflow.forms[form].recipients == ["Database Ops"])
        workflow.forms[form].recipients = []
        let again = exported(workflow)
        #expect(again.documents["forms/Incident/1.json"]?["recipients"] == [])
        #expect(try SampleWorkflow.imported(again).workflow.forms[form].recipients.isEmpty)
    }

    @Test func secretsStayInside() throws {
        var workflow = try SampleWorkflow.imported().workflow
        workflow.integrations[0].sealedKey = "v1:sealed-key"
        workflow.endpoints[0].sealedPassword = "v1:sealed-password"
        workflow.endpoints[0].username = "robot"
        let pass = try #require(workflow.properties.firstIndex { $0.propertyType == .password })
        workflow.properties[pass].defaultValue = "open sesame"
        let text = exported(workflow).serialized().values.map { String(decoding: $0, as: UTF8.self) }.joined()
        for secret in ["sealed", "robot", "sesame"] { #expect(!text.contains(secret), "\(secret)") }
    }
}

extension JSONValue {
    /// Puts a value at a path of keys and places.
    fileprivate mutating func change(_ path: any Sendable..., to value: JSONValue) {
        self = changed(path[...], value)
    }

    private func changed(_ path: ArraySlice<any Sendable>, _ value: JSONValue) -> JSONValue {
        guard let step = path.first else { return value }
        if let key = step as? String, var fields = object {
            fields[key] = (fields[key] ?? .null).changed(path.dropFirst(), value)
            return .object(fields)
        }
        guard let place = step as? Int, var list = array else { return self }
        list[place] = list[place].changed(path.dropFirst(), value)
        return .array(list)
    }
}
