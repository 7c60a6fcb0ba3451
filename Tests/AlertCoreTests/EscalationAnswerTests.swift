import AlertCore
import Foundation
import Testing

/// What each answer does, and what suspension and the end do (spec §5.1, §5.5).
struct EscalationAnswerTests {
    typealias World = EscalationWorld

    /// Two places five minutes apart in `g`, `c` in person, and a device of `c`'s that waits ten minutes.
    static func world(counting: Bool = false) throws -> EscalationWorld {
        var world = World()
        for name in ["a", "b", "d"] { world.person(name) }
        let person = world.person(
            "c", [World.device("c-1", of: "c", 1, delay: 10), World.device("c-2", of: "c", 2)])
        let group = world.group("g")
        world.shift(
            of: "g", [World.member("a"), World.member("b", after: 5), World.member("d", after: 5, .management)])
        world.terms.countsResponses = counting
        try world.start(group, person)
        world.clock = noon.advanced(by: .seconds(60))
        return world
    }

    @Test func withoutAnAnswerEverybodyIsNotified() throws {
        var world = try Self.world()
        try world.pass(minutes: 60)
        #expect(world.told == ["0 a-mail", "0 c-1", "5 b-mail", "10 d-mail", "10 c-2"])
        #expect(world.reports.map(\.type) == [.peer, .management])
        #expect(
            world.reports.allSatisfy { $0.reason == .passive && $0.group.name == "g" && $0.shift?.name == "always" })
        #expect(world.reports.map { $0.from.map(\.targetName) } == [["a"], ["b"]])
        #expect(world.reports.map { $0.to.map(\.targetName) } == [["b"], ["d"]])
    }

    @Test(arguments: [
        // Who answers what, and whom it leaves to be notified.
        ("c", ResponseOption.Action.recordResponse, ["5 b-mail", "10 d-mail"]),
        ("c", .stopNotifyingUser, ["5 b-mail", "10 d-mail"]),
        ("c", .stopNotifyingTarget, ["5 b-mail", "10 d-mail"]),
        ("a", .recordResponse, ["5 b-mail", "10 d-mail", "10 c-2"]),
        ("a", .stopNotifyingUser, ["5 b-mail", "10 d-mail", "10 c-2"]),
        ("a", .stopNotifyingTarget, ["10 c-2"]),
        ("a", .escalate, ["1 b-mail", "6 d-mail", "10 c-2"]),
        ("a", .assignToUser, []),
        ("a", .end, []),
        // On a form that does not count.
        ("a", .countResponse, ["5 b-mail", "10 d-mail", "10 c-2"]),
        ("a", .omitResponseCount, ["1 b-mail", "6 d-mail", "10 c-2"]),
        // Somebody whom it did not reach.
        ("x", .escalate, ["1 b-mail", "6 d-mail", "10 c-2"]),
        ("x", .stopNotifyingTarget, ["5 b-mail", "10 d-mail", "10 c-2"]),
    ])
    func answers(_ name: String, _ action: ResponseOption.Action, _ rest: [String]) throws {
        var world = try Self.world()
        try world.answer(name, action)
        try world.pass(minutes: 60)
        #expect(Array(world.told.dropFirst(2)) == rest)
        #expect(AlertEscalation.replay(world.history) == world.state)
    }

    @Test func whoHasAnsweredIsNotNotifiedAtALaterStep() throws {
        var world = World()
        for name in ["a", "b"] { world.person(name) }
        world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("a", after: 5)])
        let group = world.group("g")
        try world.start(group)
        try world.answer("a", .stopNotifyingUser)
        try world.pass(minutes: 60)
        #expect(world.told == ["0 a-mail", "5 b-mail"])
        #expect(world.omitted == ["a ANSWERED"])

        var other = World()
        (other.people, other.devices, other.groups, other.shifts) =
            (world.people, world.devices, world.groups, world.shifts)
        try other.start(group)
        try other.answer("a", .recordResponse)
        try other.pass(minutes: 60)
        #expect(other.told == ["0 a-mail", "5 b-mail", "10 a-mail"], "who only recorded an answer is notified again")
    }

    @Test func escalatingSaysWho() throws {
        var world = try Self.world()
        try world.answer("a", .escalate)
        #expect(world.reports.map(\.reason) == [.active])
        #expect(world.reports[0].by?.targetName == "a")
        #expect(world.notices.last?.notice.reason.contains("as a has escalated") == true)
        // The same answer again, from another device: it has no further effect.
        try world.answer("a", .escalate)
        #expect(world.told.count == 3)
        // The next one in the line goes on to the last.
        try world.answer("b", .escalate)
        #expect(world.told.last == "1 d-mail")
    }

    @Test func escalatingFromTheLastPlaceBeginsTheRepeat() throws {
        var world = World()
        for name in ["a", "b"] { world.person(name) }
        world.shift(of: "g", [World.member("a"), World.member("b", after: 5)]) {
            $0.repeatEscalation = Shift.Repeat(repetitions: 1, waitInSeconds: 3600, escalationType: .management)
        }
        try world.start(world.group("g"))
        try world.pass(minutes: 6)
        try world.answer("b", .escalate)
        #expect(world.told == ["0 a-mail", "5 b-mail", "6 a-mail"])
        #expect(world.reports.last?.type == .management)
        #expect(world.reports.last?.from.map(\.targetName) == ["b"])
    }

    @Test func anAnswerEndsRepeatsAndTheNotice() throws {
        for action in [ResponseOption.Action.recordResponse, .stopNotifyingUser] {
            var world = World()
            for name in ["a", "s"] { world.person(name) }
            world.shift(of: "g", [World.member("a")]) {
                $0.repeatEscalation = Shift.Repeat(repetitions: 3, waitInSeconds: 300)
                $0.notifyEndOfEscalation = Shift.EndNotice(recipient: GroupMember(id: "s", recipientType: .person))
            }
            try world.start(world.group("g"))
            try world.answer("a", action)
            try world.pass(minutes: 60)
            #expect(world.told == ["0 a-mail"])
            #expect(world.omitted == ["g ANSWERED"])
        }
    }

    @Test func whoTookItCanEscalateIt() throws {
        var world = try Self.world()
        try world.answer("a", .assignToUser)
        try world.pass(minutes: 10)
        #expect(world.told.count == 2 && world.state.nextDue == nil)
        try world.answer("a", .escalate)
        // What was to come in 4 and in 9 minutes comes so much later; b's place now.
        try world.pass(minutes: 60)
        #expect(Array(world.told.dropFirst(2)) == ["11 b-mail", "16 d-mail", "20 c-2"])
    }

    // MARK: - Counting

    @Test func aTargetWithEnoughAnswersStops() throws {
        var world = World()
        world.terms.countsResponses = true
        for name in ["a", "b", "c"] { world.person(name) }
        world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("c", after: 5)])
        let group = world.group("g") { $0.responseCountThreshold = 2 }
        try world.start(group)
        try world.answer("a", .countResponse)
        try world.answer("a", .countResponse, id: "again")
        #expect(world.state.phase == .running)
        try world.pass(minutes: 5)
        try world.answer("b", .countResponse)
        #expect(world.state.phase == .completed)
        try world.pass(minutes: 60)
        #expect(world.told == ["0 a-mail", "5 b-mail"])
        #expect(world.history.contains { if case .stopped(let stop, _) = $0 { stop.target == "g" } else { false } })
    }

    @Test func anAnswerThatDoesNotCountIsTakenBackAndEscalates() throws {
        var world = World()
        world.terms.countsResponses = true
        for name in ["a", "b"] { world.person(name) }
        world.shift(of: "g", [World.member("a"), World.member("b", after: 30)])
        let group = world.group("g") { $0.responseCountThreshold = 1 }
        world.group("h") { $0.responseCountThreshold = 9 }
        try world.start(AlertRecipient(id: "g", targetName: "g", recipientType: .group, responseCountThreshold: 2))
        try world.answer("a", .countResponse)
        try world.answer("a", .omitResponseCount)
        #expect(world.told == ["0 a-mail", "0 b-mail"])
        #expect(world.state.phase == .running, "the request's threshold of 2 counts, not the group's \(group)")
        try world.answer("b", .countResponse)
        #expect(world.state.phase == .completed, "one of two, and nobody else is to come")
    }

    @Test func targetsWithoutAThresholdCountTogether() throws {
        var world = World()
        world.terms.countsResponses = true
        world.terms.otherThreshold = 2
        let people = ["a", "b", "c"].map {
            world.person($0, [World.device("\($0)-1", of: $0, delay: 5), World.device("\($0)-2", of: $0, 2)])
        }
        try world.start(people[0], people[1], people[2])
        try world.answer("a", .countResponse)
        #expect(world.state.phase == .running)
        try world.answer("b", .countResponse)
        #expect(world.state.phase == .completed)
        try world.pass(minutes: 60)
        #expect(world.told == ["0 a-1", "0 b-1", "0 c-1"])
    }

    @Test func whoCannotBeReachedIsNotWaitedFor() throws {
        var world = World()
        world.terms.countsResponses = true
        let people = ["a", "b"].map { world.person($0) }
        try world.start(
            AlertRecipient(id: "a", targetName: "a", recipientType: .person, responseCountThreshold: 1),
            AlertRecipient(id: "b", targetName: "b", recipientType: .person, responseCountThreshold: 1))
        #expect(people.count == 2)
        try world.answer("a", .countResponse)
        #expect(world.state.phase == .running)
        try world.send(.recordFailure(notification: world.notices[1].notice.id, world.roster))
        #expect(world.state.phase == .completed)
    }

    // MARK: - Suspension, failure, the end

    @Test func suspensionKeepsTheRemainingDelays() throws {
        var world = try Self.world()
        try world.send(.suspend)
        #expect(world.state.nextDue == nil)
        world.clock = noon.advanced(by: .seconds(31 * 60))
        #expect(try world.send(.reach(world.roster)).isEmpty)
        try world.send(.resume(world.roster))
        try world.pass(minutes: 60)
        #expect(Array(world.told.dropFirst(2)) == ["35 b-mail", "40 d-mail", "40 c-2"])
        #expect(try world.send(.resume(world.roster)).isEmpty)
    }

    @Test func anEscalationWhileSuspendedComesWhenItIsResumed() throws {
        var world = try Self.world()
        try world.send(.suspend)
        world.clock = noon.advanced(by: .seconds(3 * 60))
        try world.answer("a", .escalate)
        #expect(world.told.count == 2)
        world.clock = noon.advanced(by: .seconds(21 * 60))
        try world.send(.resume(world.roster))
        #expect(Array(world.told.dropFirst(2)) == ["21 b-mail"])
    }

    @Test func takenWhileSuspendedAndEscalatedAfterItIsResumed() throws {
        var world = try Self.world()
        try world.send(.suspend)
        try world.answer("a", .assignToUser)
        world.clock = noon.advanced(by: .seconds(11 * 60))
        try world.send(.resume(world.roster))
        #expect(world.state.nextDue == nil, "it is still taken")
        world.clock = noon.advanced(by: .seconds(21 * 60))
        try world.answer("a", .escalate)
        #expect(Array(world.told.dropFirst(2)) == ["21 b-mail"])
    }

    @Test func theNextDeviceDoesNotWaitForOneThatFailed() throws {
        var world = try Self.world()
        let first = try #require(world.notices.first { $0.notice.device.id == "c-1" })
        try world.send(.recordFailure(notification: first.notice.id, world.roster))
        #expect(world.told.last == "1 c-2")
        #expect(try world.send(.recordFailure(notification: first.notice.id, world.roster)).isEmpty)
    }

    @Test func saysWhenAllFirstNotificationsFailed() throws {
        var world = try Self.world()
        for notice in world.notices.map(\.notice.id) {
            try world.send(.recordFailure(notification: notice, world.roster))
        }
        #expect(world.failures == [.allFailed])
    }

    @Test func theEndStopsEverything() throws {
        var world = try Self.world()
        try world.send(.end)
        try world.pass(minutes: 60)
        #expect(world.told.count == 2 && world.state.nextDue == nil)
        #expect(try world.send(.end).isEmpty)
        #expect(try world.answer("a", .escalate).isEmpty)
        #expect(try world.send(.suspend).isEmpty)
        #expect(try world.send(.start(world.terms, targets: [], begunAt: noon, world.roster)).isEmpty)
    }

    @Test func whatNeverBeganIsUnknown() {
        #expect(throws: AlertEscalation.Rejection.unknown) {
            try AlertEscalation.decide(Timed(.suspend, at: noon), AlertEscalation.initial)
        }
    }

    @Test func aLateStepLeavesTheWholeDelayToThoseAfterIt() throws {
        var world = try Self.world()
        // The engine was away until 9 minutes after the beginning.
        world.clock = noon.advanced(by: .seconds(9 * 60))
        try world.send(.reach(world.roster))
        try world.pass(minutes: 60)
        #expect(Array(world.told.dropFirst(2)) == ["9 b-mail", "10 c-2", "14 d-mail"])
        // A few seconds do not count.
        var punctual = try Self.world()
        punctual.clock = noon.advanced(by: .seconds(5 * 60 + 20))
        try punctual.send(.reach(punctual.roster))
        #expect(punctual.state.nextDue == noon.advanced(by: .seconds(600)))
    }

    @Test func theFormatOfEventsStays() throws {
        var world = World()
        world.person("a")
        world.shift(of: "g", [World.member("a")])
        try world.start(world.group("g"))
        let encoder = encoderOfEvents
        let texts = try world.history.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        #expect(texts == Self.golden)
        let decoded = try Self.golden.map {
            try JSONDecoder().decode(AlertEscalation.Event.self, from: Data($0.utf8))
        }
        #expect(decoded == world.history)
    }
}

