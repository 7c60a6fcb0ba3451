/// What a script finds when it starts, written in the script's own language.
///
/// An expression whose value is a function of `native`, the functions that the engine adds, and of `run`, what
/// the run is given. It answers `[describe, finish, names, …values]`: how to show an exception, how to read the
/// outputs, and the parameters of the function that the script becomes the body of.
///
/// A script may change every object of the language, so what is needed after it has begun is taken before.
enum Prelude {
    static let source = """
        (function (native, run) {
        'use strict';
        \(foundation)
        \(showing)
        \(host)
        \(modules)
        \(JavaStrings.opening)
        \(builtIns)
        })
        """

    /// The language's own functions, as they are before anybody has changed them.
    private static let foundation = #"""
        const { parse, stringify } = JSON;
        const { keys, defineProperty, prototype: objectPrototype } = Object;
        const { isArray } = Array;
        const { from } = Array;
        const ownText = String;
        const ObjectOfText = String;
        const AnyError = Error;
        const { apply } = Reflect;
        const unbound = (method) => (self, ...values) => apply(method, self, values);
        const hasOwn = Object.hasOwn;
        const toWellFormed = unbound(String.prototype.toWellFormed);
        const includes = unbound(String.prototype.includes);
        const replace = unbound(String.prototype.replace);
        const upper = unbound(String.prototype.toUpperCase);
        const lower = unbound(String.prototype.toLowerCase);
        const slice = unbound(String.prototype.slice);
        const trim = unbound(String.prototype.trim);
        const tests = unbound(RegExp.prototype.test);
        const tag = unbound(objectPrototype.toString);
        const toISOString = unbound(Date.prototype.toISOString);
        const { isNaN } = globalThis;
        const Dates = Date, Texts = String, Maps = Map, Sets = Set, Expressions = RegExp;
        const isObject = (value) => typeof value === 'object' && value !== null;

