/// Scripts were written for an engine whose texts have the methods of java.lang.String besides JavaScript's own.
///
/// Few scripts use them, so they are made when one is first asked for, of what the prelude has taken before.
enum JavaStrings {
    /// Part of the prelude: the names, each of which puts all methods in place.
    static let opening = #"""
        const textPrototype = String.prototype;
        const javaNames = [
            'equals', 'equalsIgnoreCase', 'compareTo', 'compareToIgnoreCase', 'contains', 'contentEquals', 'isEmpty',
            'isBlank', 'strip', 'stripLeading', 'stripTrailing', 'intern', 'matches', 'replaceFirst', 'regionMatches',
            'toCharArray', 'getBytes', 'hashCode', 'replaceAll'];
        const taken = {
            keys, defineProperty, includes, replace, upper, lower, slice, trim, tests, ownText, toWellFormed, unbound,
            Expressions, textPrototype, javaNames, isText: (value) => isText(value), parseInt, encodeURIComponent,
            codeAt: textPrototype.charCodeAt, ownReplaceAll: textPrototype.replaceAll, multiply: Math.imul,
            descriptor: Object.getOwnPropertyDescriptor,
        };
        let javaMethods;
        for (let i = 0; i < javaNames.length; i++) {
            const name = javaNames[i];
            defineProperty(textPrototype, name, {
                get() { return (javaMethods ??= native.part('strings')(taken))[name]; },
                set(value) {
                    defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
                },
                configurable: true,
            });
        }
        """#

    /// A function of what was taken.
    static let source = #"""
        (function (taken) {
        'use strict';
        const {
            keys, defineProperty, includes, replace, upper, lower, slice, trim, tests, ownText, toWellFormed, unbound,
            Expressions, textPrototype, javaNames, isText, parseInt, encodeURIComponent, codeAt, ownReplaceAll,
            multiply, descriptor,
        } = taken;
        const fold = (value) => lower(upper(ownText(value)));
        const difference = (a, b) => {
            for (let i = 0; i < a.length && i < b.length; i++) {
                if (a[i] !== b[i]) return code(a, i) - code(b, i);
            }
            return a.length - b.length;
        };
        const code = unbound(codeAt);
        const replaceEach = unbound(ownReplaceAll);

        // Java's inline flags are flags of the whole expression here.
        function expression(pattern, flags, whole) {
            if (pattern instanceof Expressions) {
                return new Expressions(pattern.source, replace(pattern.flags, /[gy]/g, '') + flags);
            }
            let given = ownText(pattern);
            const inline = /^\(\?([ims]+)\)/;
            replace(given, inline, (all, letters) => {
                given = slice(given, all.length);
                flags += letters;
            });
            return new Expressions(whole ? '^(?:' + given + ')$' : given, flags);
        }

        // In Java, \x is x, and $1 is what the first group has matched.
        function substitute(replacement) {
            if (typeof replacement === 'function') return replacement;
            const given = ownText(replacement);
            return (...match) => replace(given, /\\([^])|\$(\d)/g, (all, escaped, group) => {
                return escaped !== undefined ? escaped : match[group] ?? '';
            });
        }

        // What nobody writes who does not mean a regular expression.
        const isExpression = /\\[a-zA-Z.\\\/|()[\]{}^$*+?-]|\[[^\]]+\]|\.[*+]|\(\?[:=!imsx]|^\^.|.\$$/;

        const bytesOf = (value) => {
            const bytes = [];
            const encoded = encodeURIComponent(toWellFormed(value));
            for (let i = 0; i < encoded.length; i++) {
                let byte = code(encoded, i);
                if (byte === 37) {
                    byte = parseInt(slice(encoded, i + 1, i + 3), 16);
                    i += 2;
                }
                bytes[bytes.length] = byte > 127 ? byte - 256 : byte;
            }
            return bytes;
        };
        const methods = {
            equals(other) { return isText(other) && ownText(this) === ownText(other); },
            equalsIgnoreCase(other) { return isText(other) && fold(this) === fold(other); },
            compareTo(other) { return difference(ownText(this), ownText(other)); },
            compareToIgnoreCase(other) { return difference(fold(this), fold(other)); },
            contains(other) { return includes(ownText(this), ownText(other)); },
            contentEquals(other) { return ownText(this) === ownText(other); },
            isEmpty() { return this.length === 0; },
            isBlank() { return trim(ownText(this)) === ''; },
            strip() { return trim(ownText(this)); },
            stripLeading() { return replace(ownText(this), /^\s+/, ''); },
            stripTrailing() { return replace(ownText(this), /\s+$/, ''); },
            intern() { return ownText(this); },
            matches(pattern) { return tests(expression(pattern, '', true), ownText(this)); },
            replaceFirst(pattern, other) {
                return replace(ownText(this), expression(pattern, ''), substitute(other));
            },
            regionMatches(...given) {
                const ignoresCase = typeof given[0] === 'boolean' ? given[0] : false;
                const skip = typeof given[0] === 'boolean' ? 1 : 0;
                const [start, other, otherStart, count] = [
                    given[skip], ownText(given[skip + 1]), given[skip + 2], given[skip + 3]];
                const own = ownText(this);
                if (start < 0 || otherStart < 0 || start + count > own.length) return false;
                if (otherStart + count > other.length) return false;
                const a = slice(own, start, start + count), b = slice(other, otherStart, otherStart + count);
                return ignoresCase ? fold(a) === fold(b) : a === b;
            },
            toCharArray() {
                const characters = [];
                for (let i = 0; i < this.length; i++) characters[i] = this[i];
                return characters;
            },
            getBytes() { return bytesOf(ownText(this)); },
            hashCode() {
                let hash = 0;
                for (let i = 0; i < this.length; i++) hash = (multiply(31, hash) + code(this, i)) | 0;
                return hash;
            },
            // JavaScript's own, but for a pattern that is not in the text and can only be meant as Java's.
            replaceAll(pattern, other) {
                const own = ownText(this);
                if (pattern instanceof Expressions || includes(own, ownText(pattern))) {
                    return replaceEach(own, pattern, other);
                }
                if (!tests(isExpression, ownText(pattern))) return own;
                return replace(own, expression(pattern, 'g'), substitute(other));
            },
        };
        for (let i = 0; i < javaNames.length; i++) {
            const name = javaNames[i];
            // What the script has put in its place stays.
            if (!descriptor(textPrototype, name)?.get) continue;
            defineProperty(textPrototype, name, { value: methods[name], writable: true, configurable: true });
        }
        return methods;
        })
        """#
}