extension EscalationAnswerTests {
    static let golden = [
        #"{"started":{"at":1790000000000,"directory":5,"targets":[{"id":"g","recipientType":"GROUP","#
            + #""targetName":"g"}],"terms":{"alert":"a","correlation":"r","countsResponses":false,"#
            + #""escalationOverride":false,"#
            + #""limitsNotifications":false,"number":7,"overrideDeviceRestrictions":false,"priority":"MEDIUM","#
            + #""targetDeviceNames":[]}}}"#,
        #"{"advanced":{"advance":{"directory":5,"notices":[{"address":"a-mail@x","course":"0.0","#
            + #""device":{"id":"a-mail","name":"a-mail"},"deviceNumber":1,"deviceType":"EMAIL","#
            + #""id":"5c89cfd7-72e6-888c-a608-74b79fcd95bc","language":"en","#
            + #""person":{"firstName":"A","id":"a","lastName":"X","targetName":"a"},"provider":"","#
            + #""reason":"on call in always of g, place 1; device 1 in order","round":0,"rule":"ON_CALL","step":0,"#
            + #""target":"g"}],"opened":[{"allowsDuplicates":false,"group":{"id":"g","name":"g"},"id":"0.0","#
            + #""shift":{"id":"g-always","name":"always"},"shiftEnd":1790035200000,"shiftStart":1789948800000,"#
            + #""steps":[{"delay":0,"members":[{"position":1,"recipient":{"id":"a","recipientType":"PERSON","#
            + #""targetName":"a"}}],"type":"Peer"}],"target":"g","usesFailsafe":true}],"#
            + #""progress":[{"course":"0.0","due":1790000000000,"next":"over","round":0,"step":0}],"#
            + #""steps":[{"course":"0.0","kind":"step","round":0,"step":0}]},"at":1790000000000}}"#,
    ]

