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

    /// How many letters have to be put in, taken out, changed or swapped with their neighbour.
    static func distance(from left: String, to right: String) -> Int {
        let (left, right) = (Array(left.prefix(100)), Array(right.prefix(100)))
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let isSame = left[i] == right[j]
                var best = min(rows[i][j] + (isSame ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
