import AlertCore

/// One way in which two workflows differ.
public struct WorkflowDifference: Hashable, Sendable {
    /// See ``ImportNote/path``: the file, and the place in its document.
    public let path: String
    /// `nil` where there is nothing.
    public let before: JSONValue?
    public let after: JSONValue?

    /// For people: one line, or for texts of several lines those that differ, as `diff -u` shows them.
    public var lines: [String] {
        switch (before, after) {
        case (nil, let after?): return ["+ \(path)\(Self.shown(after))"]
        case (let before?, nil): return ["- \(path)\(Self.shown(before))"]
        case (.string(let before)?, .string(let after)?) where before.contains("\n") || after.contains("\n"):
            return ["~ \(path)"] + LineDiff.lines(before, after)
        default:
            return [
                "~ \(path): \(before.map(JSONText.compact) ?? "") → \(after.map(JSONText.compact) ?? "")"
            ]
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = JSONText.compact(value)
        return text.count <= 100 ? ": \(text)" : " (\(text.utf8.count) bytes)"
    }
}

/// Compares the files of two workflows document by document.
public enum WorkflowDiff {
    /// Elements of lists are told apart by their id or name, so that what moves up is not a difference of everything
    /// below it. How integrations authenticate is left out, as every import sets it anew (spec §2.2).
    public static func differences(
        from before: WorkflowDocuments, to after: WorkflowDocuments
    ) -> [WorkflowDifference] {
        var found: [WorkflowDifference] = []
        for path in Set(before.documents.keys).union(after.documents.keys).sorted() {
            var (left, right) = (before.documents[path], after.documents[path])
            if path == WorkflowPaths.integrations {
                left = left.map(withoutAuthentication)
                right = right.map(withoutAuthentication)
            }
            compare(left, right, in: path, at: "", &found)
        }
        for path in Set(before.files.keys).union(after.files.keys).sorted()
        where before.files[path] != after.files[path] {
            func shown(_ bytes: [UInt8]?) -> JSONValue? { bytes.map { .string("\($0.count) bytes") } }
            found.append(
                WorkflowDifference(path: path, before: shown(before.files[path]), after: shown(after.files[path])))
        }
        return found
    }

    private static func withoutAuthentication(_ document: JSONValue) -> JSONValue {
        guard var fields = document.object, let list = fields["integrations"]?.array else { return document }
        fields["integrations"] = .array(
            list.map { value in
                guard var integration = value.object else { return value }
                integration["authType"] = nil
                return .object(integration)
            })
        return .object(fields)
    }

    private static func compare(
        _ before: JSONValue?, _ after: JSONValue?, in file: String, at place: String,
        _ found: inout [WorkflowDifference]
    ) {
        guard before != after else { return }
        switch (before, after) {
        case (.object(let before)?, .object(let after)?):
            for key in Set(before.keys).union(after.keys).sorted() {
                compare(before[key], after[key], in: file, at: place.isEmpty ? key : "\(place).\(key)", &found)
            }
        case (.array(let before)?, .array(let after)?):
            compareLists(before, after, in: file, at: place, &found)
        default:
            let path = place.isEmpty ? file : "\(file): \(place)"
            found.append(WorkflowDifference(path: path, before: before, after: after))
        }
    }

    private static func compareLists(
        _ before: [JSONValue], _ after: [JSONValue], in file: String, at place: String,
        _ found: inout [WorkflowDifference]
    ) {
        guard let left = keyed(before), let right = keyed(after) else {
            for index in 0..<max(before.count, after.count) {
                compare(
                    index < before.count ? before[index] : nil, index < after.count ? after[index] : nil, in: file,
                    at: "\(place)[\(index)]", &found)
            }
            return
        }
        let leftValues = Dictionary(uniqueKeysWithValues: left)
        let rightValues = Dictionary(uniqueKeysWithValues: right)
        let keys = left.map(\.0) + right.map(\.0).filter { leftValues[$0] == nil }
        for key in keys { compare(leftValues[key], rightValues[key], in: file, at: "\(place)[\(key)]", &found) }
        let common = left.map(\.0).filter { rightValues[$0] != nil }
        let moved = right.map(\.0).filter { leftValues[$0] != nil }
        if common != moved {
            found.append(
                WorkflowDifference(
                    path: "\(file): \(place) (order)", before: .array(common.map(JSONValue.string)),
                    after: .array(moved.map(JSONValue.string))))
        }
    }

    /// `nil` unless every element has a name of its own.
    private static func keyed(_ list: [JSONValue]) -> [(String, JSONValue)]? {
        for field in ["id", "uuid", "name", "languageCode"] {
            let keys = list.compactMap { $0[field]?.string }
            if keys.count == list.count, Set(keys).count == keys.count { return Array(zip(keys, list)) }
        }
        return nil
    }
}

/// The lines in which two texts differ.
enum LineDiff {
    /// Above this number of lines, texts are shown one after the other: comparing takes time with its square.
    private static let most = 5000

    static func lines(_ before: String, _ after: String) -> [String] {
        let old = before.split(separator: "\n", omittingEmptySubsequences: false)
        let new = after.split(separator: "\n", omittingEmptySubsequences: false)
        guard old.count <= most, new.count <= most else {
            return ["  (\(old.count) lines before, \(new.count) lines after)"]
        }
        let changes = new.difference(from: old)
        let removed = changes.removals.map { change in
            if case .remove(let offset, let line, _) = change {
                (offset, 0, "  -\(offset + 1): \(line)")
            } else {
                (0, 0, "")
            }
        }
        let inserted = changes.insertions.map { change in
            if case .insert(let offset, let line, _) = change {
                (offset, 1, "  +\(offset + 1): \(line)")
            } else {
                (0, 0, "")
            }
        }
        return (removed + inserted).sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
}
