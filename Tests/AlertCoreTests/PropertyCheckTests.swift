import AlertCore
import Testing

@Suite struct PropertyCheckTests {
    static func definition(
        _ kind: PropertyDefinition.Kind, _ change: (inout PropertyDefinition) -> Void = { _ in }
    ) -> PropertyDefinition {
        var definition = PropertyDefinition(id: "p", plan: "plan", propertyType: kind, name: "P")
        change(&definition)
        return definition
    }

    static let text = definition(.text) { ($0.minLength, $0.maxLength) = (2, 5) }
    static let pattern = definition(.text) { $0.pattern = "a|ab" }
    static let unchecked = definition(.text) { ($0.pattern, $0.archived) = ("a", ["validate": false]) }
    static let number = definition(.number) { ($0.minimum, $0.maximum) = (0, 10) }
    static let single = definition(.singleSelect) { $0.items = ["Red", "Blue, dark"] }
    static let multi = definition(.multiSelect) { $0.items = ["Red", "Blue", "a,b"] }
    static let hierarchy = definition(.hierarchy) {
        ($0.categories, $0.delimiter) = (["Country", "State"], "/")
        $0.paths = [["USA", "Ohio"], ["USA", "Utah"], ["Canada"]]
    }
    static let country: JSONValue = ["category": "Country", "value": "USA"]
    static let state: JSONValue = ["category": "State", "value": "Utah"]

    @Test(
        arguments: [
            (definition(.boolean), true, true), (definition(.boolean), "False", false),
            (definition(.boolean), "", nil), (number, 7, 7), (number, "7", 7), (number, .number(7), 7),
            (number, ["value": 7], 7), (number, "", nil), (number, .null, nil),
            (text, "abc", "abc"), (text, 123, "123"), (text, ["value": "abc"], "abc"), (text, "", nil),
            (definition(.password), "secret", "secret"), (pattern, "ab", "ab"), (unchecked, "b", "b"),
            (single, "Red", "Red"), (single, ["Blue, dark"], "Blue, dark"), (single, ["value": "Red"], "Red"),
            (definition(.singleSelect), "anything", "anything"),
            (multi, ["Red", "Blue", "Red"], ["Red", "Blue"]), (multi, "Red", ["Red"]),
            (multi, "Red, Blue", ["Red", "Blue"]), (multi, "a,b", ["a,b"]), (multi, ["values": ["Red"]], ["Red"]),
            (multi, [], nil), (hierarchy, [country, state], [country, state]),
            (hierarchy, ["USA", "Utah"], [country, state]), (hierarchy, "USA / Utah", [country, state]),
            (hierarchy, [country], [country]), (hierarchy, ["values": [country]], [country]), (hierarchy, [], nil),
        ] as [(PropertyDefinition, JSONValue, JSONValue?)])
    func takes(_ definition: PropertyDefinition, _ given: JSONValue, _ kept: JSONValue?) throws {
        #expect(try definition.check(given) == kept)
    }

    @Test(
        arguments: [
            (definition(.boolean), "maybe", "properties.P"), (definition(.boolean), 1, "properties.P"),
            (number, .number(7.5), "whole"), (number, 11, "most is 10"), (number, -1, "least is 0"),
            (number, "x", "a number"), (number, [1], "an array"), (text, "a", "least is 2"),
            (text, "abcdef", "most is 5"), (text, ["a"], "a string"), (pattern, "abc", "pattern a|ab"),
            (single, "red", "Red, Blue, dark"), (single, ["Red", "Red"], "a string"),
            (multi, ["Red", "Green"], "properties.P[1]"), (multi, "Red,Green", "properties.P[0]"),
            (hierarchy, [state], "properties.P[0].category"), (hierarchy, ["USA", "Texas"], "USA > Texas"),
            (hierarchy, ["USA", "Utah", "Moab"], "3 levels"), (hierarchy, [1], "properties.P[0]"),
            (hierarchy, true, "an array"),
        ] as [(PropertyDefinition, JSONValue, String)])
    func refuses(_ definition: PropertyDefinition, _ given: JSONValue, _ says: String) {
        let problem = #expect(throws: FieldProblem.self) { try definition.check(given) }
        #expect(problem?.description.contains(says) == true, "\(problem?.description ?? "")")
    }

    @Test func aLenientItemTakesOtherValues() throws {
        #expect(try Self.single.check("Green", isLenient: true) == "Green")
        #expect(try Self.multi.check(["Green"], isLenient: true) == ["Green"])
        #expect(try Self.hierarchy.check(["Peru"], isLenient: true) == [["category": "Country", "value": "Peru"]])
    }
}
