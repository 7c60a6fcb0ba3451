/// What a script finds when it starts, written in the script's own language.
///
/// An expression whose value is a function of `native`, the functions that the engine adds, and of
/// `message`, the JSON of a `SandboxedRun`. It answers `[describe, names, …values]`: how to show an
/// exception, and the parameters of the function that the script becomes the body of.
enum Prelude {
    static let source = #"""
        (function (native, message) {
            'use strict';
            const { run } = JSON.parse(message);
            const parse = JSON.parse;
            const stringify = JSON.stringify;

            // Half a surrogate pair is text for JavaScript, but for nobody else.
            const text = (value) => String(value).toWellFormed();
            const escape = /\\(u[dD][89a-fA-F][0-9a-fA-F]{2}|[^])/g;
            const wellFormed = (json) =>
                json.includes('\\ud') ? json.replace(escape, (all, one) => (one.length > 1 ? '\ufffd' : all)) : json;
            const toJSON = (value) => {
                const json = stringify(value);
                return json === undefined ? 'null' : wellFormed(json);
            };

            // What JSON cannot hold is shown in the nearest way that it can.
            function showable() {
                const ancestors = [];
                return function (key, value) {
                    if (typeof value === 'bigint' || typeof value === 'function') return show(value);
                    if (value instanceof Error) return describe(value);
                    if (value instanceof RegExp || value instanceof String) return String(value);
                    if (value instanceof Map || value instanceof Set) value = [...value];
                    if (typeof value !== 'object' || value === null) return value;
                    while (ancestors.length > 0 && ancestors[ancestors.length - 1] !== this) ancestors.pop();
                    if (ancestors.includes(value)) return '[Circular]';
                    ancestors.push(value);
                    return value;
                };
            }

            function show(value) {
                if (typeof value === 'function') return 'function ' + (value.name || '(anonymous)');
                if (typeof value !== 'object' || value === null) return String(value);
                if (value instanceof Error) return describe(value);
                if (value instanceof RegExp || value instanceof String) return String(value);
                try {
                    return stringify(value, showable()) ?? String(value);
                } catch (error) {
                    return Object.prototype.toString.call(value);
                }
            }

            // What was thrown, in one text: errors, {name, message} and answers of http are all usual.
            function describe(value) {
                if (typeof value !== 'object' || value === null) return String(value);
                if (value instanceof Error || typeof value.message === 'string') {
                    return [value.name, value.message].filter((part) => part).join(': ');
                }
                if (typeof value.statusCode === 'number') {
                    return 'response with status ' + value.statusCode + ': ' + show(value.body);
                }
                return show(value);
            }

            const writer = (mark) => (...values) => native.log(text(mark + values.map(show).join(' ')));
            const console = {
                log: writer(''),
                info: writer(''),
                warn: writer('[warn] '),
                error: writer('[error] '),
                debug: writer('[debug] '),
            };

            // The answer is one letter, A or E as in the frames, and then JSON or the message of an error.
            function answer(reply) {
                if (reply[0] === 'E') throw new Error(reply.slice(1));
                const { statusCode, headers, body } = parse(reply.slice(1));
                return { statusCode, headers, body };
            }

            function headersOf(given) {
                const headers = {};
                for (const [name, value] of Object.entries(given ?? {})) {
                    if (value !== undefined && value !== null) headers[text(name)] = text(value);
                }
                return headers;
            }

            function bodyOf(data, headers) {
                if (data === undefined || data === null) return undefined;
                if (typeof data === 'string' || data instanceof String) return text(data);
                if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
                    headers['Content-Type'] = 'application/json';
                }
                return toJSON(data);
            }

            const http = {
                request(options) {
                    if (typeof options !== 'object' || options === null) {
                        throw new TypeError('http.request needs an object with the options');
                    }
                    const { endpoint, path, method, autoEncodeURI } = options;
                    const given = headersOf(options.headers);
                    return {
                        write(data) {
                            const headers = { ...given };
                            const body = bodyOf(data, headers);
                            const call = {
                                endpoint: endpoint === undefined || endpoint === null ? undefined : text(endpoint),
                                path: text(path ?? ''),
                                method: text(method ?? 'GET').toUpperCase(),
                                headers,
                                body,
                                // One of the scripts in the field says "false" and means it.
                                autoEncodeURI: autoEncodeURI !== false && autoEncodeURI !== 'false',
                            };
                            return answer(native.http(stringify(call)));
                        },
                    };
                },
                authenticate() {
                    throw new Error('http.authenticate is not supported');
                },
            };

            const form = {
                post(trigger) {
                    return answer(native.form(typeof trigger === 'string' ? text(trigger) : toJSON(trigger ?? {})));
                },
            };

            // Scripts were written for an engine whose strings are java.lang.String.
            const difference = (a, b) => {
                for (let i = 0; i < a.length && i < b.length; i++) {
                    if (a[i] !== b[i]) return a.charCodeAt(i) - b.charCodeAt(i);
                }
                return a.length - b.length;
            };
            const isText = (value) => typeof value === 'string' || value instanceof String;
            const fold = (value) => String(value).toUpperCase().toLowerCase();
            const methods = {
                equals(other) { return isText(other) && String(this) === String(other); },
                equalsIgnoreCase(other) { return isText(other) && fold(this) === fold(other); },
                compareTo(other) { return difference(String(this), String(other)); },
                compareToIgnoreCase(other) { return difference(fold(this), fold(other)); },
                contains(other) { return String(this).includes(String(other)); },
                isEmpty() { return this.length === 0; },
                isBlank() { return String(this).trim() === ''; },
                matches(pattern) { return new RegExp('^(?:' + pattern + ')$').test(String(this)); },
                replaceFirst(pattern, other) { return String(this).replace(new RegExp(pattern), other); },
                toCharArray() { return String(this).split(''); },
                hashCode() {
                    let hash = 0;
                    for (let i = 0; i < this.length; i++) hash = (Math.imul(31, hash) + this.charCodeAt(i)) | 0;
                    return hash;
                },
            };
            for (const [name, value] of Object.entries(methods)) {
                Object.defineProperty(String.prototype, name, { value, writable: true, configurable: true });
            }

            const builtIns = { request: run.request, http, console, constants: run.constants };
            if (run.kind === 'createEvent') Object.assign(builtIns, { trigger: parse(run.trigger), form });
            return [describe, Object.keys(builtIns).join(), ...Object.values(builtIns)];
        })
        """#
}
