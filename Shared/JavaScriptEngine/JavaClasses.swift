/// What an agent's scripts find of Java: no virtual machine, but what scripts of the field use of its library.
/// The value is a function of `native` that answers `Java`, `java` and `Packages`.
enum JavaClasses {
    static let source = #"""
        (function (native) {
        'use strict';
        const number = (parse, type, least, most) => (value) => {
            const given = String(value).trim();
            const parsed = /^[+-]?\d+$/.test(given) ? parse(given) : NaN;
            if (!(parsed >= least && parsed <= most)) {
                throw new Error('java.lang.NumberFormatException: For input string: "' + given + '"' + type);
            }
            return parsed;
        };
        function wholeNumbers(type, least, most) {
            const read = number(Number, '', least, most);
            return {
                MIN_VALUE: least, MAX_VALUE: most, valueOf: read,
                ['parse' + type]: read,
                toString: (value, radix) => value === undefined ? 'class java.lang.' + type : value.toString(radix),
                toHexString: (value) => (value >>> 0).toString(16),
                toBinaryString: (value) => (value >>> 0).toString(2),
                compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
                max: Math.max, min: Math.min, signum: Math.sign,
            };
        }
        function real(value) {
            const given = String(value).trim();
            if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$|^[+-]?Infinity$|^NaN$/.test(given)) {
                throw new Error('java.lang.NumberFormatException: For input string: "' + given + '"');
            }
            return parseFloat(given);
        }
        const truth = (value) => String(value).toLowerCase() === 'true';

        function format(pattern, ...values) {
            let next = 0;
            const directive = /%(?:(\d+)\$)?([-+0,]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;
            return String(pattern).replace(directive, (all, index, flags, width, precision, kind) => {
                if (kind === '%') return '%';
                if (kind === 'n') return '\n';
                const value = values[index ? index - 1 : next++];
                let shown;
                switch (kind) {
                    case 's': shown = String(value); break;
                    case 'S': shown = String(value).toUpperCase(); break;
                    case 'd': shown = String(Math.trunc(value)); break;
                    case 'f': shown = Number(value).toFixed(precision ?? 6); break;
                    case 'x': shown = (value >>> 0).toString(16); break;
                    case 'X': shown = (value >>> 0).toString(16).toUpperCase(); break;
                    case 'b': shown = String(Boolean(value)); break;
                    case 'c': shown = typeof value === 'number' ? String.fromCharCode(value) : String(value); break;
                    default: throw new Error('java.util.UnknownFormatConversionException: Conversion = ' + kind);
                }
                if (precision !== undefined && kind === 's') shown = shown.slice(0, precision);
                if (flags.includes(',')) shown = shown.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
                if (flags.includes('+') && value >= 0) shown = '+' + shown;
                if (width === undefined) return shown;
                if (flags.includes('-')) return shown.padEnd(width);
                if (flags.includes('0')) {
                    const sign = shown[0] === '-' ? '-' : '';
                    return sign + shown.slice(sign.length).padStart(width - sign.length, '0');
                }
                return shown.padStart(width);
            });
        }

        const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
        function encode(bytes) {
            if (typeof bytes === 'string') bytes = bytes.getBytes();
            let encoded = '';
            for (let i = 0; i < bytes.length; i += 3) {
                const bits = (bytes[i] & 255) << 16 | (bytes[i + 1] & 255) << 8 | bytes[i + 2] & 255;
                encoded += letters[bits >> 18] + letters[bits >> 12 & 63];
                encoded += i + 1 < bytes.length ? letters[bits >> 6 & 63] : '=';
                encoded += i + 2 < bytes.length ? letters[bits & 63] : '=';
            }
            return encoded;
        }
        function decode(given) {
            const bare = String(given).replace(/=+$/, '');
            const bytes = [];
            let bits = 0, count = 0;
            for (const letter of bare) {
                const value = letters.indexOf(letter);
                if (value < 0) {
                    throw new Error('java.lang.IllegalArgumentException: Illegal base64 character ' + letter);
                }
                bits = (bits << 6 | value) & 0xffffff;
                if ((count += 6) >= 8) {
                    count -= 8;
                    bytes.push((bits >> count & 255) << 24 >> 24);
                }
            }
            return bytes;
        }
        const textOf = (bytes) => {
            let encoded = '';
            for (const byte of bytes) encoded += '%' + (byte & 255).toString(16).padStart(2, '0');
            try {
                return decodeURIComponent(encoded);
            } catch (error) {
                return String.fromCharCode(...bytes.map((byte) => byte & 255));
            }
        };
        const digit = () => Math.floor(Math.random() * 16).toString(16);
        const hex = (count) => Array.from({ length: count }, digit).join('');
        const identifier = (id) => ({ toString: () => id, equals: (other) => String(other) === id });

        const JavaDate = class extends Date {
            equals(other) { return other instanceof Date && other.getTime() === this.getTime(); }
            before(other) { return this.getTime() < other.getTime(); }
            after(other) { return this.getTime() > other.getTime(); }
            compareTo(other) { return Math.sign(this.getTime() - other.getTime()); }
        };
        const JavaText = Object.assign(function (value) {
            return new String(Array.isArray(value) ? textOf(value) : value ?? '');
        }, {
            valueOf: (value) => String(value), format,
            join: (separator, ...parts) => (Array.isArray(parts[0]) ? parts[0] : parts).join(separator),
        });

        const classes = {
            'java.lang.Thread': { sleep: (ms) => native.sleep(Number(ms)) },
            'java.lang.String': JavaText,
            'java.lang.Integer': wholeNumbers('Int', -2147483648, 2147483647),
            'java.lang.Long': wholeNumbers('Long', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
            'java.lang.Double': {
                parseDouble: real, valueOf: real, toString: (value) => String(value), isNaN: Number.isNaN,
                isInfinite: (value) => Math.abs(value) === Infinity, MAX_VALUE: Number.MAX_VALUE, NaN: NaN,
            },
            'java.lang.Boolean': {
                parseBoolean: truth, valueOf: truth, toString: (value) => String(value), TRUE: true, FALSE: false,
            },
            'java.lang.Math': Object.fromEntries(Object.getOwnPropertyNames(Math).map((name) => [name, Math[name]])),
            'java.lang.System': {
                currentTimeMillis: () => Date.now(), nanoTime: () => Date.now() * 1e6, lineSeparator: () => '\n',
            },
            'java.util.Date': JavaDate,
            'java.util.UUID': {
                randomUUID: () => identifier(
                    hex(8) + '-' + hex(4) + '-4' + hex(3) + '-' + '89ab'[Math.floor(Math.random() * 4)] + hex(3)
                        + '-' + hex(12)),
                fromString: (id) => identifier(String(id)),
            },
            'java.util.Base64': {
                getEncoder: () => ({ encodeToString: encode }),
                getUrlEncoder: () => ({
                    encodeToString: (bytes) => encode(bytes).replace(/\+/g, '-').replace(/\//g, '_'),
                }),
                getDecoder: () => ({ decode }),
                getUrlDecoder: () => ({
                    decode: (given) => decode(String(given).replace(/-/g, '+').replace(/_/g, '/')),
                }),
            },
        };
        const offered = Object.keys(classes).join(', ');

        function type(name) {
            const found = Object.hasOwn(classes, name) ? classes[name] : undefined;
            if (found === undefined) throw new Error('the Java class ' + name + ' is not there; there are: ' + offered);
            return found;
        }

        // java.lang.Thread and the like: a name with a capital is a class.
        function inPackage(prefix) {
            return new Proxy({}, {
                get(target, name) {
                    if (typeof name !== 'string') return undefined;
                    if (name === 'toString' || name === 'valueOf') return () => '[JavaPackage ' + prefix + ']';
                    const path = prefix === '' ? name : prefix + '.' + name;
                    return /^[A-Z]/.test(name) ? type(path) : inPackage(path);
                },
            });
        }
        const Java = {
            type,
            from: (list) => Array.from(list),
            to: (list) => list,
            extend() { throw new Error('Java.extend is not there'); },
        };
        return { Java, java: inPackage('java'), Packages: inPackage('') };
        })
        """#
}
