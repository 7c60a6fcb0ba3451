import AlertCore
import Testing

/// Which alerts a criterion lets through, and what subscribers get of them (spec §4.8).
struct SubscriptionTests {
    typealias Operator = SubscriptionCriterion.Operator

    struct Row: Sendable, CustomTestStringConvertible {
        let property: String
        let `operator`: Operator
        let values: [String]
        let value: JSONValue?
        let isMet: Bool

        init(_ property: String, _ operator: Operator, _ values: [String], _ value: JSONValue?, _ isMet: Bool) {
            self.property = property
            self.operator = `operator`
            self.values = values
            self.value = value
            self.isMet = isMet
        }

        var testDescription: String {
            "\(property) \(value.map(\.readable) ?? "absent") \(`operator`.rawValue) \(values): \(isMet)"
        }
    }

    static let definitions: [String: PropertyDefinition] = {
        func define(
            _ name: String, _ kind: PropertyDefinition.Kind, _ change: (inout PropertyDefinition) -> Void = { _ in }
        ) -> (String, PropertyDefinition) {
            var definition = PropertyDefinition(id: "p-\(name)", plan: "plan", propertyType: kind, name: name)
            change(&definition)
            return (name, definition)
        }
        return Dictionary(
            uniqueKeysWithValues: [
                define("text", .text), define("number", .number), define("flag", .boolean), define("secret", .password),
                define("level", .singleSelect) { $0.items = ["High", "Low", "None"] },
                define("sites", .multiSelect) { $0.items = ["Oslo", "Rome", "Kyiv"] },
                define("place", .hierarchy) { $0.categories = ["Country", "City"] },
                define("split", .hierarchy) { $0.delimiter = "/" },
            ])
    }()

