/// How one text became another, line by line.
struct TextDifference {
    enum Kind: Sendable { case same, added, removed }

    struct Line: Sendable, Equatable {
        let kind: Kind
        let text: String
        /// From 1; `nil` where the line is not in that text.
        let oldNumber: Int?
        let newNumber: Int?
    }

    /// Lines that lie together, with their surroundings.
    struct Hunk: Sendable {
        let lines: [Line]
    }

    /// Longer texts are shown as wholly replaced: comparing them would take too long.
    private static let lineLimit = 20_000
    private static let context = 3

    let lines: [Line]

    init(from old: String, to new: String) {
        let old = Self.lines(of: old)
        let new = Self.lines(of: new)
        var removed = Set<Int>()
        var added = Set<Int>()
        if max(old.count, new.count) > Self.lineLimit {
            removed = Set(old.indices)
            added = Set(new.indices)
        } else {
            for change in new.difference(from: old) {
                switch change {
                case .remove(let offset, _, _): removed.insert(offset)
                case .insert(let offset, _, _): added.insert(offset)
                }
            }
        }
        var lines: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left < old.count, removed.contains(left) {
                lines.append(Line(kind: .removed, text: old[left], oldNumber: left + 1, newNumber: nil))
                left += 1
            } else if right < new.count, added.contains(right) {
                lines.append(Line(kind: .added, text: new[right], oldNumber: nil, newNumber: right + 1))
                right += 1
            } else {
                lines.append(Line(kind: .same, text: old[left], oldNumber: left + 1, newNumber: right + 1))
                (left, right) = (left + 1, right + 1)
            }
        }
        self.lines = lines
    }

    /// The changes with three lines around them.
    var hunks: [Hunk] {
        var hunks: [Hunk] = []
        var range: Range<Int>?
        for index in lines.indices where lines[index].kind != .same {
            let around = max(0, index - Self.context)..<min(lines.count, index + Self.context + 1)
            if let open = range, around.lowerBound <= open.upperBound {
                range = open.lowerBound..<around.upperBound
            } else {
                if let range { hunks.append(Hunk(lines: Array(lines[range]))) }
                range = around
            }
        }
        if let range { hunks.append(Hunk(lines: Array(lines[range]))) }
        return hunks
    }

    /// In the unified format of POSIX `diff -u`; empty when nothing has changed.
    func unified(from old: String, to new: String) -> String {
        let hunks = hunks
        guard !hunks.isEmpty else { return "" }
        return (["--- \(old)", "+++ \(new)"] + hunks.flatMap(\.unified)).joined(separator: "\n") + "\n"
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

extension TextDifference.Hunk {
    /// `@@ -3,7 +3,8 @@`
    var title: String {
        let old = lines.compactMap(\.oldNumber)
        let new = lines.compactMap(\.newNumber)
        return "@@ -\(old.first ?? 0),\(old.count) +\(new.first ?? 0),\(new.count) @@"
    }

    var unified: [String] { [title] + lines.map { $0.mark + $0.text } }
}

extension TextDifference.Line {
    var mark: String {
        switch kind {
        case .same: " "
        case .added: "+"
        case .removed: "-"
        }
    }
}
