import AlertCore

/// One field of a form: what it is called, what stands in it, what is wrong with it.
struct FormField: Sendable {
    struct Input: Sendable {
        /// As in `<input type="…">`.
        let type: String
        /// Further attributes, which the program itself has written.
        var attributes = ""
        var placeholder: String?
        /// The id of a list of proposals.
        var list: String?
    }

    let name: String
    let id: String
    let label: String
    let value: String
    var hint: String?
    /// What is wrong with it, for the person who filled it in.
    var mistake: String?
    var isRequired = false
    /// Whether it takes a row of its own.
    var isWide = false
    /// `field=A|B`: the field matters only while another one has one of these values; scripts hide it otherwise.
    var condition: String?

    // One of these:
    var input: Input?
    var area: String?
    var choices: [Choice] = []
    var isSelect = false
    /// Several of which can be ticked.
    var boxes: [Choice] = []
    var isBoxes = false
    /// A single box.
    var isCheck = false
    var isTicked = false
    /// Of a secret: nothing is shown of it.
    var isHidden = false

    private init(_ name: String, _ label: String, _ value: String) {
        self.name = name
        id = "field-\(name.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined())"
        self.label = label
        self.value = value
    }
}

extension FormField {
    /// - Parameter type: As in `<input type="…">`; `name` for a text that begins with a capital.
    static func text(
        _ name: String, _ label: String, _ value: String, type: String = "text", limit: Int = 255,
        isRequired: Bool = false, placeholder: String? = nil, list: String? = nil, hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, value)
        let plain = type == "text" ? " autocapitalize=\"none\" spellcheck=\"false\"" : ""
        field.input = Input(
            type: type == "name" ? "text" : type, attributes: " maxlength=\"\(limit)\" autocomplete=\"off\"\(plain)",
            placeholder: placeholder,
            list: list)
        field.isRequired = isRequired
        field.hint = hint
        return field
    }

    static func number(
        _ name: String, _ label: String, _ value: String, in range: ClosedRange<Int>, hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, value)
        field.input = Input(
            type: "number",
            attributes: " min=\"\(range.lowerBound)\" max=\"\(range.upperBound)\" inputmode=\"numeric\"")
        field.hint = hint
        return field
    }

    /// - Parameter type: `date`, `time` or `datetime-local`.
    static func time(
        _ name: String, _ label: String, _ value: String, type: String = "datetime-local", isRequired: Bool = false,
        hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, value)
        field.input = Input(type: type)
        field.isRequired = isRequired
        field.hint = hint
        return field
    }

    /// - Parameter autocomplete: `current-password` for one that there is already.
    static func secret(
        _ name: String, _ label: String, autocomplete: String = "new-password", isRequired: Bool = false,
        hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, "")
        field.input = Input(type: "password", attributes: " maxlength=\"4000\" autocomplete=\"\(autocomplete)\"")
        field.isRequired = isRequired
        field.hint = hint
        return field
    }

    static func area(
        _ name: String, _ label: String, _ value: String, rows: Int = 3, limit: Int = 4000, hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, value)
        field.area = " rows=\"\(rows)\" maxlength=\"\(limit)\""
        field.isWide = true
        field.hint = hint
        return field
    }

    /// - Parameter choices: Values with their texts.
    static func select(
        _ name: String, _ label: String, _ value: String, _ choices: [(String, String)], hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, value)
        field.isSelect = true
        field.choices = choices.map { Choice(value: $0.0, text: $0.1, isChosen: $0.0 == value) }
        if !choices.contains(where: { $0.0 == value }), !value.isEmpty {
            field.choices.append(Choice(value: value, text: value, isChosen: true))
        }
        field.hint = hint
        return field
    }

    static func boxes(
        _ name: String, _ label: String, _ chosen: [String], _ choices: [(String, String)], hint: String? = nil
    ) -> FormField {
        var field = FormField(name, label, "")
        field.isBoxes = true
        field.isWide = true
        field.boxes = choices.map { Choice(value: $0.0, text: $0.1, isChosen: chosen.contains($0.0)) }
        field.hint = hint
        return field
    }

    static func check(_ name: String, _ label: String, _ isTicked: Bool, hint: String? = nil) -> FormField {
        var field = FormField(name, label, "true")
        field.isCheck = true
        field.isTicked = isTicked
        field.hint = hint
        return field
    }

    static func hidden(_ name: String, _ value: String) -> FormField {
        var field = FormField(name, "", value)
        field.isHidden = true
        return field
    }

    var wide: FormField {
        var field = self
        field.isWide = true
        return field
    }

    /// A field that matters only while another one has one of these values.
    func when(_ name: String, _ values: String...) -> FormField {
        var field = self
        field.condition = "\(name)=\(values.joined(separator: "|"))"
        return field
    }
}

/// What the fields of a form have in them: what somebody has typed, or else what is saved.
struct FormValues: Sendable {
    /// `nil` when nobody has typed anything yet.
    let typed: QueryParameters?

    func text(_ name: String, _ saved: String?) -> String { typed.map { $0.text(name) ?? "" } ?? saved ?? "" }
    func isTicked(_ name: String, _ saved: Bool) -> Bool { typed.map { $0[name] == "true" } ?? saved }
    func ticked(_ name: String, _ saved: [String]) -> [String] { typed.map { $0.all(name) } ?? saved }
}