    static let rows: [Row] = [
        Row("text", .contains, ["DISK"], "a disk is full", true), Row("text", .contains, ["cpu"], "a disk", false),
        Row("text", .contains, ["x"], nil, false), Row("text", .doesNotContain, ["cpu"], "a disk", true),
        Row("text", .doesNotContain, ["disk"], "a Disk", false), Row("text", .doesNotContain, ["x"], nil, true),
        Row("text", .startsWith, ["db"], "DB-7", true), Row("text", .startsWith, ["7"], "DB-7", false),
        Row("text", .endsWith, ["-7"], "DB-7", true), Row("text", .endsWith, ["db"], "DB-7", false),
        Row("text", .equals, ["Öl"], "öL", true), Row("text", .equals, ["Ö"], "Öl", false),
        Row("text", .doesNotEqual, ["a"], "b", true), Row("text", .doesNotEqual, ["a"], "A", false),
        Row("text", .doesNotEqual, ["a"], nil, true), Row("text", .isOneOf, ["a", "b"], "B", true),
        Row("text", .isOneOf, ["a", "b"], "c", false), Row("text", .isNotOneOf, ["a", "b"], "c", true),
        Row("text", .isNotOneOf, ["a", "b"], "a", false), Row("text", .equals, ["7"], 7, true),

        Row("number", .equals, ["7"], 7, true), Row("number", .equals, ["7.0"], .number(7), true),
        Row("number", .equals, [" 7 "], 8, false), Row("number", .doesNotEqual, ["7"], 8, true),
        Row("number", .greaterThan, ["7"], 7, false), Row("number", .greaterThan, ["-1e3"], 7, true),
        Row("number", .greaterThanOrEqual, ["7"], 7, true), Row("number", .lessThan, ["7"], .number(6.9), true),
        Row("number", .lessThan, ["7"], 7, false), Row("number", .lessThanOrEqual, ["7"], 7, true),
        Row("number", .lessThanOrEqual, ["7"], nil, false), Row("number", .isOneOf, ["1", "2"], 2, true),
        Row("number", .isOneOf, ["1", "2"], 3, false), Row("number", .isNotOneOf, ["1", "2"], 3, true),
        Row("number", .greaterThan, ["7"], "12", true), Row("number", .greaterThan, ["7"], "many", false),

        Row("flag", .isTrue, [], true, true), Row("flag", .isTrue, [], false, false),
        Row("flag", .isTrue, [], nil, false), Row("flag", .isFalse, [], false, true),
        Row("flag", .isFalse, [], true, false), Row("flag", .isFalse, [], nil, false),
        Row("flag", .equals, ["TRUE"], true, true), Row("flag", .doesNotEqual, ["true"], true, false),
        Row("flag", .isTrue, [], "true", false),

        Row("level", .isOneOf, ["high", "Low"], "High", true), Row("level", .isOneOf, ["Low"], "High", false),
        Row("level", .isNotOneOf, ["Low"], "High", true), Row("level", .isNotOneOf, ["Low"], nil, true),
        Row("level", .equals, ["High"], "High", true), Row("level", .doesNotEqual, ["High"], "High", false),

        Row("sites", .isOneOrMoreOf, ["Oslo", "Rome"], ["Rome", "Kyiv"], true),
        Row("sites", .isOneOrMoreOf, ["Oslo"], ["Rome", "Kyiv"], false),
        Row("sites", .isOneOrMoreOf, ["oslo"], "Oslo", true), Row("sites", .isOneOrMoreOf, ["Oslo"], nil, false),
        Row("sites", .isNoneOf, ["Oslo"], ["Rome"], true), Row("sites", .isNoneOf, ["Rome"], ["Rome"], false),
        Row("sites", .isNoneOf, ["Oslo"], nil, true), Row("sites", .isOneOrMoreOf, ["Oslo"], [], false),

        Row(
            "place", .isOneTypeOf, ["norway"],
            [["category": "Country", "value": "Norway"], ["category": "City", "value": "Oslo"]], true),
        Row("place", .isOneTypeOf, ["Norway > Oslo", "Italy"], ["Norway", "Oslo"], true),
        Row("place", .isOneTypeOf, ["Norway > Bergen"], ["Norway", "Oslo"], false),
        Row("place", .isOneTypeOf, ["Norway > Oslo"], ["Norway"], false),
        Row("place", .isOneTypeOf, ["Oslo"], ["Norway", "Oslo"], false),
        Row("place", .isOneTypeOf, ["Norway"], nil, false),
        Row("split", .isOneTypeOf, ["a / b"], ["A", "B", "C"], true),

        // What does not fit is met by no alert, negative or not.
        Row("text", .isTrue, [], "true", false), Row("number", .contains, ["7"], 7, false),
        Row("sites", .doesNotContain, ["x"], ["Oslo"], false), Row("secret", .doesNotEqual, ["x"], "y", false),
        Row("text", .doesNotEqual, [], "y", false), Row("number", .doesNotEqual, ["many"], 7, false),
        Row("level", .isNotOneOf, ["Medium"], "High", false),
    ]

    @Test(arguments: rows)
    func criteriaAreMet(_ row: Row) throws {
        let definition = try #require(Self.definitions[row.property])
        let criterion = SubscriptionCriterion(
            property: definition.id, name: "before", operator: row.operator, values: row.values)
        let properties: [String: JSONValue] = row.value.map { [row.property: $0] } ?? [:]
        let isMet = criterion.isMet(by: properties, definition)
        #expect(isMet == row.isMet)
        // A property that is gone.
        let isMetWithout = criterion.isMet(by: properties, nil)
        #expect(!isMetWithout)
    }

    @Test func saysWhatDoesNotFit() throws {
        for (property, `operator`, values, field) in [
            ("text", Operator.isTrue, [], SubscriptionCriterion.Problem.Field.operator),
            ("flag", .contains, ["x"], .operator), ("sites", .isOneOf, ["Oslo"], .operator),
            ("place", .equals, ["x"], .operator), ("secret", .equals, ["x"], .name), ("text", .contains, [], .value),
            ("text", .equals, ["a", "b"], .value), ("flag", .isTrue, ["true"], .value),
            ("flag", .equals, ["yes"], .value), ("number", .lessThan, ["many"], .value),
            ("number", .lessThan, ["inf"], .value), ("level", .isOneOf, ["High", "Awful"], .value),
            ("place", .isOneTypeOf, [" > "], .value), ("text", .contains, [""], .value), ("text", .isOneOf, [], .value),
        ] {
            let definition = try #require(Self.definitions[property])
            let criterion = SubscriptionCriterion(
                property: definition.id, name: property, operator: `operator`, values: values)
            let problem = criterion.problem(of: definition)
            #expect(problem?.field == field, "\(property) \(`operator`.rawValue) \(values)")
        }
        // Whatever operator a type has, it is total.
        for definition in Self.definitions.values {
            for `operator` in Operator.allCases {
                let criterion = SubscriptionCriterion(
                    property: definition.id, name: "", operator: `operator`, values: ["x"])
                let samples: [JSONValue] = [.null, true, 7, .number(.nan), "x", ["x"], ["x": "y"]]
                for value in samples { _ = criterion.isMet(by: [definition.name: value], definition) }
            }
        }
    }

