import AlertCore
import Foundation

/// `integrations/integrations.json: constants[]`.
extension Constant: WorkflowPart {
    static let noun = "constant"

    static func read(_ document: Document, id: String, _ scope: Scope) -> Constant? {
        guard let name = document.filled("name"), IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "a constant needs a name of at most 500 bytes")
            return nil
        }
        return Constant(
            id: id, plan: scope.plan, name: name, value: document.text("value") ?? "",
            description: document.text("description") ?? "", archived: .object(document.fields))
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("name", text: name)
        fields.add("value", text: value)
        fields.add("description", text: description)
        return fields
    }
}

/// `integrations/sharedfunctions.json[]`.
extension SharedLibrary: WorkflowPart {
    static let noun = "library"

    static func read(_ document: Document, id: String, _ scope: Scope) -> SharedLibrary? {
        guard let name = document.filled("name"), IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "a shared library needs a name of at most 500 bytes")
            return nil
        }
        return SharedLibrary(
            id: id, plan: scope.plan, name: name, script: document.text("script") ?? "",
            archived: .object(document.fields))
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("name", text: name)
        fields.add("script", text: script)
        return fields
    }
}

/// `integrations/integrations.json: endpoints[]`, without anything secret (spec §3.4).
extension Endpoint: WorkflowPart {
    static let noun = "endpoint"

    static func read(_ document: Document, id: String, _ scope: Scope) -> Endpoint? {
        guard let name = document.filled("name"), IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "an endpoint needs a name of at most 500 bytes")
            return nil
        }
        let url = (document.text("baseUrl", "url") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        if !url.hasPrefix("https://"), !url.hasPrefix("http://") {
            document.note(
                .byHand, "baseUrl", "endpoint \(name): \(url.isEmpty ? "nothing" : url) is no address; set one")
        }
        var endpoint = Endpoint(
            id: id, plan: scope.plan, name: name, url: url,
            endpointType: document.filled("type", "endpointType").flatMap { Kind(rawValue: $0.uppercased()) }
                ?? .external)
        let stated = document.filled("authentication", "authenticationType") ?? "NO_AUTH"
        if let known = Authentication(rawValue: stated.uppercased()) {
            endpoint.authenticationType = known
        } else {
            document.note(
                .byHand, "authentication",
                "endpoint \(name): unknown authentication \(stated.prefix(100)); it has none now")
        }
        endpoint.trustSelfSigned = document.flag("trustSelfSigned") ?? false
        endpoint.preemptive = document.flag("preemptive") ?? true
        endpoint.archived = Secrets.removed(from: .object(document.fields))
        return endpoint
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("name", text: name)
        fields.add("baseUrl", "url", text: url)
        fields.add("type", "endpointType", text: endpointType.rawValue)
        fields.add("authentication", "authenticationType", text: authenticationType.rawValue)
        fields.add("trustSelfSigned", value: trustSelfSigned ? true : nil)
        fields.add("preemptive", value: preemptive ? nil : false)
        return fields
    }
}

/// What no file may hold, in case that one does.
enum Secrets {
    private static let names = ["password", "secret", "token", "apikey", "privatekey"]

    /// Without the texts of fields that are named like secrets; addresses and scopes of them stay.
    static func removed(from value: JSONValue) -> JSONValue {
        switch value {
        case .object(let fields):
            var kept: [String: JSONValue] = [:]
            for (name, value) in fields where !isSecret(name, value) { kept[name] = removed(from: value) }
            return .object(kept)
        case .array(let values): return .array(values.map(removed))
        default: return value
        }
    }

    private static func isSecret(_ name: String, _ value: JSONValue) -> Bool {
        guard let text = value.string, !text.isEmpty else { return false }
        let plain = name.lowercased().replacingOccurrences(of: "_", with: "")
        return names.contains { plain.hasSuffix($0) } && !text.hasPrefix("http")
    }
}

/// `integrations/triggerFilters.json[]` (spec §2.7).
extension TriggerFilter: WorkflowPart {
    static let noun = "trigger filter"

    static func read(_ document: Document, id: String, _ scope: Scope) -> TriggerFilter? {
        var filter = TriggerFilter(
            id: id, plan: scope.plan, flow: document.text("flowId") ?? "",
            trigger: document.filled("triggerId", "integrationId", "trigger"),
            enabled: document.flag("isActive") ?? true, archived: .object(document.fields))
        guard let config = config(document) else { return filter }
        filter.outputs = (config.list("outputs") ?? []).compactMap {
            $0.string ?? $0["name"]?.string ?? $0["id"]?.string
        }
        filter.periodSeconds = max(1, config.whole("periodSeconds") ?? 60)
        filter.threshold = max(1, config.whole("floodThreshold") ?? 4)
        return filter
    }

    /// JSON within a text, or plain.
    private static func config(_ document: Document) -> Document? {
        guard let value = document["config"] else { return nil }
        if value.object != nil { return document.document("config") }
        var values = ArchiveLimits.values
        guard let text = value.string, let config = try? JSONParser.parse(Array(text.utf8), values: &values),  // noted
            let read = Document(config, at: document.place("config"), document.notes)
        else {
            document.note(.unusable, "config", "is no JSON object; the defaults hold")
            return nil
        }
        return read
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var config: [String: JSONValue] = [:]
        if case .string(let text)? = archived?["config"] {
            var values = ArchiveLimits.values
            // Already noted when it was imported.
            config = (try? JSONParser.parse(Array(text.utf8), values: &values))?.object ?? [:]
        }
        config["outputs"] = .array(outputs.map(JSONValue.string))
        config["periodSeconds"] = JSONValue(periodSeconds)
        config["floodThreshold"] = JSONValue(threshold)
        var fields = DocumentFields()
        fields.add("id", text: id)
        fields.add("flowId", text: flow)
        fields.add("triggerId", "integrationId", "trigger", text: trigger)
        fields.add("isActive", flag: enabled)
        fields.add("config", text: JSONText.compact(.object(config)))
        return fields
    }
}

/// `canvases/<name>.json`; kept whole.
extension Canvas: WorkflowPart {
    static let noun = "canvas"

    static func read(_ document: Document, id: String, _ scope: Scope) -> Canvas? {
        let name = document.text("name") ?? ""
        guard IDs.isUsable(name: name) else {
            document.note(.unusable, "name", "is no name: too long, or with a NUL")
            return nil
        }
        return Canvas(
            id: id, plan: scope.plan, name: name, description: document.text("description") ?? "",
            archived: .object(document.fields))
    }

    func fields(_ scope: Scope) -> DocumentFields {
        var fields = DocumentFields()
        fields.add("name", text: name)
        fields.add("description", text: description)
        return fields
    }
}
