import AlertCore
import Foundation
import Testing

/// Random groups, delays, answers and suspensions, on days on which clocks change too: what must hold holds.
struct EscalationPropertyTests {
    /// Noon UTC before the clocks of three zones go forward and back.
    static let days: [Int64] = [1_774_700_000_000, 1_772_950_000_000, 1_792_900_000_000, 1_793_500_000_000]
    static let zones = ["Europe/Berlin", "America/New_York", "Australia/Sydney"]

    private struct Chance {
        var numbers: SeededNumbers
        mutating func below(_ bound: Int) -> Int { Int(numbers.next() % UInt64(bound)) }
        mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
    }

    /// People, groups in groups, shifts; and who is targeted.
    private func content(_ chance: inout Chance, _ world: inout EscalationWorld) -> [AlertRecipient] {
        let names = (0..<6).map { "p\($0)" }
        for name in names {
            let devices = (0..<chance.below(3)).map { index in
                EscalationWorld.device(
                    "\(name)-\(index)", of: name, index + 1, delay: chance.pick([0, 0, 2, 5]),
                    threshold: chance.pick([.low, .low, .high]))
            }
            world.person(name, devices, status: chance.below(8) == 0 ? .inactive : .active)
            if chance.below(6) == 0 {
                world.absences[name] = [
                    TemporaryAbsence(
                        id: "away-\(name)", absenceType: .replacement, start: world.clock,
                        end: world.clock.advanced(by: .seconds(60 * chance.below(60))), member: name,
                        replacement: chance.pick(names), includeDirectNotifications: chance.below(2) == 0,
                        created: noon)
                ]
            }
        }
        for group in ["g0", "g1", "g2"] {
            world.group(
                group, chance.below(5) == 0 ? .broadcast : .onCall,
                members: [
                    GroupMember(id: chance.pick(names), recipientType: .person)
                ]
            ) { $0.allowDuplicates = chance.below(4) == 0 }
            for index in 0..<chance.below(3) {
                let members = (0..<chance.below(5)).map { _ in
                    let isGroup = chance.below(6) == 0
                    return EscalationWorld.member(
                        isGroup ? chance.pick(["g0", "g1", "g2"]) : chance.pick(names),
                        after: chance.pick([0, 0, 1, 5, 15]), .peer, isGroup ? .group : .person)
                }
                let zone = chance.pick(Self.zones)
                world.shift("s\(index)", of: group, members) {
                    $0.timezone = zone
                    if chance.below(3) == 0 {
                        $0.repeatEscalation = Shift.Repeat(repetitions: 1 + chance.below(2), waitInSeconds: 120)
                    }
                    if chance.below(3) == 0 {
                        $0.notifyEndOfEscalation = Shift.EndNotice(
                            recipient: GroupMember(id: chance.pick(names), recipientType: .person), waitInSeconds: 60)
                    }
                }
            }
        }
        let targets = (0..<1 + chance.below(3)).map { _ in
            let name = chance.pick(names + ["g0", "g1", "g2"])
            return AlertRecipient(
                id: name, targetName: name, recipientType: name.hasPrefix("g") ? .group : .person,
                responseCountThreshold: chance.below(3) == 0 ? 2 : nil)
        }
        world.terms.countsResponses = chance.below(3) == 0
        world.terms.escalationOverride = chance.below(8) == 0
        return targets
    }

    @Test(arguments: 0..<300)
    func holdsItsPromises(_ seed: UInt64) throws {
        var chance = Chance(numbers: SeededNumbers(seed: seed))
        var world = EscalationWorld()
        world.clock = Timestamp(milliseconds: chance.pick(Self.days))
        let targets = content(&chance, &world)
        try world.send(.start(world.terms, targets: targets, begunAt: world.clock, world.roster))
        for _ in 0..<40 {
            switch chance.below(14) {
            case 0: try world.send(.suspend)
            case 1, 2: try world.send(.resume(world.roster))
            case 3: try world.answer("p\(chance.below(6))", chance.pick(ResponseOption.Action.allCases))
            case 4:
                if let notice = world.notices.last?.notice.id {
                    try world.send(.recordFailure(notification: notice, world.roster))
                }
            case 5 where chance.below(4) == 0: try world.send(.end)
            default: try world.pass(minutes: chance.below(10))
            }
        }
        try world.pass(minutes: 600)
        try check(world, seed)
    }

    private func check(_ world: EscalationWorld, _ seed: UInt64) throws {
        // A replay gives the same, also of what was written as JSON.
        #expect(AlertEscalation.replay(world.history) == world.state)
        let encoded = try world.history.map { try encoderOfEvents.encode($0) }
        #expect(try encoded.map { try JSONDecoder().decode(AlertEscalation.Event.self, from: $0) } == world.history)
        // Nobody is notified twice for one step.
        let ids = world.notices.map(\.notice.id)
        #expect(Set(ids).count == ids.count, "seed \(seed)")
        // After the end, and while it is suspended or taken, nothing is reached.
        var (state, stepsOfCourse) = (AlertEscalation.State(), [String: [(round: Int, step: Int)]]())
        for event in world.history {
            if case .advanced(let advance, _) = event {
                let mayReach = state.phase == .running && !state.isSuspended && !state.isAssigned
                #expect(mayReach || (advance.notices.isEmpty && advance.steps.isEmpty), "seed \(seed)")
                for step in advance.steps where step.kind != .endNotice {
                    stepsOfCourse[step.course, default: []].append((step.round, step.step))
                }
            }
            state = AlertEscalation.evolve(state, event)
        }
        // No step is skipped: in each round of a course, they come one after the other.
        for (course, reached) in stepsOfCourse {
            var expected = (round: 0, step: 0)
            for step in reached {
                if step.step == 0, step.round == expected.round + 1 { expected = (step.round, 0) }
                #expect(step == expected, "seed \(seed), course \(course)")
                expected.step += 1
            }
        }
        // What was neither stopped nor ended has come to its end.
        if state.phase == .running, !state.isSuspended, !state.isAssigned {
            #expect(state.nextDue == nil && state.progress.isEmpty && state.lines.isEmpty, "seed \(seed)")
        }
    }
}