    // MARK: - Who is told

    private func run(
        _ subscriptions: [AlertSubscription], _ given: (inout EscalationWorld) -> [AlertRecipient],
        then act: (inout EscalationWorld) throws -> Void = { _ in }
    ) throws -> EscalationWorld {
        var world = EscalationWorld()
        let targets = given(&world)
        world.terms.subscriptions = subscriptions
        try world.send(.start(world.terms, targets: targets, begunAt: world.clock, world.roster))
        try act(&world)
        try world.pass(minutes: 120)
        #expect(AlertEscalation.replay(world.history) == world.state)
        let stored = try world.history.map { try encoderOfEvents.encode($0) }
        #expect(stored.count == world.history.count)
        return world
    }

    private func person(_ name: String) -> AlertRecipient {
        AlertRecipient(id: name, targetName: name, recipientType: .person)
    }

    @Test func tellsSubscribersOnceAndAtTheirTime() throws {
        let now = AlertSubscription(id: "s1", name: "All", recipients: [person("ann"), person("ben")])
        let later = AlertSubscription(
            id: "s2", name: "Later", oneWay: true, delay: 10, recipients: [person("ben"), person("cem")])
        let world = try run([now, later]) { world in
            for name in ["ben", "cem"] { world.person(name) }
            return [world.person("ann")]
        }
        #expect(world.told == ["0 ann-mail", "0 ben-mail", "10 cem-mail"])
        #expect(world.omitted == ["ann DUPLICATE", "ben DUPLICATE"])
        let notices = world.notices.map(\.notice)
        #expect(notices.map(\.rule) == [.named, .subscription, .subscription])
        #expect(notices.map(\.isOneWay) == [false, false, true])
        #expect(notices[1].reason.hasPrefix("subscription All; ") && world.failures.isEmpty)
        let plan = notices[2].plan(world.terms, at: world.clock)
        #expect(plan.isOneWay)
    }

    @Test func choosesTheDevicesOfTheSubscription() throws {
        let subscription = AlertSubscription(
            id: "s", name: "S", targetDeviceNames: ["B-2"], recipients: [person("ben")])
        let world = try run([subscription]) { world in
            world.terms.targetDeviceNames = ["ann-mail"]
            world.terms.overrideDeviceRestrictions = true
            world.person(
                "ben",
                [
                    EscalationWorld.device("b-1", of: "ben"),
                    EscalationWorld.device("b-2", of: "ben", 2) { $0.priorityThreshold = .low },
                ])
            return [world.person("ann")]
        }
        #expect(world.told == ["0 ann-mail", "0 b-2"])
        #expect(world.omitted == ["ben|b-1 DEVICE_FILTER"])
    }

    @Test func tellsAGroupWithoutItsEscalation() throws {
        let team = AlertRecipient(id: "team", targetName: "team", recipientType: .group)
        let subscription = AlertSubscription(id: "s", name: "S", delay: 5, recipients: [team])
        let world = try run([subscription]) { world in
            for name in ["ben", "cem"] { world.person(name) }
            world.group("team")
            world.shift(of: "team", [EscalationWorld.member("ben"), EscalationWorld.member("cem", after: 15)]) {
                $0.repeatEscalation = Shift.Repeat(repetitions: 2, waitInSeconds: 600)
            }
            return [world.person("ann")]
        }
        #expect(world.told == ["0 ann-mail", "5 ben-mail", "5 cem-mail"])
        #expect(world.reports.isEmpty)
        #expect(world.notices[1].notice.reason.hasPrefix("subscription S, by team; "))
    }

