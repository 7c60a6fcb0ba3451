import AlertCore

/// New ids for a copy of a workflow, the same throughout: also where ids stand within texts, as in placeholders,
/// mappings of canvases, paths of triggers.
struct IDMapping {
    /// By the lower-case spelling of the old.
    private(set) var new: [String: String] = [:]

    /// - Parameter plan: The id of the plan that the copy is for: the same file gives the same ids in it again.
    init(_ documents: WorkflowDocuments, plan: String) {
        for id in Self.ids(of: documents) {
            new[id.lowercased()] = DerivedID.uuid("workflow-copy", plan, id.lowercased())
        }
    }

    // MARK: Which ids the file defines

    static func ids(of documents: WorkflowDocuments) -> Set<String> {
        var ids: Set<String> = []
        func take(_ value: JSONValue?) {
            for field in ["id", "uuid"] {
                if let id = value?[field]?.string, IDs.isUsable(id) { ids.insert(id) }
            }
        }
        func takeAll(_ list: JSONValue?, _ lists: String...) {
            for value in list?.array ?? [] {
                take(value)
                for list in lists { for inner in value[list]?.array ?? [] { take(inner) } }
            }
        }
        for (path, document) in documents.documents {
            switch path {
            case WorkflowPaths.properties, WorkflowPaths.triggerFilters, WorkflowPaths.libraries: takeAll(document)
            case WorkflowPaths.scriptSteps: takeAll(document, "inputs", "outputs")
            case WorkflowPaths.integrations:
                for list in ["integrations", "endpoints", "constants"] { takeAll(document[list]) }
            case _ where WorkflowPaths.isForm(path):
                take(document)
                takeAll(document["layoutSections"], "sectionItems", "items")
                takeAll(document["responses"])
            case _ where WorkflowPaths.isCanvas(path):
                take(document)
                takeAll(document["blocks"], "conditionPaths", "dynamicOutputs")
            default: break
            }
        }
        return ids
    }

    // MARK: Putting the new in their place

    func apply(to documents: WorkflowDocuments) -> WorkflowDocuments {
        WorkflowDocuments(documents: documents.documents.mapValues(apply), files: documents.files)
    }

    private func apply(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(apply(text))
        case .array(let values): .array(values.map(apply))
        case .object(let fields):
            .object(
                Dictionary(
                    fields.map { (apply($0.key), apply($0.value)) }, uniquingKeysWith: { first, _ in first }))
        default: value
        }
    }

    /// The whole text where it is an id, otherwise every UUID in it that the file defines.
    private func apply(_ text: String) -> String {
        if let new = new[text.lowercased()] { return new }
        let bytes = Array(text.utf8)
        guard bytes.count >= 36 else { return text }
        var result: [UInt8] = []
        var place = 0
        var isChanged = false
        while place < bytes.count {
            if let uuid = Self.uuid(in: bytes, at: place), let new = new[uuid.lowercased()] {
                result += Array((uuid == uuid.uppercased() ? new.uppercased() : new).utf8)
                place += 36
                isChanged = true
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return isChanged ? String(decoding: result, as: UTF8.self) : text
    }

    private static func uuid(in bytes: [UInt8], at start: Int) -> String? {
        guard start + 36 <= bytes.count, bytes[start + 8] == UInt8(ascii: "-") else { return nil }
        for offset in 0..<36 {
            let byte = bytes[start + offset]
            let isDash = byte == UInt8(ascii: "-")
            guard isDash == [8, 13, 18, 23].contains(offset), isDash || isDigit(byte) else { return nil }
        }
        return String(decoding: bytes[start..<start + 36], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
    }
}
