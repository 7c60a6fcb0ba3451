import Foundation
import Scripting
import Testing

/// What scripts of the field rely on.
struct ScriptAPITests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let log: String
    }

    @Test(arguments: [
        Case(testDescription: "a return ends the script", source: "console.log(1); return; console.log(2)", log: "1"),
        Case(
            testDescription: "the built-ins can be declared again",
            source: "var body = request.body; var request = 5; trigger = JSON.parse('{\"a\":1}'); var form = 1;"
                + "console.log(request, trigger.a, form, body)", log: "5 1 1 text"),
        Case(
            testDescription: "variables need no declaration",
            source: "payload = {}; for (k = 0; k < 3; k++) payload[k] = k; console.log(payload)",
            log: #"{"0":0,"1":1,"2":2}"#),
        Case(
            testDescription: "a comment at the end of the source is one", source: "console.log('x') // done", log: "x"),
        Case(testDescription: "a trigger has properties", source: "console.log(trigger)", log: #"{"properties":{}}"#),
        Case(
            testDescription: "the request has its members",
            source: "console.log(request.method, request.headers['Content-Type'], request.parameters.recipients,"
                + "request.body, request.remoteAddress, request.requestId, typeof request.body)",
            log: "POST text/plain a,b text 10.0.0.1 r-1 string"),
        Case(
            testDescription: "constants are found by their names",
            source: "console.log(constants['With space'], constants.NAME, typeof constants.nothing)",
            log: "a b undefined"),
        Case(
            testDescription: "strings are like those of Java",
            source: "console.log('true'.equalsIgnoreCase('TRUE'), 'a'.equals('a'), 'a'.equals(null),"
                + "'abc'.contains('b'), 'b'.compareTo('a'), ''.isEmpty(), ' x '.trim(), 'abc'.matches('a.c'),"
                + "'hello'.hashCode(), 'abc'.compareToIgnoreCase('ABD'))",
            log: "true true false true 1 true x true 99162322 -1"),
        Case(
            testDescription: "what is added to strings is not enumerable",
            source: "for (var k in 'ab') console.log(k)", log: "0\n1"),
        Case(
            testDescription: "all kinds of values are shown",
            source: "console.log('a', 1, null, undefined, true, [1, {b: 2}], 10n, function named() {}, /x/g,"
                + "new Map([[1, 2]]), new Error('no'))",
            log: #"a 1 null undefined true [1,{"b":2}] 10 function named /x/g [[1,2]] Error: no"#),
        Case(
            testDescription: "a cycle is shown up to itself",
            source: "var a = {n: 1}; a.self = a; console.log(a)", log: #"{"n":1,"self":"[Circular]"}"#),
        Case(
            testDescription: "the console has levels",
            source: "console.info('i'); console.warn('w'); console.error('e'); console.debug('d')",
            log: "i\n[warn] w\n[error] e\n[debug] d"),
        Case(
            testDescription: "text of any language passes",
            source: "console.log('Grüße 😀 ' + 'half \\ud83d')", log: "Grüße 😀 half \u{FFFD}"),
        Case(
            testDescription: "the time zone is UTC", source: "console.log(new Date(0).getHours())", log: "0"),
        Case(
            testDescription: "what promises have left to do is done",
            source: "Promise.resolve(1).then(x => console.log(x)); console.log(0)", log: "0\n1"),
        Case(
            testDescription: "nothing leads outside",
            source: "console.log(['fetch', 'process', 'std', 'os', 'setTimeout', 'WebAssembly', 'Intl',"
                + "'Deno', 'Bun', 'importScripts', 'XMLHttpRequest', 'native', 'message', 'load', 'print']"
                + ".filter(name => typeof globalThis[name] !== 'undefined' || eval('typeof ' + name) !== 'undefined'))",
            log: "[]"),
    ])
    func runs(_ row: Case) async {
        let request = ScriptRequest(
            headers: ["Content-Type": "text/plain"], parameters: ["recipients": "a,b"], body: "text",
            remoteAddress: "10.0.0.1", requestId: "r-1")
        let outcome = await Sandbox.run(row.source, request: request, constants: ["With space": "a", "NAME": "b"])
        #expect(outcome.error == nil)
        #expect(outcome.log == row.log)
    }

    @Test func givesTheFormOnlyToScriptsThatCreateEvents() async {
        let script = Sandbox.script("console.log(typeof form, typeof trigger, typeof request)", kind: .runScript)
        let outcome = await Sandbox.pool.run(script, limits: .init(), host: TestHost())
        #expect(outcome.log == "undefined undefined object")
    }

    @Test func postsTheTrigger() async {
        let posts = Recorder<String>()
        var host = TestHost()
        host.post = {
            await posts.add($0)
            return ScriptHTTPAnswer(statusCode: 202, body: #"{"id":"4711"}"#)
        }
        let outcome = await Sandbox.run(
            """
            trigger.properties['Ticket'] = 'INC-1 \\ud83d';
            var response = form.post(trigger);
            console.log(response.statusCode, response.body.id, JSON.parse(response.body).id, '' + response.body);
            form.post({});
            """, host: host)
        #expect(outcome.error == nil)
        #expect(outcome.log == #"202 4711 4711 {"id":"4711"}"#)
        #expect(await posts.elements == ["{\"properties\":{\"Ticket\":\"INC-1 \u{FFFD}\"}}", "{}"])
    }
}

/// `http.request({…}).write(…)`.
struct ScriptHTTPTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let call: ScriptHTTPCall
    }

    @Test(arguments: [
        Case(
            testDescription: "a request without options is a GET", source: "http.request({path: '/a'}).write()",
            call: ScriptHTTPCall(endpoint: nil, path: "/a")),
        Case(
            testDescription: "numbers in headers are text, and the method's case does not matter",
            source: "http.request({endpoint: 'E', path: 'p', method: 'Put', headers: {'X-N': 52}}).write('raw')",
            call: ScriptHTTPCall(endpoint: "E", path: "p", method: "PUT", headers: ["X-N": "52"], body: "raw")),
        Case(
            testDescription: "an object is sent as JSON",
            source: "http.request({endpoint: 'E', method: 'post'}).write({a: [1, 'b']})",
            call: ScriptHTTPCall(
                endpoint: "E", path: "", method: "POST", headers: ["Content-Type": "application/json"],
                body: #"{"a":[1,"b"]}"#)),
        Case(
            testDescription: "a content type of the script's own stays",
            source: "http.request({headers: {'content-type': 'x/y'}, method: 'POST'}).write({})",
            call: ScriptHTTPCall(
                endpoint: nil, path: "", method: "POST", headers: ["content-type": "x/y"], body: "{}")),
        Case(
            testDescription: "an empty text is a body", source: "http.request({method: 'POST'}).write('')",
            call: ScriptHTTPCall(endpoint: nil, path: "", method: "POST", body: "")),
        Case(
            testDescription: "the path may be encoded already",
            source: "http.request({path: '/a%20b', autoEncodeURI: false}).write()",
            call: ScriptHTTPCall(endpoint: nil, path: "/a%20b", autoEncodeURI: false)),
        Case(
            testDescription: "the word false is false", source: "http.request({autoEncodeURI: 'false'}).write()",
            call: ScriptHTTPCall(endpoint: nil, path: "", autoEncodeURI: false)),
    ])
    func asksFor(_ row: Case) async {
        let calls = Recorder<ScriptHTTPCall>()
        var host = TestHost()
        host.answer = {
            await calls.add($0)
            return ScriptHTTPAnswer(statusCode: 200)
        }
        let outcome = await Sandbox.run(row.source, host: host)
        #expect(outcome.error == nil)
        #expect(await calls.elements == [row.call])
    }

    @Test func answersEachWriteOfOneRequest() async {
        let calls = Recorder<String?>()
        var host = TestHost()
        host.answer = {
            await calls.add($0.body)
            return ScriptHTTPAnswer(statusCode: 503, headers: ["Retry-After": "1"], body: "später")
        }
        let outcome = await Sandbox.run(
            """
            var request = http.request({ endpoint: 'E', path: '/x', method: 'POST' });
            var first = request.write('1'), second = request.write('2');
            console.log(first, second.statusCode == '503', typeof second.statusCode, second.body, second.headers);
            """, host: host)
        #expect(await calls.elements == ["1", "2"])
        let answer = #"{"statusCode":503,"headers":{"Retry-After":"1"},"body":"später"}"#
        #expect(outcome.log == answer + #" true number später {"Retry-After":"1"}"#)
    }

    @Test func throwsWhatTheHostThrows() async {
        var host = TestHost()
        host.answer = { _ in throw Refused() }
        let source = "try { http.request({}).write() } catch (e) { console.log(e.message, e instanceof Error) }\n"
        let outcome = await Sandbox.run(source + "  http.request({}).write()", host: host)
        #expect(outcome.log == "connection refused true")
        #expect(outcome.error?.kind == .thrown)
        #expect(outcome.error?.message == "Error: connection refused")
        #expect(outcome.error?.line == 2)
    }

    @Test func doesNotChargeTheHostsTimeToTheScript() async {
        var host = TestHost()
        host.answer = { _ in
            try await Task.sleep(for: .milliseconds(500))
            return ScriptHTTPAnswer(statusCode: 200)
        }
        let limits = ScriptLimits(time: .milliseconds(400))
        let outcome = await Sandbox.run("http.request({}).write(); console.log('in time')", limits: limits, host: host)
        #expect(outcome.error == nil)
        #expect(outcome.log == "in time")
        #expect(outcome.durationMs >= 500)
    }

    @Test func refusesAnAnswerThatIsTooLarge() async {
        var host = TestHost()
        host.answer = { _ in ScriptHTTPAnswer(statusCode: 200, body: String(repeating: "x", count: 2000)) }
        let outcome = await Sandbox.run(
            "try { http.request({}).write() } catch (e) { console.log(e.message) }",
            limits: ScriptLimits(hostBytes: 1000), host: host)
        #expect(outcome.error == nil)
        #expect(outcome.log == "the answer is too large: 2024 bytes, at most 1000")
    }
}
