import AlertCore

/// `messages` of a form (spec §7.1).
extension Form {
    private static let stepTypes = [1: "PHRASE", 2: "PROPERTY"]

    mutating func readMessages(_ messages: Document?, _ scope: Scope) {
        guard let messages else { return }
        emailTemplates = messages.documents("emailTemplates").map { _, template in
            EmailTemplate(
                language: template.filled("languageCode", "language") ?? "en",
                subject: template.text("emailSubject", "subject") ?? "", body: template.text("email", "body") ?? "")
        }
        smsTemplates = messages.documents("smsTemplates").map { _, template in
            SMSTemplate(
                language: template.filled("languageCode", "language") ?? "en",
                text: template.text("sms", "text") ?? "")
        }
        voiceTemplates = messages.documents("internationalVoiceScriptSteps").map { _, template in
            VoiceTemplate(
                language: template.filled("languageCode", "language") ?? "en",
                steps: template.documents("voiceScriptSteps").map { _, step in
                    VoiceTemplate.Step(
                        stepType: Self.stepType(step), playback: step.filled("playType") ?? "TTS",
                        phrase: step.text("phrase"), property: step.filled("propertyName"))
                })
        }
    }

    private static func stepType(_ step: Document) -> String {
        guard let value = step["voiceScriptStepType"] else { return "PHRASE" }
        return value.readWhole.map { stepTypes[$0] ?? String($0) } ?? value.readable
    }

    /// `nil` where there is nothing to say and the file said nothing.
    func messages(_ scope: Scope) -> JSONValue? {
        let before = archived?["messages"]?.object
        var messages = before ?? [:]
        set("emailTemplates", emailTemplates, in: &messages) { template, value in
            value["languageCode"] = .string(template.language)
            value["emailSubject"] = .string(template.subject)
            value["email"] = .string(template.body)
        }
        set("smsTemplates", smsTemplates, in: &messages) { template, value in
            value["languageCode"] = .string(template.language)
            value["sms"] = .string(template.text)
        }
        set("internationalVoiceScriptSteps", voiceTemplates, in: &messages) { template, value in
            let steps = value["voiceScriptSteps"]?.array ?? []
            value["languageCode"] = .string(template.language)
            value["voiceScriptSteps"] = .array(
                template.steps.enumerated().map { index, step in
                    Self.document(of: step, before: steps.indices.contains(index) ? steps[index] : nil)
                })
        }
        return messages.isEmpty && before == nil ? nil : .object(messages)
    }

    /// Puts the templates into the place of those that were there, one by one.
    private func set<Template>(
        _ field: String, _ templates: [Template], in messages: inout [String: JSONValue],
        _ write: (Template, inout [String: JSONValue]) -> Void
    ) {
        let before = messages[field]?.array
        guard before != nil || !templates.isEmpty else { return }
        messages[field] = .array(
            templates.enumerated().map { index, template in
                var value = before.flatMap { $0.indices.contains(index) ? $0[index].object : nil } ?? [:]
                write(template, &value)
                return .object(value)
            })
    }

    private static func document(of step: VoiceTemplate.Step, before: JSONValue?) -> JSONValue {
        var value = before?.object ?? [:]
        let number = stepTypes.first { $0.value == step.stepType }?.key ?? Int(step.stepType)
        value["voiceScriptStepType"] = number.map { JSONValue($0) } ?? .string(step.stepType)
        value["playType"] = .string(step.playback)
        value["phrase"] = step.phrase.map(JSONValue.string)
        value["propertyName"] = step.property.map(JSONValue.string)
        return .object(value)
    }
}
