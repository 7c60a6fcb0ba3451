import AlertCore
import Foundation
import Persistence

/// The form of the custom properties of a person: a row for each, and some empty ones.
struct PropertiesForm {
    private static let emptyRows = 3
    private static let mostRows = 200

    /// What kind of value a property has.
    private enum Kind: String, CaseIterable {
        case text, number, truth, list

        init(_ value: JSONValue?) {
            self =
                switch value {
                case .integer, .number: .number
                case .bool: .truth
                case .array: .list
                default: .text
                }
        }

        var title: String {
            switch self {
            case .text: "Text"
            case .number: "Number"
            case .truth: "Yes or no"
            case .list: "List"
            }
        }
    }

    let person: Person

    private var base: String { "/console/people/\(person.id)" }

    private static func field(_ index: Int, _ part: String) -> String { "rows[\(index)].\(part)" }

    func page(_ values: FormValues, for session: ConsoleSession) -> FormPage {
        let saved = person.properties.sorted { $0.key < $1.key }
        let typed = values.typed.map { Self.rows(in: $0) }
        let count = min(Self.mostRows, typed ?? saved.count + Self.emptyRows)
        let fields = (0..<count).flatMap { index in
            Self.fields(index, saved.indices.contains(index) ? saved[index] : nil, values)
        }
        return FormPage(
            title: "Properties",
            crumbs: [
                NamedValue(name: "People", value: "", href: "/console/people"),
                NamedValue(name: person.displayName, value: "", href: base),
            ],
            lead: "What else is to be known of \(person.displayName). Dynamic groups can go by it.",
            form: FormView(
                to: "\(base)/properties", for: session, cancel: base,
                [
                    .init(
                        intro:
                            "An empty name deletes a property. Yes or no is “true” or “false”; a list has a line for "
                            + "each value.", fields)
                ]))
    }

    private static func fields(
        _ index: Int, _ saved: (key: String, value: JSONValue)?, _ values: FormValues
    ) -> [FormField] {
        [
            .text(field(index, "name"), "Name", values.text(field(index, "name"), saved?.key), limit: 255),
            .select(
                field(index, "kind"), "Kind", values.text(field(index, "kind"), Kind(saved?.value).rawValue),
                Kind.allCases.map { ($0.rawValue, $0.title) }),
            .area(
                field(index, "value"), "Value", values.text(field(index, "value"), saved.map { text(of: $0.value) }),
                rows: 1),
        ]
    }

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .array(let values): values.compactMap(\.string).joined(separator: "\n")
        case .bool(let isTrue): isTrue ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): String(number)
        default: value.string ?? ""
        }
    }

    private static func rows(in typed: QueryParameters) -> Int {
        (0..<mostRows).prefix { typed[field($0, "name")] != nil }.count
    }

    /// - Throws: 400 for a name that is there twice, and a value of another kind than it says.
    static func body(_ typed: QueryParameters) throws(RestError) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for index in 0..<rows(in: typed) {
            guard let name = typed.filled(field(index, "name"))?.string else { continue }
            guard properties[name] == nil else {
                throw .invalidValue(field(index, "name"), "there is another one of that name.")
            }
            properties[name] = try value(typed, index)
        }
        return ["properties": .object(properties)]
    }

    private static func value(_ typed: QueryParameters, _ index: Int) throws(RestError) -> JSONValue {
        let text = typed.text(field(index, "value")) ?? ""
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        switch Kind(rawValue: typed[field(index, "kind")] ?? "") ?? .text {
        case .text: return .string(trimmed)
        case .number:
            if let number = Int64(trimmed) { return .integer(number) }
            guard let number = Double(trimmed), number.isFinite else {
                throw .invalidValue(field(index, "value"), "it must be a number.")
            }
            return .number(number)
        case .truth:
            guard let isTrue = ["true": true, "yes": true, "false": false, "no": false][trimmed.lowercased()] else {
                throw .invalidValue(field(index, "value"), "it must be true or false.")
            }
            return .bool(isTrue)
        case .list:
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            return .array(lines.filter { !$0.isEmpty }.map(JSONValue.string))
        }
    }
}

extension ConsoleRoutes {
    var propertiesForm: ConsoleForm<PropertiesForm> {
        ConsoleForm(
            place: .people,
            subject: { call in
                PropertiesForm(person: try await changeablePerson(call.parameter("person"), call.session).0)
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                _ = try await rest.call(
                    .post, "people/{person}", ["person": form.person.id], body: try PropertiesForm.body(typed),
                    by: session.caller)
                return "/console/people/\(form.person.id)?done=saved"
            })
    }
}