        // Half a surrogate pair is text for JavaScript, but for nobody else.
        const text = (value) => toWellFormed(ownText(value));
        const escape = /\\(u[dD][89a-fA-F][0-9a-fA-F]{2}|[^])/g;
        const wellFormed = (json) =>
            includes(json, '\\ud') ? replace(json, escape, (all, one) => (one.length > 1 ? '\ufffd' : all)) : json;
        const toJSON = (value) => {
            const json = stringify(value);
            return json === undefined ? 'null' : wellFormed(json);
        };
        """#

    /// How values are shown on the console and in errors.
    private static let showing = #"""
        // What JSON cannot hold is shown in the nearest way that it can.
        function showable() {
            const ancestors = [];
            let depth = 0;
            return function (key, value) {
                if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
                    return show(value);
                }
                if (value instanceof AnyError) return describe(value);
                if (value instanceof Expressions || value instanceof Texts) return ownText(value);
                if (value instanceof Maps || value instanceof Sets) value = from(value);
                if (!isObject(value)) return value;
                if (isNode(value)) return ownText(value);
                while (depth > 0 && ancestors[depth - 1] !== this) depth--;
                for (let i = 0; i < depth; i++) if (ancestors[i] === value) return '[Circular]';
                ancestors[depth++] = value;
                return value;
            };
        }

        const isNode = (value) => typeof value.nodeType === 'number' && typeof value.nodeName === 'string';

        function show(value) {
            if (typeof value === 'function') return 'function ' + (value.name || '(anonymous)');
            if (!isObject(value)) return ownText(value);
            if (value instanceof AnyError) return describe(value);
            if (value instanceof Expressions || value instanceof Texts || isNode(value)) return ownText(value);
            if (value instanceof Dates) return isNaN(value) ? 'Invalid Date' : toISOString(value);
            try {
                return stringify(value, showable()) ?? ownText(value);
            } catch (error) {
                return tag(value);
            }
        }

        const agentOnly = /^(Java|java|Packages) is not defined$/;

        // What was thrown, in one text: errors, {name, message} and answers of http are all usual.
        function describe(value) {
            if (!isObject(value)) return ownText(value);
            if (value instanceof AnyError || typeof value.message === 'string') {
                const { name, message } = value;
                const words = name && message ? name + ': ' + message : ownText(name || message || 'Error');
                if (!tests(agentOnly, message)) return words;
                return words + ': Java is there for scripts that run on an agent only';
            }
            if (typeof value.statusCode === 'number') {
                return 'response with status ' + value.statusCode + ': ' + show(value.body);
            }
            return show(value);
        }

        const writer = (mark) => (...values) => {
            let line = mark;
            for (let i = 0; i < values.length; i++) line += (i > 0 ? ' ' : '') + show(values[i]);
            native.log(toWellFormed(line));
        };
        const console = {
            log: writer(''),
            info: writer(''),
            warn: writer('[warn] '),
            error: writer('[error] '),
            debug: writer('[debug] '),
        };
        """#

    /// `http` and `form`. The engine answers a list, or a text that says why there is no answer.
    private static let host = #"""
        function answered(reply) {
            if (typeof reply === 'string') throw new AnyError(reply);
            const headers = {};
            for (let i = 2; i < reply.length; i += 2) defineValue(headers, reply[i], reply[i + 1]);
            return { statusCode: reply[0], headers, body: reply[1] };
        }

        // As an assignment, but for the one name that would change the object itself.
        function defineValue(object, name, value) {
            if (name !== '__proto__') object[name] = value;
            else defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
        }

        const isText = (value) => typeof value === 'string' || value instanceof Texts;
        const optional = (value) => (value === undefined || value === null ? undefined : text(value));

        function bodyOf(data, headers) {
            if (data === undefined || data === null) return undefined;
            if (!isObject(data) || data instanceof Texts) return text(data);
            if (isNode(data)) return text(data);
            let hasType = false;
            for (let i = 0; i < headers.length; i += 2) hasType ||= lower(headers[i]) === 'content-type';
            if (!hasType) headers = append(append(headers, 'Content-Type'), 'application/json');
            return toJSON(data);
        }

        function append(list, value) {
            list[list.length] = value;
            return list;
        }

        const http = {
            request(options) {
                if (!isObject(options)) throw new TypeError('http.request needs an object with the options');
                const { endpoint, path, method, headers: given, autoEncodeURI, host } = options;
                const names = isObject(given) ? keys(given) : [];
                const headers = [];
                for (let i = 0; i < names.length; i++) {
                    const value = given[names[i]];
                    if (value !== undefined && value !== null) append(append(headers, text(names[i])), text(value));
                }
                // One of the scripts in the field says "false" and means it.
                const encodes = autoEncodeURI !== false && lower(ownText(autoEncodeURI)) !== 'false';
                return {
                    write(data) {
                        const sent = [];
                        for (let i = 0; i < headers.length; i++) sent[i] = headers[i];
                        const body = bodyOf(data, sent);
                        return answered(native.http(
                            optional(endpoint), text(path ?? ''), upper(trim(text(method || 'GET'))), sent, body,
                            encodes, optional(host)));
                    },
                };
            },
            authenticate(endpoint) {
                if (endpoint === undefined || endpoint === null) {
                    throw new TypeError('http.authenticate needs the name of an endpoint');
                }
                return answered(native.token(text(endpoint))).body;
            },
        };

        // Some scripts read `response.body.id`, others parse the body: it is a text that has the members too.
        function parsedText(body) {
            let parsed;
            try {
                parsed = parse(body);
            } catch (error) {
                return body;
            }
            if (!isObject(parsed) || isArray(parsed)) return body;
            const both = new ObjectOfText(body);
            const names = keys(parsed);
            for (let i = 0; i < names.length; i++) {
                if (!(names[i] in both)) defineProperty(both, names[i], { value: parsed[names[i]] });
            }
            return both;
        }

        const form = {
            post(trigger) {
                const response = answered(native.form(isText(trigger) ? text(trigger) : toJSON(trigger ?? {})));
                response.body = parsedText(response.body);
                return response;
            },
        };
        """#

    /// `require`, and what is made when it is first asked for.
    private static let modules = #"""
        const names = run.libraries;
        const loaded = { __proto__: null };

        function require(name) {
            const wanted = text(name);
            for (let i = 0; i < names.length; i++) if (names[i] === wanted) return load(i).exports;
            let known = '';
            for (let i = 0; i < names.length; i++) known += (i > 0 ? ', "' : '"') + names[i] + '"';
            throw new AnyError(
                'require: there is no library named "' + wanted + '"; '
                    + (known ? 'there are: ' + known : 'the script has no libraries'));
        }

        function load(index) {
            if (loaded[index]) return loaded[index];
            // Before it runs, so that libraries that require each other get what is there so far.
            const module = (loaded[index] = { exports: {}, id: names[index] });
            let isDone = false;
            try {
                const body = native.library(index, 'exports,module,' + sharedNames);
                const values = [module.exports, module];
                for (let i = 0; i < sharedValues.length; i++) values[i + 2] = sharedValues[i];
                apply(body, module.exports, values);
                isDone = true;
            } finally {
                if (!isDone) loaded[index] = undefined;
            }
            return module;
        }

        let xml;
        const lazily = () => (xml ??= native.part('xml')(native, native.part('xmldom')(console), console));
        const XMLUtils = {
            get DOMParser() { return lazily().DOMParser; },
            get XMLSerializer() { return lazily().XMLSerializer; },
            get DOMImplementation() { return lazily().DOMImplementation; },
            get xpath() { return lazily().xpath; },
        };
        const JXON = {};
        const jxonNames = [
            'parse', 'stringify', 'config', 'build', 'unbuild', 'xmlToJs', 'jsToXml', 'stringToXml', 'xmlToString',
            'stringToJs', 'jsToString', 'each'];
        for (let i = 0; i < jxonNames.length; i++) {
            JXON[jxonNames[i]] = (...values) => apply(lazily().JXON[jxonNames[i]], JXON, values);
        }
        XMLUtils.JXON = JXON;
        """#

    /// The names that a script of this kind sees.
    private static let builtIns = #"""
        // Not among what the platform's scripts find.
        delete globalThis.btoa;
        delete globalThis.atob;

        const shared = { http, console, constants: run.constants, require, XMLUtils, JXON };
        if (run.location === 'agent') Object.assign(shared, native.part('java')(native));
        const sharedNames = keys(shared).join();
        const sharedValues = Object.values(shared);

        const output = {};
        const variables = { __proto__: null };
        if (run.kind === 'provider') Object.assign(variables, { message: parse(run.trigger), output });
        if (run.kind !== 'step' && run.kind !== 'provider') variables.request = run.request;
        if (run.kind === 'createEvent') Object.assign(variables, { trigger: parse(run.trigger), form });
        if (run.kind === 'step' || run.kind === 'httpTriggerStep') variables.output = output;
        if (run.kind === 'step') {
            const inputs = run.inputs;
            variables.input = new Proxy(inputs, {
                get: (target, name) => (typeof name !== 'string' || name in target ? target[name] : ''),
            });
        }
        if (run.kind === 'outbound') {
            const given = parse(run.globals);
            const isReserved = new RegExp(
                '^(?:arguments|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval'
                    + '|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new'
                    + '|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var'
                    + '|void|while|with|yield)$');
            const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
            for (const name of keys(given)) {
                if (isName.test(name) && !isReserved.test(name) && !hasOwn(shared, name)) {
                    variables[name] = given[name];
                }
            }
            try {
                variables.callback ??= parse(run.request.body);
            } catch (error) {
                variables.callback ??= undefined;
            }
        }

        // Of what a step was asked for, what it has set: as text.
        function finish() {
            const results = [];
            const given = keys(output);
            for (let i = 0; i < given.length; i++) {
                const value = output[given[i]];
                if (value === undefined) continue;
                const shown = isObject(value) && !isText(value) ? toJSON(value) : text(value);
                append(append(results, text(given[i])), shown);
            }
            return results;
        }

        Object.assign(variables, shared);
        return [describe, finish, keys(variables).join(), ...Object.values(variables)];
        """#
}
