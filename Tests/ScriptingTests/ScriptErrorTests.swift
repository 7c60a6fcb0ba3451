import Scripting
import Testing

/// What the author of a script is told.
struct ScriptErrorTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let kind: ScriptError.Kind
        let message: String
        var line: Int?
        var column: Int?
    }

    @Test(arguments: [
        Case(
            testDescription: "an error on a later line", source: "var a = 1;\n\n  throw new Error('boom');",
            kind: .thrown, message: "Error: boom", line: 3, column: 13),
        Case(
            testDescription: "an error on the first line has the author's column", source: "throw new Error('boom')",
            kind: .thrown, message: "Error: boom", line: 1, column: 11),
        Case(
            testDescription: "an error in a function", source: "function f(x) {\n  return x.y.z;\n}\nf({});",
            kind: .thrown, message: "TypeError: cannot read property 'z' of undefined", line: 2, column: 10),
        Case(
            testDescription: "a syntax error", source: "var a = 1;\nlet x = ;", kind: .syntax,
            message: "SyntaxError: unexpected token in expression: ';'", line: 2, column: 9),
        Case(
            testDescription: "a syntax error on the first line", source: "let x = ;", kind: .syntax,
            message: "SyntaxError: unexpected token in expression: ';'", line: 1, column: 9),
        Case(
            testDescription: "a text", source: "throw 'no ticket'", kind: .thrown, message: "no ticket", line: 1,
            column: 6),
        Case(
            testDescription: "a name and a message", source: "throw {name: 'Mine', message: 'bad'}", kind: .thrown,
            message: "Mine: bad", line: 1, column: 6),
        Case(
            testDescription: "an answer", source: "throw http.request({}).write()", kind: .thrown,
            message: "response with status 200: fine", line: 1, column: 23),
        Case(
            testDescription: "any object", source: "throw {code: [1]}", kind: .thrown, message: #"{"code":[1]}"#,
            line: 1,
            column: 6),
        Case(
            testDescription: "nothing", source: "throw undefined", kind: .thrown, message: "undefined", line: 1,
            column: 7),
        Case(
            testDescription: "an object that resists", source: "throw {get message() { throw 1 }}", kind: .thrown,
            message: "[object Object]", line: 1, column: 6),
        Case(
            testDescription: "JSON that is none", source: "\nJSON.parse('{')", kind: .thrown,
            message: "SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)", line: 2,
            column: 6),
        Case(
            testDescription: "a rejection that nobody handles",
            source: "(async function () {\n  throw new Error('late')\n})()", kind: .thrown, message: "Error: late",
            line: 2, column: 13),
        Case(
            testDescription: "a name that only other scripts have", source: "\n\nfetch('/')", kind: .thrown,
            message: "ReferenceError: fetch is not defined", line: 3, column: 1),
    ])
    func tells(_ row: Case) async {
        let error = await Sandbox.run(row.source).error
        #expect(error?.kind == row.kind)
        #expect(error?.message == row.message)
        #expect(error?.line == row.line)
        #expect(error?.column == row.column)
    }

    @Test func showsTheScriptsOwnCalls() async {
        let outcome = await Sandbox.run("console.log('before');\nfunction f() { http.request() }\nf()")
        #expect(outcome.log == "before")
        #expect(outcome.error?.line == 2)
        let stack = outcome.error?.stack ?? ""
        #expect(stack.contains("at f (My integration:2:"))
        #expect(stack.contains("My integration:3:"))
        #expect(!stack.contains("prelude"))
    }

    @Test func handledRejectionsAreNoErrors() async {
        let outcome = await Sandbox.run("var p = Promise.reject(new Error('x')); p.catch(e => console.log(e.message))")
        #expect(outcome.error == nil)
        #expect(outcome.log == "x")
    }
}
