import AlertCore
import TestSupport
import Testing

@Suite struct FloodWindowTests {
    let start = Timestamp(milliseconds: 1_790_000_000_000)
    let limit = FloodLimit(count: 3, periodSeconds: 60)!

    func pass(_ id: String, _ second: Int) -> FloodWindow.Pass {
        .init(id: id, number: 7, at: start.advanced(by: .seconds(second)))
    }

    /// Which of those that come at these seconds pass.
    func passing(_ seconds: [Int]) -> [Int] {
        var window = FloodWindow()
        return seconds.enumerated().compactMap { index, second in
            window.admit(pass("\(index)", second), limit: limit) == .passes ? second : nil
        }
    }

    @Test(arguments: [
        ([0, 1, 2], [0, 1, 2]), ([0, 1, 2, 3, 59], [0, 1, 2]), ([0, 1, 2, 3, 60], [0, 1, 2, 60]),
        ([0, 0, 0, 0, 60, 60, 60, 60], [0, 0, 0, 60, 60, 60]), ([0, 30, 59, 60, 61, 90], [0, 30, 59, 60, 90]),
        ([0, 100, 200, 300], [0, 100, 200, 300]), ([], []),
    ])
    func soManyPassInAnyPeriod(_ seconds: [Int], _ expected: [Int]) {
        #expect(passing(seconds) == expected)
    }

    @Test func saysBecauseOfWhichUntilWhenAndWhetherTheFloodIsNew() {
        var window = FloodWindow()
        for second in 0..<3 { #expect(window.admit(pass("\(second)", second), limit: limit) == .passes) }
        func suppressed(_ parent: FloodWindow.Pass, _ until: Int, _ isNew: Bool) -> FloodWindow.Verdict {
            .suppressed(parent: parent, until: start.advanced(by: .seconds(until)), isNewFlood: isNew)
        }
        #expect(window.admit(pass("a", 3), limit: limit) == suppressed(pass("0", 0), 60, true))
        #expect(window.admit(pass("b", 4), limit: limit) == suppressed(pass("0", 0), 60, false))
        #expect(window.admit(pass("c", 60), limit: limit) == .passes)
        // The flood goes on: its notice has been sent.
        #expect(window.admit(pass("d", 60), limit: limit) == suppressed(pass("1", 1), 61, false))
        for second in 200..<203 { #expect(window.admit(pass("\(second)", second), limit: limit) == .passes) }
        #expect(window.admit(pass("e", 204), limit: limit) == suppressed(pass("200", 200), 260, true))
    }

    @Test func whatHasPassedPassesAgainAndCountsOnce() {
        var window = FloodWindow()
        for _ in 0..<5 { #expect(window.admit(pass("same", 0), limit: limit) == .passes) }
        #expect(window.passes.count == 1)
    }

    /// Whatever comes when: never more than the limit in any period, and nothing is suppressed without that.
    @Test(arguments: 0..<20)
    func neverMoreThanTheLimit(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var window = FloodWindow()
        var passed: [Timestamp] = []
        var second = 0
        for index in 0..<300 {
            second += Int.random(in: 0...25, using: &generator)
            let candidate = pass("\(index)", second)
            let recent = passed.filter { candidate.at.since($0) < .seconds(60) }.count
            let verdict = window.admit(candidate, limit: limit)
            #expect((verdict == .passes) == (recent < 3))
            if verdict == .passes { passed.append(candidate.at) }
            #expect(window.passes.count <= 3)
        }
    }

    @Test func noLimitIsNone() {
        #expect(FloodLimit(count: 0, periodSeconds: 60) == nil)
        #expect(FloodLimit(count: 1, periodSeconds: 0) == nil)
    }
}

@Suite struct FloodKeyTests {
    func details(_ recipients: [String], integration: String? = "i") -> AlertDetails {
        AlertDetails(
            number: 1, plan: .init(id: "p", name: "P"), form: .init(id: "f", name: "F"), integration: integration,
            requestId: "r", submitter: .init(id: "s", targetName: "s", firstName: "", lastName: ""), priority: .low,
            recipients: recipients.map { .init(id: $0, targetName: $0, recipientType: .person) })
    }

    @Test func alertsAreCountedByIntegrationAndRecipients() {
        #expect(details(["a", "b"]).floodKey == details(["b", "a"]).floodKey)
        #expect(details(["a"]).floodKey != details(["b"]).floodKey)
        #expect(details(["a"]).floodKey != details(["a"], integration: "j").floodKey)
        #expect(details(["a"], integration: nil).floodKey == nil)
        var notice = details(["a"])
        notice.systemEventType = "EVENT_FLOOD_CONTROL"
        #expect(notice.floodKey == nil)
    }

    @Test func requestsAreCountedByTheChosenOutputs() {
        let filter = TriggerFilter(id: "f", plan: "p", outputs: ["a", "b"])
        func key(_ values: [String: String]) -> String { filter.floodKey { values[$0] } }
        #expect(key(["a": "1", "b": "2", "c": "3"]) == key(["a": "1", "b": "2"]))
        #expect(key(["a": "1", "b": ""]) == key(["a": "1"]))
        #expect(key(["a": "12", "b": ""]) != key(["a": "1", "b": "2"]))
        #expect(TriggerFilter(id: "f", plan: "p", enabled: false).limit == nil)
    }

    @Test func notificationsAreLimitedByChoiceAndClass() {
        func plan(_ kind: DeviceClass, isLimited: Bool = true) -> Notification.Plan {
            Notification.Plan(
                id: "n", alert: "a", alertNumber: 1,
                recipient: .init(id: "p", targetName: "p", firstName: "", lastName: ""),
                device: .init(id: "d", name: "D"), deviceNumber: 1, address: "x", dueAt: noon, reason: "",
                correlation: "", isLimited: isLimited, deviceClass: kind)
        }
        let standard = NotificationFloodControl()
        #expect(standard.limit(for: plan(.sms)) == .notifications)
        #expect(standard.limit(for: plan(.email)) == nil)
        #expect(standard.limit(for: plan(.sms, isLimited: false)) == nil)
        #expect(NotificationFloodControl(classes: [.email]).limit(for: plan(.email)) == .notifications)
        #expect(NotificationFloodControl(limit: nil).limit(for: plan(.sms)) == nil)
        #expect(plan(.sms).floodKey != plan(.voice).floodKey)
    }

    @Test(arguments: Device.Kind.allCases)
    func everyDeviceIsOfAClass(_ kind: Device.Kind) {
        #expect((DeviceClass(kind) == .other) == (kind == .fax))
    }
}

@Suite struct RateBucketTests {
    @Test func takesAMinutesWorthAtOnceAndIsRefilledEvenly() {
        let start = Timestamp(milliseconds: 1_790_000_000_000)
        var bucket = RateBucket(perMinute: 60, at: start)
        for _ in 0..<60 { #expect(bucket.take(at: start) == nil) }
        #expect(bucket.take(at: start) == .seconds(1))
        #expect(bucket.take(at: start.advanced(by: .milliseconds(400))) == .milliseconds(600))
        #expect(bucket.take(at: start.advanced(by: .seconds(1))) == nil)
        #expect(bucket.take(at: start.advanced(by: .seconds(1))) != nil)
        #expect(bucket.isFull(at: start.advanced(by: .seconds(61))))
        #expect(bucket.take(at: start) != nil)  // a clock that went back refills nothing
    }
}
