import AlertCore
import Hummingbird

/// A form with its fields, on a page of its own or on part of one.
struct FormView: Sendable {
    struct Part: Sendable {
        let heading: String?
        let intro: String?
        /// Whether four fields stand in a row: for lists of small things.
        let isList: Bool
        var fields: [FormField]

        init(_ heading: String? = nil, intro: String? = nil, isList: Bool = false, _ fields: [FormField]) {
            self.heading = heading
            self.intro = intro
            self.isList = isList
            self.fields = fields
        }
    }

    let action: String
    let csrf: String
    let submit: String
    /// Where "Cancel" leads.
    let cancel: String?
    var parts: [Part]
    /// What is wrong with no single field.
    var mistakes: [String] = []
    /// For whoever may look, and not change: there is no button.
    var isReadOnly = false
    /// Lists of proposals, by the ids that the fields name.
    var proposals: [Proposals] = []

    init(
        to action: String, for session: ConsoleSession, submit: String = "Save", cancel: String? = nil, _ parts: [Part]
    ) {
        self.action = action
        csrf = session.csrf
        self.submit = submit
        self.cancel = cancel
        self.parts = parts
    }

    /// Puts what was refused next to its field, or above the form when it is about none.
    /// - Parameter names: Fields of the API that the form shows under another name.
    mutating func tell(of error: RestError, names: [String: String] = [:]) {
        for index in parts.indices where parts[index].tell(of: error, names: names) == nil { return }
        mistakes.append(error.message)
    }
}

extension FormView.Part {
    /// Puts what was refused next to its field.
    /// - Returns: The message, if it is about none of these.
    mutating func tell(of error: RestError, names: [String: String] = [:]) -> String? {
        let named = error.arguments?.first ?? ""
        let name = names[named] ?? named
        // `observers[2]` belongs to the field `observers`.
        guard let place = fields.firstIndex(where: { $0.name == name || name.hasPrefix("\($0.name)[") }) else {
            return error.message
        }
        fields[place].mistake = Self.sentence(error.message, about: named)
        return nil
    }

    /// The message without the field's name on the wire: it stands next to the field.
    private static func sentence(_ message: String, about field: String) -> String {
        let start = "The \(field) field "
        guard message.hasPrefix(start) else { return message }
        let rest = String(message.dropFirst(start.count))
        let rule = "is not valid: "
        guard rest.hasPrefix(rule) else { return "This \(rest)" }
        let sentence = rest.dropFirst(rule.count)
        return sentence.prefix(1).uppercased() + sentence.dropFirst()
    }
}

/// Names that a field proposes.
struct Proposals: Sendable {
    /// More would be no list to choose from; whoever is missing can be typed.
    private static let limit = 1000

    let id: String
    let names: [NamedValue]

    init(id: String, _ names: [NamedValue]) {
        self.id = id
        self.names = Array(names.prefix(Self.limit))
    }
}

/// A page that consists of a form.
struct FormPage: Sendable {
    struct Tab: Sendable {
        let name: String
        let href: String
        let isCurrent: Bool
    }

    let title: String
    /// Where the page is: names with where they lead.
    let crumbs: [NamedValue]
    var lead: String?
    /// Other forms to choose from.
    var tabs: [Tab] = []
    /// Where "Delete…" leads.
    var removal: String?
    var form: FormView
}

/// "Really?", before something is gone.
struct ConfirmPage: Sendable {
    let title: String
    let text: String
    let action: String
    let csrf: String
    let submit: String
    let back: String
    /// Why it cannot go.
    var problem: String?
}

extension ConsolePages {
    func form(
        _ page: FormPage, for session: ConsoleSession, at place: Place, problem: RestError? = nil
    ) throws -> Response {
        try self.page(page, with: "form-page", for: session, at: place, status: .init(code: problem?.code ?? 200))
    }
}
