import AlertCore
import Foundation
import Testing

/// What an escalation says about itself, and what the simulation foretells.
struct ExplanationTests {
    typealias World = EscalationWorld

    private func world() throws -> EscalationWorld {
        var world = World()
        for name in ["a", "b"] { world.person(name) }
        world.person("c", [])
        world.shift(of: "g", [World.member("a"), World.member("c"), World.member("b", after: 5)])
        try world.start(world.group("g"))
        return world
    }

    @Test func saysWhoAndWhyInTheOrderOfTime() throws {
        var world = try world()
        try world.pass(minutes: 5)
        try world.answer("b", .stopNotifyingTarget)
        let explained = Explanation(world.history)
        #expect(explained.stateName == "RUNNING" && explained.directory == 5)
        #expect(explained.lines.map(\.at) == explained.lines.map(\.at).sorted())
        #expect(
            explained.lines.map(\.kind.rawValue) == [
                "STATE", "STEP", "NOTIFIED", "NOT_NOTIFIED", "STEP", "NOTIFIED", "ESCALATED", "STATE", "STOPPED",
                "STOPPED",
            ])
        #expect(explained.people.map(\.person.targetName) == ["a", "c", "b"])
        #expect(explained.people.map(\.isNotified) == [true, false, true])
        #expect(explained.people[1].text == "c has no device")
        let notified = explained.lines.filter { $0.kind == .notified }
        #expect(notified.map(\.rule) == ["ON_CALL", "ON_CALL"])
        #expect(notified.map(\.step) == [1, 2] && notified.map(\.round) == [1, 1])
        #expect(notified.allSatisfy { $0.group?.name == "g" && $0.shift?.name == "always" && $0.directory == 5 })
        #expect(notified[0].text == "on call in always of g, place 1; device 1 in order")
    }

    @Test func saysItOfOnePerson() throws {
        let world = try world()
        let explained = Explanation(world.history)
        let own = explained.about(PersonReference(id: "c", targetName: "c", firstName: "", lastName: ""))
        #expect(own.people.count == 1 && own.people[0].text == "c has no device")
        #expect(own.lines.allSatisfy { $0.person == nil || $0.person?.id == "c" })
        let nobody = explained.about(PersonReference(id: "z", targetName: "zoe", firstName: "", lastName: ""))
        #expect(nobody.people.map(\.isNotified) == [false])
        #expect(nobody.people[0].text.contains("neither named"))
    }

    @Test func everyEventHasItsLine() throws {
        var world = try world()
        try world.send(.suspend)
        try world.send(.resume(world.roster))
        try world.answer("a", .assignToUser)
        try world.answer("a", .escalate)
        try world.send(.recordFailure(notification: world.notices[0].notice.id, world.roster))
        try world.send(.end)
        let explained = Explanation(world.history)
        #expect(explained.stateName == "ENDED")
        let texts = explained.lines.map(\.text).joined(separator: "\n")
        for word in ["suspended", "resumed", "ASSIGN_TO_USER", "who had taken it", "failed for good", "has ended"] {
            #expect(texts.contains(word), "\(word)")
        }
    }

    /// The same decisions as those that were made when nobody answered.
    @Test func theSimulationForetellsWhatHappens() throws {
        var world = try world()
        try world.pass(minutes: 60)
        let simulation = EscalationSimulation(
            world.terms, targets: world.state.targets, world.roster, at: noon, until: noon.advanced(by: .seconds(3600)))
        #expect(simulation.events == world.history)
        #expect(!simulation.isTruncated)
        let short = EscalationSimulation(
            world.terms, targets: world.state.targets, world.roster, at: noon, until: noon.advanced(by: .seconds(60)))
        #expect(Explanation(short.events).people.map(\.person.targetName) == ["a", "c"])
    }

    @Test func theSimulationHasABound() throws {
        var world = World()
        world.person("a")
        let group = world.group("g")
        world.shift(of: "g", [World.member("a")]) {
            $0.repeatEscalation = Shift.Repeat(repetitions: 100, waitInSeconds: 60)
        }
        func simulation(momentsMax: Int) -> EscalationSimulation {
            EscalationSimulation(
                world.terms, targets: [group], world.roster, at: noon, until: noon.advanced(by: .seconds(86_400)),
                momentsMax: momentsMax)
        }
        #expect(!simulation(momentsMax: 200).isTruncated)
        let short = simulation(momentsMax: 10)
        #expect(short.isTruncated)
        #expect(Explanation(short.events).people.map(\.notified) == [10])
    }
}
