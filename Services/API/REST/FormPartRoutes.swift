import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Who is told, in which words, with which answers (spec §4.7, §5.5).
    var formPartRoutes: [RESTRoute] {
        [
            .get("forms/{form}/recipients") { call in
                try await read { .ok(try call.page(of: try call.form($0).recipientsWire($0))) }
            },
            .put("forms/{form}/recipients", putRecipients),
            .get("forms/{form}/response-options", listOptions),
            .get("plans/{plan}/forms/{form}/response-options", listOptions),
            .post("forms/{form}/response-options", saveOptions),
            .post("plans/{plan}/forms/{form}/response-options", saveOptions),
            .get("forms/{form}/message-templates") { call in
                try await read { .ok(try call.form($0).templatesWire) }
            },
            .post("forms/{form}/message-templates", saveTemplates),
        ]
    }

    /// An array of recipients, or an object that holds one as `recipients` or, as we answer it, `data`.
    private func putRecipients(_ call: RESTCall) async throws -> RESTAnswer {
        let list: [JSONValue]
        if let array = call.body?.array {
            list = array
        } else {
            let fields = try call.fields()
            guard let given = try fields.list("recipients") ?? fields.list("data") else {
                throw RestError.missingField("recipients")
            }
            list = given
        }
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            form.recipients = try list.map { try Self.recipient($0, edit.directory) }
            try edit.put(form)
            return .ok(try call.page(of: try form.recipientsWire(edit.directory)))
        }
    }

    private static func recipient(_ value: JSONValue, _ directory: Directory) throws -> String {
        guard let reference = RequestFields.reference(value) else {
            throw RestError.wrongType("recipients", expected: "an array of recipients", found: value.kindName)
        }
        if let type = value["recipientType"]?.string, type == "GROUP" || type == "DYNAMIC_TEAM" {
            throw RestError.unsupported("recipients.recipientType", type, supported: "PERSON, DEVICE")
        }
        if let person = try directory.resolve(Person.self, reference) { return person.id }
        if let device = try directory.device(reference) { return device.id }
        throw RestError.invalidValue("recipients", "there is no person or device \(reference).")
    }

    private func listOptions(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { .ok(try call.page(of: try call.form($0).responseOptions.map(\.wire))) }
    }

    /// One option, or several: with an `id` it modifies, without one it adds.
    private func saveOptions(_ call: RESTCall) async throws -> RESTAnswer {
        let single = call.body?.object != nil
        let requests: [RequestFields]
        if let list = call.body?.array {
            requests = try RequestFields(["responseOptions": .array(list)]).objects("responseOptions", limit: 9) ?? []
        } else {
            requests = [try call.fields()]
        }
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            var saved: [ResponseOption] = []
            var isNew = false
            for fields in requests {
                let place = try Self.place(of: fields, in: form)
                let option = try ResponseOptionRequest(fields: fields)
                    .option(place.map { form.responseOptions[$0] }, in: form, edit)
                if let place { form.responseOptions[place] = option } else { form.responseOptions.append(option) }
                isNew = isNew || place == nil
                saved.append(option)
            }
            form.responseOptions.sort { $0.number < $1.number }
            try edit.put(form)
            return .saved(single ? saved[0].wire : try call.page(of: saved.map(\.wire)), isNew: isNew)
        }
    }

    private static func place(of fields: RequestFields, in form: Form) throws(RestError) -> Int? {
        guard let id = try fields.text("id") else { return nil }
        guard let place = form.responseOptions.firstIndex(where: { $0.id == id }) else {
            throw .notFound("The form has no response option \(id).")
        }
        return place
    }

    /// Takes the place of the template of the same language; the others stay.
    private func saveTemplates(_ call: RESTCall) async throws -> RESTAnswer {
        let fields = try call.fields()
        for channel in ["sms", "voice"] where !(try fields.list(channel) ?? []).isEmpty {
            throw RestError.unsupported(channel, "a template", supported: "email")
        }
        guard let emails = try fields.objects("email", limit: 50) else { throw RestError.missingField("email") }
        let templates = try emails.map { email in
            guard let subject = try email.text("subject", limit: 1000) else {
                throw RestError.missingField(email.name("subject"))
            }
            guard !subject.contains(where: \.isNewline) else {
                throw RestError.invalidValue(email.name("subject"), "it holds a line break.")
            }
            guard let body = try email.text("body", limit: 500_000) else {
                throw RestError.missingField(email.name("body"))
            }
            return Form.EmailTemplate(
                language: try email.text("language", limit: 20) ?? "en", subject: subject, body: body)
        }
        return try await write(call) { edit in
            var form = try call.form(edit.directory)
            for template in templates {
                form.emailTemplates.removeAll { $0.language == template.language }
                form.emailTemplates.append(template)
            }
            try edit.put(form)
            return .ok(form.templatesWire)
        }
    }
}

extension Form {
    var templatesWire: JSONValue {
        let emails = emailTemplates.map { template -> JSONValue in
            [
                "language": .string(template.language), "subject": .string(template.subject),
                "body": .string(template.body),
            ]
        }
        return [
            "email": .array(emails), "sms": [], "voice": [], "links": .links("\(path)/message-templates"),
        ]
    }
}

extension ResponseOption {
    var wire: JSONValue {
        [
            "id": .string(id), "number": .whole(number), "text": .string(text), "description": .string(description),
            "prompt": .string(prompt), "action": .string(action.rawValue),
            "contribution": .string(contribution.rawValue), "joinConference": .bool(joinConference),
            "allowComments": .bool(allowComments), "redirectUrl": .string(redirectUrl ?? ""),
        ]
    }
}

/// The fields of a response option; those that are absent stay as they are.
struct ResponseOptionRequest {
    let fields: RequestFields

    func option(_ existing: ResponseOption?, in form: Form, _ edit: DirectoryEdit) throws -> ResponseOption {
        let text = try fields.requiredName("text", or: existing?.text)
        let number = try number(existing, in: form)
        guard let action = try fields.choice("action", ResponseOption.Action.self) ?? existing?.action else {
            throw RestError.missingField(fields.name("action"))
        }
        var option = existing ?? ResponseOption(id: edit.newID(), number: number, text: text, action: action)
        option.number = number
        option.text = text
        option.action = action
        option.description = try fields.text("description") ?? option.description
        option.prompt = try fields.text("prompt") ?? option.prompt
        option.contribution = try fields.choice("contribution") ?? option.contribution
        option.joinConference = try fields.bool("joinConference") ?? option.joinConference
        option.allowComments = try fields.bool("allowComments") ?? option.allowComments
        option.redirectUrl = try redirectUrl() ?? option.redirectUrl
        return option
    }

    /// The keypad digit: given, or the first free one.
    private func number(_ existing: ResponseOption?, in form: Form) throws(RestError) -> Int {
        let taken = Set(form.responseOptions.filter { $0.id != existing?.id }.map(\.number))
        let given = try fields.integer("number", in: 1...9) ?? existing?.number
        guard let number = given ?? (1...9).first(where: { !taken.contains($0) }) else {
            throw .invalidValue("responseOptions", "a form can have at most 9.")
        }
        guard !taken.contains(number) else {
            throw .invalidValue(fields.name("number"), "another option has the number \(number).")
        }
        return number
    }

    private func redirectUrl() throws(RestError) -> String? {
        guard let url = try fields.text("redirectUrl", limit: 2000), !url.isEmpty else { return nil }
        let scheme = URLComponents(string: url)?.scheme?.lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw .invalidValue(fields.name("redirectUrl"), "it must begin with http:// or https://.")
        }
        return url
    }
}
