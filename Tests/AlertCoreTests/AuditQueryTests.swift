import Testing

@testable import AlertCore

@Suite struct AuditQueryTests {
    typealias Condition = AuditQuery.Condition

    static func parse(_ text: String) throws -> Condition {
        try AuditQuery(text) { Int64($0).map(Timestamp.init(milliseconds:)) }.condition
    }

    @Test(
        arguments: [
            ("", .every), ("   ", .every),
            ("kind:alert.created", .isAny(.kind, ["alert.created"])),
            ("kind:alert,notification", .isAny(.kind, ["alert", "notification"])),
            ("event:12 by:mary", .all([.isAny(.alert, ["12"]), .isAny(.actor, ["mary"])])),
            ("alert:1 AND alert:2", .all([.isAny(.alert, ["1"]), .isAny(.alert, ["2"])])),
            (
                "alert:1 alert:2 OR alert:3",
                .any([.all([.isAny(.alert, ["1"]), .isAny(.alert, ["2"])]), .isAny(.alert, ["3"])])
            ),
            ("NOT (alert:1 OR -alert:2)", .not(.any([.isAny(.alert, ["1"]), .not(.isAny(.alert, ["2"]))]))),
            (
                "( alert:1 )from:5 to:9",
                .all([.isAny(.alert, ["1"]), .since(.init(milliseconds: 5)), .before(.init(milliseconds: 9))])
            ),
            (
                #"workflow:"Major Incident" outcome:503"#,
                .all([.isAny(.workflow, ["Major Incident"]), .isAny(.outcome, ["503"])])
            ),
            (#"property:"Ticket, old"="a \"b\" \\ c""#, .isAny(.property, [#"Ticket, old=a "b" \ c"#])),
            ("person:ORSON", .isAny(.person, ["ORSON"])), ("actor:<notifier>", .isAny(.actor, ["<notifier>"])),
        ] as [(String, Condition)])
    func reads(_ text: String, _ expected: Condition) throws {
        let condition = try Self.parse(text)
        #expect(condition == expected)
    }

    @Test(arguments: [
        ("alert", 1, "a condition is expected"), ("alert:", 7, "needs a value"), ("alert:1,", 9, "needs a value"),
        ("colour:red", 1, "there is no field colour"), ("alert:1 )", 9, "without its ("),
        ("(alert:1", 9, "a ) is missing"),
        (#"person:"mary"#, 13, #"a " is missing"#), ("from:noon", 1, "one time"), ("to:1,2", 1, "one time"),
        ("property:Severity", 1, "a name and a value"), ("alert:1 OR", 11, "a condition is expected"),
        ("alert:1 AND ", 13, "a condition is expected"),
        ("outcome:fine", 1, "an outcome is"), ("outcome:99", 1, "an outcome is"),
        (String(repeating: "(", count: 20) + "alert:1", 17, "nested more than 16 deep"),
        ("alert:" + (0...200).map(String.init).joined(separator: ","), 700, "more than 200 values"),
        (String(repeating: "a", count: 4001), 1, "more than 4000 bytes"),
    ])
    func saysWhatIsWrong(_ text: String, _ position: Int, _ message: String) throws {
        let problem = try #require(throws: AuditQuery.Problem.self) { try Self.parse(text) }
        #expect(problem.message.contains(message), "\(problem)")
        #expect(problem.position == position)
    }

    @Test func namesBecomeIds() throws {
        let query = try AuditQuery("person:mary (-alert:7 OR from:5)") { Int64($0).map(Timestamp.init(milliseconds:)) }
        let mapped = query.mapped { field, values in .isAny(field, values.map { "\($0)!" }) }
        #expect(
            mapped.condition
                == .all([
                    .isAny(.person, ["mary!"]), .any([.not(.isAny(.alert, ["7!"])), .since(.init(milliseconds: 5))]),
                ]))
    }
}
