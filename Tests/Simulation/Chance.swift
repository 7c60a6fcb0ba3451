/// What a run leaves to chance, all of it from one seed. For one thread.
final class Chance: @unchecked Sendable {
    private var generator: SplitMix

    init(seed: UInt64) { generator = SplitMix(seed: seed) }

    /// True in `share` of all cases, from 0 to 1.
    func happens(_ share: Double) -> Bool { share > 0 && Double.random(in: 0..<1, using: &generator) < share }

    func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(int(range)) }

    func seconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(int(1000 * range.lowerBound...1000 * range.upperBound))
    }

    func pick<C: Collection>(_ all: C) -> C.Element { all.randomElement(using: &generator)! }

    /// As often as their weights say.
    func pick<T>(weighted all: [(weight: Int, value: T)]) -> T {
        var place = int(1...all.reduce(0) { $0 + $1.weight })
        for (weight, value) in all {
            place -= weight
            if place <= 0 { return value }
        }
        return all[all.count - 1].value
    }

    func shuffled<T>(_ all: [T]) -> [T] { all.shuffled(using: &generator) }

    func branch() -> Chance { Chance(seed: generator.next()) }
}
