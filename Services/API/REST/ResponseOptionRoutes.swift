import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// The answers that a form offers (spec §5.5).
    var responseOptionRoutes: [RESTRoute] {
        [
            .get("forms/{form}/response-options", listOptions),
            .get("plans/{plan}/forms/{form}/response-options", listOptions),
            .post("forms/{form}/response-options", saveOptions),
            .post("plans/{plan}/forms/{form}/response-options", saveOptions),
            .delete("forms/{form}/response-options/{option}", deleteOption),
        ]
    }

    private func listOptions(_ call: RESTCall) async throws -> RESTAnswer {
        try await read { directory in
            let form = try call.form(directory)
            return .ok(try call.page(of: form.responseOptions.map { $0.wire(of: form) }))
        }
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
            let wires = saved.map { $0.wire(of: form) }
            return .saved(single ? wires[0] : try call.page(of: wires), isNew: isNew)
        }
    }

    private static func place(of fields: RequestFields, in form: Form) throws(RestError) -> Int? {
        guard let id = try fields.text("id") else { return nil }
        guard let place = form.responseOptions.firstIndex(where: { $0.id == id }) else {
            throw .notFound("The form has no response option \(id).")
        }
        return place
    }

    private func deleteOption(_ call: RESTCall) async throws -> RESTAnswer {
        try await write(call) { edit in
            var form = try call.form(edit.directory)
            guard let place = form.responseOptions.firstIndex(where: { $0.id == call.parameter("option") }) else {
                return .noContent
            }
            let option = form.responseOptions.remove(at: place)
            try edit.put(form)
            return .ok(option.wire(of: form))
        }
    }
}

extension ResponseOption {
    func wire(of form: Form) -> JSONValue {
        let path = "\(form.path)/response-options"
        return [
            "id": .string(id), "number": .whole(number), "text": .string(text), "description": .string(description),
            "prompt": .string(prompt), "action": .string(action.rawValue),
            "contribution": .string(contribution.rawValue), "joinConference": .bool(joinConference),
            "allowComments": .bool(allowComments), "redirectUrl": .string(redirectUrl ?? ""),
            "translations": .embeddedPage(translations.map { $0.wire(of: self) }, path: RESTPath.base + path),
            "links": .links(path),
        ]
    }
}

extension ResponseOption.Translation {
    fileprivate func wire(of option: ResponseOption) -> JSONValue {
        .fields([
            "id": .string(DerivedID.uuid("translation", option.id, language)), "language": .string(language),
            "text": .string(text), "prompt": .text(prompt), "description": .text(description),
        ])
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
        if let url = try redirectUrl() { option.redirectUrl = url.isEmpty ? nil : url }
        option.translations = try translations() ?? option.translations
        return option
    }

    /// An array, or a page as we answer it; all of them, in the place of those before.
    private func translations() throws -> [ResponseOption.Translation]? {
        let holder = fields["translations"]?.object == nil ? fields : try fields.object("translations") ?? fields
        let name = fields["translations"]?.object == nil ? "translations" : "data"
        guard let list = try holder.objects(name, limit: 100) else { return nil }
        var translations: [ResponseOption.Translation] = []
        for given in list {
            let translation = ResponseOption.Translation(
                language: try given.requiredName("language", or: nil, limit: 20),
                text: try given.requiredName("text", or: nil), prompt: try given.text("prompt"),
                description: try given.text("description"))
            guard !translations.contains(where: { $0.language == translation.language }) else {
                throw RestError.invalidValue(
                    given.name("language"), "\(translation.language) is there twice.")
            }
            translations.append(translation)
        }
        return translations
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

    /// Empty to take it away.
    private func redirectUrl() throws(RestError) -> String? {
        guard let url = try fields.text("redirectUrl", limit: 2000) else { return nil }
        if url.isEmpty { return url }
        let scheme = URLComponents(string: url)?.scheme?.lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw .invalidValue(fields.name("redirectUrl"), "it must begin with http:// or https://.")
        }
        return url
    }
}