    @Test func isTakenBackWithTheAlert() throws {
        let subscription = AlertSubscription(id: "s", name: "S", delay: 5, recipients: [person("ben")])
        let world = try run(
            [subscription],
            { world in
                world.person("ben")
                return [world.person("ann")]
            },
            then: { world in
                try world.pass(minutes: 2)
                try world.send(.end)
            })
        #expect(world.told == ["0 ann-mail"])
    }

    @Test func doesNotHideThatNoRecipientCouldBeTold() throws {
        let subscription = AlertSubscription(id: "s", name: "S", recipients: [person("ben")])
        let nobody = try run([subscription]) { world in
            world.person("ben")
            return [world.person("ann", [])]
        }
        #expect(nobody.told == ["0 ben-mail"] && nobody.failures == [.nobodyNotifiable])
        let unnamed = try run([subscription]) { world in
            world.person("ben")
            return []
        }
        #expect(unnamed.told == ["0 ben-mail"] && unnamed.failures.isEmpty)
        let failed = try run(
            [subscription],
            { world in
                world.person("ben")
                return [world.person("ann")]
            },
            then: { world in
                let id = world.notices[0].notice.id
                try world.send(.recordFailure(notification: id, world.roster))
            })
        #expect(failed.failures == [.allFailed])
    }

    /// An answer of somebody who was only told is none of those that are wanted, and does not stop the others.
    @Test func answersOfSubscribersAreNotCounted() throws {
        let subscription = AlertSubscription(id: "s", name: "S", recipients: [person("ben")])
        let world = try run(
            [subscription],
            { world in
                world.terms.countsResponses = true
                world.terms.otherThreshold = 1
                world.person("ben")
                return [world.person("ann")]
            },
            then: { world in try world.answer("ben", .countResponse) })
        #expect(world.state.phase == .running && world.state.otherResponseCount == 0)
    }

    @Test func theAlertSaysWhatItMeets() {
        let created = Timestamp(milliseconds: 0)
        var oneForm = SubscriptionForm(
            id: "f1", plan: "plan", name: "One", scope: .form, form: "form", created: created)
        oneForm.oneWay = true
        let allForms = SubscriptionForm(id: "f2", plan: "plan", name: "All", scope: .allForms, created: created)
        let otherForm = SubscriptionForm(
            id: "f3", plan: "plan", name: "Other", scope: .form, form: "other", created: created)
        func subscription(_ id: String, _ form: String, _ delay: Int, _ value: String?) -> FormSubscription {
            FormSubscription(
                id: id, form: form, name: id.uppercased(), owner: nil, created: created, notificationDelay: delay,
                criteria: value.map {
                    [SubscriptionCriterion(property: "p-text", name: "text", operator: .contains, values: [$0])]
                } ?? [], recipients: ["ann", "gone"].map { GroupMember(id: $0, recipientType: .person) })
        }
        var details = AlertDetails(
            number: 1, plan: NamedReference(id: "plan", name: "P"), form: NamedReference(id: "form", name: "F"),
            requestId: "r", submitter: PersonReference(id: "x", targetName: "x", firstName: "", lastName: ""),
            priority: .high)
        details.properties = ["text": "disk full"]
        let met = SubscriptionOffer.met(
            by: details,
            among: [
                SubscriptionOffer(
                    form: oneForm,
                    subscriptions: [subscription("a", "f1", 5, "disk"), subscription("b", "f1", 0, "cpu")]),
                SubscriptionOffer(form: allForms, subscriptions: [subscription("c", "f2", 0, nil)]),
                SubscriptionOffer(form: otherForm, subscriptions: [subscription("d", "f3", 0, nil)]),
            ], definitions: ["p-text": Self.definitions["text"]!]
        ) { $0.id == "gone" ? nil : AlertRecipient(id: $0.id, targetName: $0.id, recipientType: .person) }
        #expect(met.subscriptions.map(\.name) == ["C", "A"] && met.leftOut == 0)
        #expect(met.subscriptions.map(\.oneWay) == [false, true] && met.subscriptions.map(\.delay) == [0, 5])
        #expect(met.subscriptions.allSatisfy { $0.recipients.map(\.id) == ["ann"] })
    }
}
