import AlertCore
import Testing

/// Each rule about who is notified, when, and who is not (spec §5.4).
struct EscalationTests {
    typealias World = EscalationWorld

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Puts people in, and says who is targeted.
        let given: @Sendable (inout EscalationWorld) -> [AlertRecipient]
        /// Minutes after the beginning, and devices.
        let told: [String]
        /// Whom, and by which rule not.
        var omitted: [String] = []

        init(
            _ description: String, told: [String], omitted: [String] = [],
            _ given: @escaping @Sendable (inout EscalationWorld) -> [AlertRecipient]
        ) {
            testDescription = description
            self.told = told
            self.omitted = omitted
            self.given = given
        }
    }

    /// Two hours in which nobody answers.
    private func run(_ row: Case) throws {
        var world = World()
        let targets = row.given(&world)
        try world.send(.start(world.terms, targets: targets, begunAt: world.clock, world.roster))
        try world.pass(minutes: 120)
        #expect(world.told == row.told)
        #expect(world.omitted == row.omitted)
        #expect(AlertEscalation.replay(world.history) == world.state)
        #expect(world.failures.contains(.nobodyNotifiable) == !row.told.contains { $0.hasPrefix("0 ") })
    }

    @Test(arguments: people)
    func notifiesPeople(_ row: Case) throws { try run(row) }

    @Test(arguments: groups)
    func notifiesGroups(_ row: Case) throws { try run(row) }

    @Test(arguments: duplicates)
    func notifiesOnce(_ row: Case) throws { try run(row) }

    static let people: [Case] = [
        Case("devices follow each other", told: ["0 b-1", "5 b-2", "15 b-3"]) { world in
            let devices = [
                World.device("b-3", of: "b", 3), World.device("b-1", of: "b", 1, delay: 5),
                World.device("b-2", of: "b", 2, delay: 10),
            ]
            return [world.person("b", devices)]
        },
        Case("the override ignores delays", told: ["0 b-1", "0 b-2"]) { world in
            world.terms.overrideDeviceRestrictions = true
            return [world.person("b", [World.device("b-1", of: "b", 1, delay: 5), World.device("b-2", of: "b", 2)])]
        },
        Case(
            "what is below a threshold does not reach the device", told: ["0 b-2"], omitted: ["b|b-1 BELOW_THRESHOLD"]
        ) { world in
            [
                world.person(
                    "b", [World.device("b-1", of: "b", 1, delay: 5, threshold: .high), World.device("b-2", of: "b", 2)])
            ]
        },
        Case("only devices of that name", told: ["0 b-2"], omitted: ["b|b-1 DEVICE_FILTER"]) { world in
            world.terms.targetDeviceNames = ["b-2"]
            return [world.person("b", [World.device("b-1", of: "b"), World.device("b-2", of: "b", 2)])]
        },
        Case(
            "the failsafe device is used when no other can be", told: ["0 b-1"],
            omitted: ["b|b-1 BELOW_THRESHOLD", "b|b-2 DEVICE_INACTIVE"]
        ) { world in
            [
                world.person(
                    "b",
                    [
                        World.device("b-1", of: "b", threshold: .high) { $0.defaultDevice = true },
                        World.device("b-2", of: "b", 2) { $0.status = .inactive },
                    ])
            ]
        },
        Case("nobody with no device", told: [], omitted: ["b NO_DEVICE"]) { world in [world.person("b", [])] },
        Case("nobody who is inactive", told: [], omitted: ["b INACTIVE"]) { world in
            [world.person("b", status: .inactive)]
        },
        Case("nobody who is not there", told: [], omitted: ["eve GONE"]) { _ in
            [AlertRecipient(id: "e", targetName: "eve", recipientType: .person)]
        },
        Case("a device without an address", told: [], omitted: ["b|b-1 NO_ADDRESS"]) { world in
            [world.person("b", [World.device("b-1", of: "b") { $0.emailAddress = nil }])]
        },
        Case("a device that is named ignores its threshold, delays and absences", told: ["0 b-1"]) { world in
            world.person("b", [World.device("b-1", of: "b", threshold: .high)])
            world.person("c")
            world.absences["b"] = [away("b", replacement: "c", direct: true)]
            return [AlertRecipient(id: "b-1", targetName: "b|b-1", recipientType: .device)]
        },
        Case("an inactive device that is named", told: [], omitted: ["b|b-1 DEVICE_INACTIVE"]) { world in
            world.person("b", [World.device("b-1", of: "b") { $0.status = .inactive }])
            return [AlertRecipient(id: "b-1", targetName: "b|b-1", recipientType: .device)]
        },
        Case(
            "a replacement that includes direct notifications", told: ["0 c-mail"], omitted: ["b ABSENT"]
        ) { world in
            world.person("c")
            world.absences["b"] = [away("b", replacement: "c", direct: true)]
            return [world.person("b")]
        },
        Case("a replacement that does not include them", told: ["0 b-mail"]) { world in
            world.person("c")
            world.absences["b"] = [away("b", replacement: "c", direct: false)]
            return [world.person("b")]
        },
        Case(
            "whether a device can be used counts when its turn comes", told: ["0 b-1", "20 b-3"],
            omitted: ["b|b-2 OUTSIDE_TIMEFRAME"]
        ) { world in
            let first = Timeframe(
                name: "short", startTime: clockTime(noon), timezone: "UTC", durationInMinutes: 10)
            return [
                world.person(
                    "b",
                    [
                        World.device("b-1", of: "b", 1, delay: 20),
                        World.device("b-2", of: "b", 2, delay: 5) { $0.timeframes = [first] },
                        World.device("b-3", of: "b", 3),
                    ])
            ]
        },
    ]

    static let groups: [Case] = [
        Case(
            "places in their order, with delays between", told: ["0 a-mail", "0 b-mail", "5 c-mail", "15 d-mail"]
        ) { world in
            for name in ["a", "b", "c", "d"] { world.person(name) }
            world.shift(
                of: "g",
                [World.member("a"), World.member("b"), World.member("c", after: 5), World.member("d", after: 10)])
            return [world.group("g")]
        },
        Case("the first place can wait, too", told: ["5 a-mail"]) { world in
            world.person("a")
            world.shift(of: "g", [World.member("a", after: 5)])
            return [world.group("g")]
        },
        Case("the override notifies all at once", told: ["0 a-mail", "0 c-mail"]) { world in
            world.terms.escalationOverride = true
            for name in ["a", "c"] { world.person(name) }
            world.shift(of: "g", [World.member("a"), World.member("c", after: 5)])
            return [world.group("g")]
        },
        Case("every shift that is on", told: ["0 a-mail", "0 b-mail"]) { world in
            for name in ["a", "b"] { world.person(name) }
            world.shift("one", of: "g", [World.member("a")])
            world.shift("two", of: "g", [World.member("b")])
            return [world.group("g")]
        },
        Case("no shift is on", told: [], omitted: ["g NO_SHIFT"]) { world in [world.group("g")] },
        Case("an inactive group", told: [], omitted: ["g INACTIVE"]) { world in
            [world.group("g") { $0.status = .inactive }]
        },
        Case(
            "who is skipped takes along the delay that follows, not the one before",
            told: ["0 a-mail", "5 c-mail"], omitted: ["b INACTIVE"]
        ) { world in
            world.person("a")
            world.person("b", status: .inactive)
            world.person("c")
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("c", after: 10)])
            return [world.group("g")]
        },
        Case(
            "who has no device is skipped, too", told: ["0 a-mail", "5 c-mail"], omitted: ["b NO_DEVICE"]
        ) { world in
            world.person("a")
            world.person("b", [])
            world.person("c")
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("c", after: 10)])
            return [world.group("g")]
        },
        Case(
            "an absence with a replacement, and one without", told: ["0 r-mail", "5 c-mail"],
            omitted: ["a ABSENT", "b ABSENT"]
        ) { world in
            for name in ["a", "b", "c", "r"] { world.person(name) }
            world.absences["a"] = [away("a", replacement: "r", direct: false)]
            world.absences["b"] = [away("b", replacement: nil, direct: false)]
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("c", after: 10)])
            return [world.group("g")]
        },
        Case("a broadcast group at once", told: ["0 a-mail", "0 b-mail"]) { world in
            for name in ["a", "b"] { world.person(name) }
            return [
                world.group(
                    "g", .broadcast,
                    members: ["a", "b"].map { GroupMember(id: $0, recipientType: .person) })
            ]
        },
        Case("a broadcast group without members", told: [], omitted: ["g NO_MEMBERS"]) { world in
            [world.group("g", .broadcast)]
        },
        Case(
            "a group within a shift begins when its turn comes",
            told: ["0 a-mail", "5 x-mail", "7 y-mail", "15 c-mail"]
        ) { world in
            for name in ["a", "c", "x", "y"] { world.person(name) }
            world.group("inner")
            world.shift(of: "inner", [World.member("x"), World.member("y", after: 2)])
            world.shift(
                of: "g",
                [World.member("a"), World.member("inner", after: 5, .peer, .group), World.member("c", after: 10)])
            return [world.group("g")]
        },
        Case("a group within itself", told: ["0 a-mail"], omitted: ["g NESTED"]) { world in
            world.person("a")
            world.shift(of: "g", [World.member("a"), World.member("g", after: 0, .peer, .group)])
            return [world.group("g")]
        },
        Case("repeats, with the pause between", told: ["0 a-mail", "5 b-mail", "15 a-mail", "20 b-mail"]) { world in
            for name in ["a", "b"] { world.person(name) }
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5)]) {
                $0.repeatEscalation = Shift.Repeat(repetitions: 1, waitInSeconds: 600)
            }
            return [world.group("g")]
        },
        Case("a repeat never comes within a minute", told: ["0 a-mail", "1 a-mail", "2 a-mail"]) { world in
            world.person("a")
            world.shift(of: "g", [World.member("a")]) {
                $0.repeatEscalation = Shift.Repeat(repetitions: 2, waitInSeconds: 0)
            }
            return [world.group("g")]
        },
        Case("the end is told to the supervisors", told: ["0 a-mail", "10 s-mail"]) { world in
            for name in ["a", "s"] { world.person(name) }
            world.shift(of: "g", [World.member("a")]) {
                $0.notifyEndOfEscalation = Shift.EndNotice(recipient: nil, waitInSeconds: 600)
            }
            return [world.group("g") { $0.supervisors = ["s"] }]
        },
        Case("the end is told to somebody, after all repeats", told: ["0 a-mail", "5 a-mail", "6 s-mail"]) { world in
            for name in ["a", "s"] { world.person(name) }
            world.shift(of: "g", [World.member("a")]) {
                $0.repeatEscalation = Shift.Repeat(repetitions: 1, waitInSeconds: 300)
                $0.notifyEndOfEscalation = Shift.EndNotice(
                    recipient: GroupMember(id: "s", recipientType: .person), waitInSeconds: 60)
            }
            return [world.group("g")]
        },
        Case(
            "a group that does not use failsafe devices", told: [], omitted: ["a|a-1 BELOW_THRESHOLD", "a NO_DEVICE"]
        ) { world in
            world.person("a", [World.device("a-1", of: "a", threshold: .high) { $0.defaultDevice = true }])
            world.shift(of: "g", [World.member("a")])
            return [world.group("g") { $0.useDefaultDevices = false }]
        },
        Case("a rotation by alerts", told: ["0 b-mail", "5 a-mail"]) { world in
            for name in ["a", "b"] { world.person(name) }
            world.alertCounts = ["g-always": 1]
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5)]) {
                $0.rotation = Rotation(type: .alerts, interval: 1)
                for index in $0.members.indices { $0.members[index].inRotation = true }
            }
            return [world.group("g")]
        },
    ]

    static let duplicates: [Case] = [
        Case("in two ways at the same moment: once", told: ["0 a-mail"], omitted: ["a DUPLICATE"]) { world in
            let person = world.person("a")
            world.shift(of: "g", [World.member("a")])
            return [person, world.group("g")]
        },
        Case("unless the group wants it", told: ["0 a-mail", "0 a-mail"]) { world in
            let person = world.person("a")
            world.shift(of: "g", [World.member("a")])
            return [person, world.group("g") { $0.allowDuplicates = true }]
        },
        Case(
            "never twice for one step, even then", told: ["0 a-mail"], omitted: ["a|a-mail DUPLICATE"]
        ) { world in
            world.person("a")
            world.shift(of: "g", [World.member("a"), World.member("a")])
            return [world.group("g") { $0.allowDuplicates = true }]
        },
        Case("at a later step: again", told: ["0 a-mail", "5 b-mail", "10 a-mail"]) { world in
            for name in ["a", "b"] { world.person(name) }
            world.shift(of: "g", [World.member("a"), World.member("b", after: 5), World.member("a", after: 5)])
            return [world.group("g")]
        },
        Case(
            "two steps of two groups that come together", told: ["0 a-mail", "0 b-mail", "5 c-mail"],
            omitted: ["c DUPLICATE"]
        ) { world in
            for name in ["a", "b", "c"] { world.person(name) }
            world.shift(of: "g", [World.member("a"), World.member("c", after: 5)])
            world.shift(of: "h", [World.member("b"), World.member("c", after: 5)])
            return [world.group("g"), world.group("h")]
        },
        Case("a person and a device of that person", told: ["0 a-mail"], omitted: ["a|a-mail DUPLICATE"]) { world in
            let person = world.person("a")
            return [person, AlertRecipient(id: "a-mail", targetName: "a|a-mail", recipientType: .device)]
        },
    ]

    static func away(_ member: String, replacement: String?, direct: Bool) -> TemporaryAbsence {
        TemporaryAbsence(
            id: "away-\(member)", absenceType: replacement == nil ? .away : .replacement,
            start: noon.advanced(by: .seconds(-3600)), end: noon.advanced(by: .seconds(86_400)), member: member,
            replacement: replacement, includeDirectNotifications: direct, created: noon)
    }

    /// `08:30`, in UTC.
    static func clockTime(_ moment: Timestamp) -> String { String(moment.iso.dropFirst(11).prefix(5)) }
}
