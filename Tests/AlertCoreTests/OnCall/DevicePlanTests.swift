import AlertCore
import Testing

/// On which devices somebody is notified.
struct DevicePlanTests {
    static let now = zulu("2026-06-03T10:00Z")
    static let office = Timeframe(name: "Office", startTime: "08:00", timezone: "UTC", durationInMinutes: 600)
    static let evening = Timeframe(name: "Evening", startTime: "10:05", timezone: "UTC", durationInMinutes: 600)

    static func device(_ sequence: Int, _ name: String, delay: Int = 5, _ change: (inout Device) -> Void = { _ in })
        -> Device
    {
        var device = Device(
            id: name, number: Int64(sequence), owner: "ann", name: name, deviceType: .email, delay: delay,
            sequence: sequence)
        change(&device)
        return device
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let devices: [Device]
        var priority = Priority.medium
        var names: [String] = []
        var overrides = false
        var failsafe = true
        /// `name@minutes`, with an exclamation mark for a failsafe.
        let then: [String]
        var omitted: [String: DevicePlan.Obstacle] = [:]
        var unreachable: String?
    }

    @Test(arguments: [
        Case(
            testDescription: "in order, each after the one before",
            devices: [device(2, "b", delay: 10), device(3, "c"), device(1, "a")], then: ["a@0", "b@5", "c@15"]),
        Case(
            testDescription: "without delays, all at once",
            devices: [device(1, "a", delay: 0), device(2, "b", delay: 0)], then: ["a@0", "b@0"]),
        Case(
            testDescription: "the delay of one that is skipped is ignored",
            devices: [device(1, "a", delay: 7) { $0.status = .inactive }, device(2, "b"), device(3, "c")],
            then: ["b@0", "c@5"], omitted: ["a": .inactive]),
        Case(
            testDescription: "skipped in the middle",
            devices: [device(1, "a"), device(2, "b", delay: 60) { $0.priorityThreshold = .high }, device(3, "c")],
            then: ["a@0", "c@5"], omitted: ["b": .belowThreshold]),
        Case(
            testDescription: "a threshold that is met",
            devices: [device(1, "a") { $0.priorityThreshold = .medium }], then: ["a@0"]),
        Case(
            testDescription: "names that are wanted, whatever their case",
            devices: [device(1, "a"), device(2, "b"), device(3, "c")],
            names: ["C", "a"], then: ["a@0", "c@5"], omitted: ["b": .notTargeted]),
        Case(
            testDescription: "a timeframe that begins before its turn",
            devices: [device(1, "a"), device(2, "b") { $0.timeframes = [evening] }], then: ["a@0", "b@5"]),
        Case(
            testDescription: "a timeframe that has not begun at its turn",
            devices: [device(1, "a", delay: 4), device(2, "b") { $0.timeframes = [evening] }], then: ["a@0"],
            omitted: ["b": .outsideTimeframes]),
        Case(
            testDescription: "a timeframe that is over at its turn",
            devices: [device(1, "a", delay: 480), device(2, "b") { $0.timeframes = [office] }], then: ["a@0"],
            omitted: ["b": .outsideTimeframes]),
        Case(
            testDescription: "one timeframe of two is enough",
            devices: [device(1, "a") { $0.timeframes = [evening, office] }], then: ["a@0"]),
        Case(
            testDescription: "restrictions overridden: neither timeframes nor delays, but thresholds",
            devices: [
                device(1, "a"), device(2, "b") { $0.timeframes = [evening] },
                device(3, "c") { $0.priorityThreshold = .high },
            ], overrides: true, then: ["a@0", "b@0"], omitted: ["c": .belowThreshold]),
        Case(
            testDescription: "failsafe devices when there is no other",
            devices: [
                device(1, "a") { $0.priorityThreshold = .high },
                device(2, "b") {
                    $0.defaultDevice = true; $0.timeframes = [evening]
                },
                device(3, "c") {
                    $0.defaultDevice = true; $0.status = .inactive
                },
                device(4, "d") {
                    $0.defaultDevice = true; $0.priorityThreshold = .high
                },
            ], then: ["b@0!", "d@5!"],
            omitted: ["a": .belowThreshold, "b": .outsideTimeframes, "c": .inactive, "d": .belowThreshold]),
        Case(
            testDescription: "no failsafe device when another can be used",
            devices: [
                device(1, "a"),
                device(2, "b") {
                    $0.defaultDevice = true; $0.priorityThreshold = .high
                },
            ],
            then: ["a@0"], omitted: ["b": .belowThreshold]),
        Case(
            testDescription: "failsafe not allowed",
            devices: [
                device(1, "a") {
                    $0.defaultDevice = true; $0.priorityThreshold = .high
                }
            ], failsafe: false, then: [],
            omitted: ["a": .belowThreshold], unreachable: "no device of ann can be used for it"),
        Case(testDescription: "no device", devices: [], then: [], unreachable: "ann has no device"),
    ])
    func plans(_ row: Case) {
        let roster = onCallRoster(devices: row.devices)
        let plan = roster.devicePlan(
            for: roster.people["ann"]!, priority: row.priority, targetDeviceNames: row.names,
            overrideRestrictions: row.overrides, allowFailsafe: row.failsafe, at: Self.now)
        #expect(plan.uses.map { "\($0.device.name)@\($0.offsetMinutes)\($0.isFailsafe ? "!" : "")" } == row.then)
        #expect(Dictionary(uniqueKeysWithValues: plan.omissions.map { ($0.device.name, $0.obstacle) }) == row.omitted)
        #expect(plan.unreachable == row.unreachable)
    }

