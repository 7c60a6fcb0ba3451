import AlertCore
import Persistence

extension RESTServices {
    /// The words of a form's messages (spec §4.7).
    var messageTemplateRoutes: [RESTRoute] {
        [
            .get("forms/{form}/message-templates") { call in
                try await read { .ok(try call.form($0).templatesWire) }
            },
            .post("forms/{form}/message-templates", saveTemplates),
        ]
    }

    /// Each takes the place of the template of the same channel and language; the others stay.
    private func saveTemplates(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            try TemplatesRequest(fields: fields, edit: edit).set(&form)
            try edit.put(form)
            return .ok(form.templatesWire)
        }
    }
}

extension Form {
    var templatesWire: JSONValue {
        [
            "email": .array(
                emailTemplates.map {
                    ["language": .string($0.language), "subject": .string($0.subject), "body": .string($0.body)]
                }),
            "sms": .array(smsTemplates.map { ["language": .string($0.language), "text": .string($0.text)] }),
            "voice": .array(
                voiceTemplates.map {
                    ["language": .string($0.language), "steps": .array($0.steps.map(\.wire))]
                }),
            "links": .links("\(path)/message-templates"),
        ]
    }
}

extension Form.VoiceTemplate.Step {
    fileprivate var wire: JSONValue {
        .fields([
            "id": .text(id), "stepType": .string(stepType), "playback": .string(playback), "phrase": .text(phrase),
            "formProperty": property.map { ["name": .string($0)] }, "commonProperty": .text(commonProperty),
        ])
    }
}

/// Templates for one or several channels.
private struct TemplatesRequest {
    private static let languageLimit = 50
    /// In bytes.
    private static let emailLimit = 500_000
    private static let stepLimit = 200

    let fields: RequestFields
    let edit: DirectoryEdit

    func set(_ form: inout Form) throws {
        let emails = try fields.objects("email", limit: Self.languageLimit)
        let texts = try fields.objects("sms", limit: Self.languageLimit)
        let calls = try fields.objects("voice", limit: Self.languageLimit)
        guard emails != nil || texts != nil || calls != nil else { throw RestError.missingField("email") }
        for email in emails ?? [] {
            let template = try Self.email(email)
            form.emailTemplates.removeAll { $0.language == template.language }
            form.emailTemplates.append(template)
        }
        for text in texts ?? [] {
            let template = Form.SMSTemplate(
                language: try Self.language(text), text: try text.required("text", limit: RequestFields.textLimit))
            form.smsTemplates.removeAll { $0.language == template.language }
            form.smsTemplates.append(template)
        }
        for call in calls ?? [] {
            guard let steps = try call.objects("steps", limit: Self.stepLimit), !steps.isEmpty else {
                throw RestError.missingField(call.name("steps"))
            }
            let template = Form.VoiceTemplate(
                language: try Self.language(call), steps: try steps.map { try step($0, of: form) })
            form.voiceTemplates.removeAll { $0.language == template.language }
            form.voiceTemplates.append(template)
        }
    }

    private static func language(_ fields: RequestFields) throws -> String {
        try fields.requiredName("language", or: "en", limit: 20)
    }

    private static func email(_ fields: RequestFields) throws -> Form.EmailTemplate {
        let subject = try fields.required("subject", limit: 1000)
        guard !subject.contains(where: \.isNewline) else {
            throw RestError.invalidValue(fields.name("subject"), "it holds a line break.")
        }
        return Form.EmailTemplate(
            language: try language(fields), subject: subject, body: try fields.required("body", limit: emailLimit))
    }

    private func step(_ fields: RequestFields, of form: Form) throws -> Form.VoiceTemplate.Step {
        var step = Form.VoiceTemplate.Step(
            id: try fields.text("id", limit: 100) ?? edit.newID(),
            stepType: try fields.requiredName("stepType", or: nil, limit: 100))
        step.playback = try fields.text("playback", limit: 100) ?? step.playback
        step.phrase = try fields.text("phrase")
        step.commonProperty = try fields.text("commonProperty", limit: 255)
        if let name = try fields.reference("formProperty") {
            guard let property = try edit.directory.resolve(PropertyDefinition.self, name, in: form.plan) else {
                throw RestError.invalidValue(
                    fields.name("formProperty"), "the form's plan has no property \(name).")
            }
            step.property = property.name
        }
        guard step.phrase != nil || step.property != nil || step.commonProperty != nil else {
            throw RestError.missingField(fields.name("phrase"))
        }
        return step
    }
}

extension RequestFields {
    /// A text that must be there, and may be empty.
    func required(_ field: String, limit: Int) throws(RestError) -> String {
        guard let text = try text(field, limit: limit) else { throw .missingField(name(field)) }
        return text
    }
}
