import Scripting

extension HostileScript {
    static let escape: [HostileScript] = [
        finds("undefined undefined undefined", "another process", find("typeof process, typeof Deno, typeof std")),
        stopped(
            "a module of Node's", .thrown, "there is no library named \"child_process\"", "require('child_process')"),
        stopped("a file as a library", .thrown, "no library named \"/etc/passwd\"", "require('/etc/passwd')"),
        stopped("a library called constructor", .thrown, "no library named \"constructor\"", "require('constructor')"),
        stopped("a library called __proto__", .thrown, "no library named \"__proto__\"", "require('__proto__')"),
        stopped("the environment", .thrown, "process is not defined", "console.log(process.env.HOME)"),
        stopped("the network", .thrown, "fetch is not defined", "fetch('http://169.254.169.254/')"),
        stopped("a socket", .thrown, "WebSocket is not defined", "new WebSocket('ws://localhost')"),
        stopped("another thread", .thrown, "Worker is not defined", "new Worker('x')"),
        stopped("an import", .thrown, "could not load module", "return import('os')"),
        stopped("an import of a file", .thrown, "could not load module", "return import('/etc/passwd')"),
        stopped("an import in front", .syntax, "SyntaxError", "import os from 'os'"),
        stopped("Java when hosted", .thrown, "on an agent only", "Java.type('java.lang.Runtime')"),
        HostileScript(
            testDescription: "Java's processes", source: "java.lang.Runtime.getRuntime().exec('id')",
            end: .stopped(.thrown, "java.lang.Runtime is not there"), location: .agent),
        HostileScript(
            testDescription: "Java's files", source: "new java.io.FileReader('/etc/passwd')",
            end: .stopped(.thrown, "java.io.FileReader is not there"), location: .agent),
        HostileScript(
            testDescription: "Java's constructor", source: "Java.type('constructor')",
            end: .stopped(.thrown, "constructor is not there"), location: .agent),
        finds(
            "undefined undefined undefined", "the engine's functions by name",
            find("typeof native, typeof run, typeof __native")),
        finds("", "the engine's functions in what is there", searchForNatives),
        stopped(
            "the engine's functions by the caller", .thrown, "invalid property access", "console.log.caller"),
        finds(
            "undefined", "the end of the function that it is",
            "}); globalThis.found = typeof native; (function (a, b, c, d, console) { console.log(found)"
        ),
        finds(
            "[\"construct\"]", "arguments by a proxy",
            """
            var seen = []; var options = new Proxy({ path: '/' }, { get(t, k) { seen.push(String(k)); return t[k] } });
            http.request(options).write(); console.log(seen.filter(k => k.includes('native')).concat('construct'));
            """),
        finds(
            "function String ", "the constructor of constructors",
            "console.log(String, (function () {}).constructor('return typeof native')() === 'undefined' ? '' : 'found')"
        ),
    ]

    static let tampering: [HostileScript] = [
        finds(
            "still", "arrays without methods",
            "['join', 'map', 'push', 'forEach', 'includes', 'slice'].forEach("
                + "k => { Array.prototype[k] = null }); Array.prototype[Symbol.iterator] = null; console.log('still')"),
        finds(
            "GET {\"a\":1}", "JSON without functions",
            "JSON.stringify = JSON.parse = null; console.log("
                + "'GET', { a: 1 })"),
        finds(
            "200", "texts without methods",
            "for (const k of Object.getOwnPropertyNames(String.prototype)) "
                + "try { String.prototype[k] = null } catch (e) {} console.log(http.request({}).write().statusCode)"
        ),
        finds(
            "200 /x", "another JSON",
            "JSON.stringify = () => '{\"path\":\"/secret\"}'; "
                + "console.log(http.request({ path: '/x' }).write().statusCode, '/x')"),
        finds(
            "200", "a setter on all objects",
            "Object.defineProperty(Object.prototype, 'endpoint', "
                + "{ set() { throw 1 }, get() { return 'mine' } }); console.log(http.request({}).write().statusCode)"
        ),
        finds(
            "200", "a toJSON for all",
            "Object.prototype.toJSON = () => 'mine'; "
                + "console.log(http.request({ headers: { a: 1 } }).write().statusCode)"),
        finds(
            "function", "a call that is replaced",
            "Function.prototype.call = Function.prototype.apply = null; "
                + "console.log(typeof http.request)"),
        finds(
            "true", "a type that claims all",
            "Object.defineProperty(Error, Symbol.hasInstance, { value: () => true });"
                + " console.log(true)"),
        stopped(
            "a trace that lies", .thrown, "Error: x",
            "Error.prepareStackTrace = () => 'at root (<prelude>:1:1)'; "
                + "throw new Error('x')"),
        stopped("a trace of none", .thrown, "Error: x", "Error.stackTraceLimit = 0; throw new Error('x')"),
        stopped(
            "a trace that throws", .thrown, "Error: x",
            "Error.prepareStackTrace = () => { throw 1 }; "
                + "throw new Error('x')"),
        stopped(
            "an error without a message", .thrown, "cannot be shown",
            "throw Object.create(Error.prototype, "
                + "{ message: { get() { throw 1 } }, name: { get() { throw 1 } } })"),
        stopped(
            "a proxy that is thrown", .thrown, "cannot be shown",
            "throw new Proxy({}, { get() { throw 1 }, "
                + "getPrototypeOf() { throw 1 } })"),
        stopped("a symbol that is thrown", .thrown, "Symbol(x)", "throw Symbol('x')"),
        stopped("an end without a word", .thrown, "null", "throw null"),
        finds("object", "constants that are changed", "constants.__proto__ = null; console.log(typeof constants)"),
        finds(
            "undefined", "a global that is deleted",
            "delete globalThis.Object; delete globalThis.JSON; "
                + "console.log(http.request({}).write().none)"),
        finds(
            "frozen", "a frozen world",
            "for (const k of Object.getOwnPropertyNames(globalThis)) "
                + "try { Object.freeze(globalThis[k]) } catch (e) {} http.request({}).write(); console.log('frozen')"),
    ]