    @Test func holidaysAreThoseOfTheOwnersSite() {
        var site = Site(id: "s", name: "HQ", country: "DE", language: "en", timezone: "UTC")
        site.holidays = [Site.Holiday(name: "Today", date: "2026-06-03")]
        var frame = Self.office
        frame.excludeHolidays = true
        let devices = [Self.device(1, "a") { $0.timeframes = [frame] }]
        for (own, count) in [("s", 0), (nil, 1), ("elsewhere", 1)] as [(String?, Int)] {
            let roster = onCallRoster(devices: devices, sites: [site]) { $0.site = own }
            let plan = roster.devicePlan(for: roster.people["ann"]!, priority: .high, at: Self.now)
            #expect(plan.uses.count == count)
        }
    }

    @Test func saysWhyForPeopleToRead() {
        let devices = [
            Self.device(1, "a"), Self.device(2, "b"), Self.device(3, "c") { $0.timeframes = [Self.evening] },
            Self.device(4, "d") { $0.priorityThreshold = .high },
        ]
        let roster = onCallRoster(devices: devices)
        let plan = roster.devicePlan(
            for: roster.people["ann"]!, priority: .low, targetDeviceNames: ["a", "b", "c", "d"],
            at: Self.now.advanced(by: .seconds(-86_400 / 2)))
        #expect(plan.uses.map(\.reason) == ["device 1 in order", "device 2 in order, 5 minutes after a"])
        #expect(
            plan.omissions.map(\.reason) == [
                "at 2026-06-02T22:10:00.000Z none of its timeframes holds: Evening (10:05, 600 minutes, UTC)",
                "priority LOW is below the device's HIGH",
            ])
    }

    @Test func aDeviceThatWasNamedIgnoresAllButItsStatus() {
        let device = Self.device(3, "a") {
            $0.priorityThreshold = .high
            $0.timeframes = [Self.evening]
        }
        #expect(onCallRoster(devices: [device]).devicePlan(targeting: device).uses.map(\.offsetMinutes) == [0])
        var off = device
        off.status = .inactive
        #expect(onCallRoster(devices: [off]).devicePlan(targeting: off).unreachable == "the device is inactive")
        #expect(
            onCallRoster(inactive: ["ann"], devices: [device]).devicePlan(targeting: device).unreachable
                == "ann is inactive")
        #expect(onCallRoster(["bob"], devices: [device]).devicePlan(targeting: device).uses.isEmpty)
    }
}