    /// One of each other kind of event, and the reports as they stand in the alert's history.
    static let otherEvents: [(AlertEscalation.Event, String)] = [
        (.suspended(at: noon), #"{"suspended":{"at":1790000000000}}"#),
        (.ended(at: noon), #"{"ended":{"at":1790000000000}}"#),
        (
            .notificationFailed(notification: "n", at: noon),
            #"{"notificationFailed":{"at":1790000000000,"notification":"n"}}"#
        ),
        (
            .recipientsFailed(
                failure: RecipientsFailure(id: "f", failureType: .nobodyNotifiable, targeted: [recipient]), at: noon),
            #"{"recipientsFailed":{"at":1790000000000,"failure":{"failureType":"NO_NOTIFIABLE_RECIPIENT","id":"f","#
                + #""targeted":[{"id":"a","recipientType":"PERSON","targetName":"a"}],"total":1}}}"#
        ),
        (
            .escalated(
                report: EscalationReport(
                    id: "e", group: NamedReference(id: "g", name: "ops"), shift: nil, reason: .active, type: .peer,
                    by: bob, from: [], to: [recipient]), at: noon),
            #"{"escalated":{"at":1790000000000,"report":{"by":{"firstName":"Bob","id":"p2","lastName":"Smith","#
                + #""targetName":"bob"},"from":[],"group":{"id":"g","name":"ops"},"id":"e","reason":"ACTIVE","#
                + #""to":[{"id":"a","recipientType":"PERSON","targetName":"a"}],"totalFrom":0,"totalTo":1,"#
                + #""type":"PEER"}}}"#
        ),
    ]

    private static let recipient = AlertRecipient(id: "a", targetName: "a", recipientType: .person)

    @Test func theFormatOfOtherEventsStays() throws {
        for (event, text) in Self.otherEvents {
            #expect(String(decoding: try encoderOfEvents.encode(event), as: UTF8.self) == text)
            #expect(try JSONDecoder().decode(AlertEscalation.Event.self, from: Data(text.utf8)) == event)
        }
    }
}
