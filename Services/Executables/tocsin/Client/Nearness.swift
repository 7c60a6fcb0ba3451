/// Which of many names somebody may have meant.
enum Nearness {
    private static let most = 3

    /// The nearest, at most three; empty when none is near.
    static func suggestions(for wanted: String, among names: [String]) -> [String] {
        let lower = wanted.lowercased()
        let bound = max(1, min(4, lower.count / 3))
        let rated = Set(names).compactMap { name -> (Int, String)? in
            let other = name.lowercased()
            if lower.count >= 2, other.contains(lower) { return (0, name) }
            if other.count >= 3, lower.contains(other) { return (1, name) }
            let distance = distance(from: lower, to: other)
            return distance <= bound ? (distance + 1, name) : nil
        }
        return rated.sorted { $0 < $1 }.prefix(most).map(\.1)
    }

    /// ` Did you mean A or B?`, or what is given instead.
    static func hint(for wanted: String, among names: [String], otherwise: String) -> String {
        let near = suggestions(for: wanted, among: names)
        return near.isEmpty ? " \(otherwise)" : " Did you mean \(near.joined(separator: " or "))?"
    }

    /// Levenshtein's: how many letters have to be put in, taken out or changed.
    static func distance(from left: String, to right: String) -> Int {
        let (left, right) = (Array(left.prefix(100)), Array(right.prefix(100)))
        var row = Array(0...right.count)
        for i in left.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let next = left[i] == right[j] ? diagonal : min(diagonal, row[j], row[j + 1]) + 1
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[right.count]
    }
}
