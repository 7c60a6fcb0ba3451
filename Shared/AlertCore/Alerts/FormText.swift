/// Fills a form's texts with an alert's properties.
struct FormText {
    let properties: [String: JSONValue]
    let number: Int64
    /// The names of properties by the ids of their section items in lower case: what the platform's files refer to
    /// them by.
    var items: [String: String] = [:]
    var conference: ConferenceAccess? = nil

    /// `${Name}` and `${<id of a section item>}`, in whatever case, become the property's value, and nothing where
    /// there is none, as `${recipient…}`; `${event.id}` and `${alert.id}` the alert's number; `${xm.bridgeNumber}`,
    /// `${xm.tollNumber}` and `${xm.tollFreeNumber}` those of the conference. In HTML, values are escaped.
    func filled(_ template: String, isHTML: Bool) -> String {
        var text = ""
        var rest = template[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            text += rest[..<start.lowerBound]
            let value = value(of: String(rest[start.upperBound..<end]))
            text += isHTML ? Self.escaped(value) : Self.oneLine(value)
            rest = rest[rest.index(after: end)...]
        }
        return text + rest
    }

    /// The properties as a table, for a form without a template.
    func table(title: String) -> String {
        let rows = properties.sorted { $0.key < $1.key }.map { name, value in
            "<tr><th align=\"left\">\(Self.escaped(name))</th><td>\(Self.escaped(value.readable))</td></tr>"
        }
        return "<h2>\(Self.escaped(title))</h2><table>\(rows.joined())</table>"
    }

    private func value(of name: String) -> String {
        if name == "event.id" || name == "alert.id" { return String(number) }
        switch name.lowercased() {
        case "xm.bridgenumber": return conference?.code ?? ""
        case "xm.tollnumber": return conference?.tollNumber ?? ""
        case "xm.tollfreenumber": return conference?.tollFreeNumber ?? ""
        default: break
        }
        let plain = name.hasPrefix("event.properties.") ? String(name.dropFirst(17)) : name
        return (properties[plain] ?? items[plain.lowercased()].flatMap { properties[$0] })?.readable ?? ""
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A subject has one line.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