    static let xml: [HostileScript] = [
        finds(
            "&lol3;", "a billion laughs",
            "var x = '<!DOCTYPE l [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">"
                + "<!ENTITY lol3 \"&lol2;&lol2;\">]><l>&lol3;</l>'; var console0 = console; "
                + "console0.log(new XMLUtils.DOMParser({ errorHandler: { error() {} } }).parseFromString(x)"
                + ".documentElement.textContent)"),
        finds(
            "&f;", "an external entity",
            "var x = '<!DOCTYPE l [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><l>&f;</l>';"
                + "console.log(new XMLUtils.DOMParser({ errorHandler: { error() {} } }).parseFromString(x)"
                + ".documentElement.textContent)"),
        stopped("deep XML", .thrown, "call stack", "JXON.parse('<a>'.repeat(1e4) + '</a>'.repeat(1e4))"),
        stopped("much XML", .memory, "bytes", "JXON.parse('<r>' + '<a b=\"c\"/>'.repeat(5e5) + '</r>')"),
        stopped(
            "an expression that takes long", .thrown, "too many steps",
            """
            var x = new XMLUtils.DOMParser().parseFromString('<r>' + '<a/>'.repeat(1000) + '</r>');
            XMLUtils.xpath.select('count(//a[count(//a[count(//a) > 1]) > 1])', x);
            """),
        stopped(
            "an expression that is deep", .thrown, "xpath",
            """
            var x = new XMLUtils.DOMParser().parseFromString('<r/>');
            XMLUtils.xpath.select('('.repeat(1e5) + '1' + ')'.repeat(1e5), x);
            """),
        stopped(
            "a document() of another", .thrown, "no such function",
            """
            var x = new XMLUtils.DOMParser().parseFromString('<r/>');
            XMLUtils.xpath.select("document('file:///etc/passwd')", x);
            """),
        finds(
            "{\"a\":{\"__proto__\":{\"x\":1}}} undefined", "a tag called __proto__",
            "var o = JXON.parse('<a><__proto__><x>1</x></__proto__></a>'); console.log(o, ({}).x)"),
    ]

    private static func find(_ expressions: String) -> String { "console.log(\(expressions))" }

    /// Walks all that can be reached from the built-ins, for functions that no script should have.
    private static let searchForNatives = """
        var seen = new Set(), found = [];
        (function walk(value, depth) {
            if (depth > 6 || (typeof value !== 'object' && typeof value !== 'function') || value === null) return;
            if (seen.has(value)) return;
            seen.add(value);
            for (var key of Reflect.ownKeys(value)) {
                if (['log', 'http', 'form', 'token', 'library', 'part', 'sleep', 'xpath'].includes(String(key))
                    && typeof value[key] === 'function' && /native code/.test(value[key])
                    && value !== Math && value !== console) found.push(String(key));
                var d = Object.getOwnPropertyDescriptor(value, key);
                walk(d.value, depth + 1); walk(d.get, depth + 1); walk(d.set, depth + 1);
            }
            walk(Object.getPrototypeOf(value), depth + 1);
        })([http, form, console, constants, require, XMLUtils, JXON, request, trigger, globalThis], 0);
        console.log(found.join());
        """
}
