/// A word or sign of a condition.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        case name(String)
        case value(JSONValue)
        /// An operator or a bracket.
        case sign(String)
        case end
    }

    let kind: Kind
    /// Of its first character, from 1.
    let position: Int

    /// As people call it.
    var text: String {
        switch kind {
        case .name(let name): name
        case .value(.string(let text)): "\"\(text.prefix(30))\""
        case .value(let value): value.readable
        case .sign(let sign): sign
        case .end: "the end"
        }
    }
}

/// Cuts a condition into words and signs.
enum FilterLexer {
    private static let pairs: Set<String> = ["&&", "||", "==", "!=", "<=", ">="]
    private static let signs: Set<Character> = ["<", ">", "!", "(", ")", "[", "]", ".", ","]

    static func isName(_ text: String) -> Bool {
        guard let first = text.first, isNameStart(first) else { return false }
        return text.allSatisfy { isNameStart($0) || isDigit($0) }
    }

    private static func isNameStart(_ character: Character) -> Bool {
        character == "_" || (character.isASCII && character.isLetter)
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    /// The last one is the end.
    static func tokens(of text: String) throws(Filter.Problem) -> [FilterToken] {
        let characters = Array(text)
        var tokens: [FilterToken] = []
        var index = 0
        while index < characters.count {
            let character = characters[index]
            let start = index
            if character.isWhitespace {
                index += 1
                continue
            }
            let kind: FilterToken.Kind
            if isNameStart(character) {
                while index < characters.count, isNameStart(characters[index]) || isDigit(characters[index]) {
                    index += 1
                }
                kind = word(String(characters[start..<index]))
            } else if character == "\"" || character == "'" {
                kind = .value(.string(try string(in: characters, from: &index)))
            } else if isDigit(character)
                || (character == "-" && characters.dropFirst(index + 1).first.map(isDigit) == true)
            {
                kind = .value(try number(in: characters, from: &index))
            } else if index + 1 < characters.count, pairs.contains(String(characters[index...index + 1])) {
                index += 2
                kind = .sign(String(characters[start..<index]))
            } else if signs.contains(character) {
                index += 1
                kind = .sign(String(character))
            } else {
                throw Filter.Problem(position: start + 1, message: "\(character) has no meaning")
            }
            tokens.append(FilterToken(kind: kind, position: start + 1))
        }
        return tokens + [FilterToken(kind: .end, position: characters.count + 1)]
    }

    private static func word(_ text: String) -> FilterToken.Kind {
        switch text {
        case "true": .value(true)
        case "false": .value(false)
        case "null": .value(.null)
        default: .name(text)
        }
    }

    private static func string(in characters: [Character], from index: inout Int) throws(Filter.Problem) -> String {
        let start = index
        let quote = characters[index]
        var text = ""
        index += 1
        while index < characters.count {
            let character = characters[index]
            index += 1
            if character == quote { return text }
            guard character == "\\" else {
                text.append(character)
                continue
            }
            guard index < characters.count else { break }
            switch characters[index] {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case let escaped where "\\\"'".contains(escaped): text.append(escaped)
            case let other:
                throw Filter.Problem(position: index, message: "\\\(other) is none of \\\\ \\\" \\' \\n \\t")
            }
            index += 1
        }
        throw Filter.Problem(position: start + 1, message: "the string does not end")
    }

    private static func number(in characters: [Character], from index: inout Int) throws(Filter.Problem) -> JSONValue {
        let start = index
        index += 1
        while index < characters.count,
            isDigit(characters[index]) || "eE".contains(characters[index])
                || (characters[index] == "." && characters.dropFirst(index + 1).first.map(isDigit) == true)
                || ("+-".contains(characters[index]) && "eE".contains(characters[index - 1]))
        {
            index += 1
        }
        let text = String(characters[start..<index])
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw Filter.Problem(position: start + 1, message: "\(text) is no number")
        }
        return .number(number)
    }
}

/// Reads a condition by recursive descent.
struct FilterParser {
    let tokens: [FilterToken]
    private var index = 0
    private var depth = 0

    init(tokens: [FilterToken]) { self.tokens = tokens }

    private var current: FilterToken { tokens[index] }

    mutating func parse() throws(Filter.Problem) -> Filter.Expression {
        let expression = try disjunction()
        guard current.kind == .end else { throw unexpected("an operator, or the end") }
        return expression
    }

    private func unexpected(_ expected: String) -> Filter.Problem {
        Filter.Problem(position: current.position, message: "\(expected) is expected, not \(current.text)")
    }

    private mutating func take(_ sign: String) -> Bool {
        guard current.kind == .sign(sign) else { return false }
        index += 1
        return true
    }

    private mutating func require(_ sign: String) throws(Filter.Problem) {
        guard take(sign) else { throw unexpected(sign) }
    }

    private mutating func disjunction() throws(Filter.Problem) -> Filter.Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Filter.depthLimit else {
            throw Filter.Problem(
                position: current.position, message: "the condition is nested more than \(Filter.depthLimit) deep")
        }
        var expression = try conjunction()
        while take("||") { expression = .or(expression, try conjunction()) }
        return expression
    }

    private mutating func conjunction() throws(Filter.Problem) -> Filter.Expression {
        var expression = try relation()
        while take("&&") { expression = .and(expression, try relation()) }
        return expression
    }

    private mutating func relation() throws(Filter.Problem) -> Filter.Expression {
        let left = try negation()
        guard let comparison = comparison() else { return left }
        let right = try negation()
        let position = current.position
        guard self.comparison() == nil else {
            throw Filter.Problem(position: position, message: "comparisons do not follow each other: put && between")
        }
        return .compare(comparison, left, right)
    }

    private mutating func comparison() -> Filter.Comparison? {
        let comparison: Filter.Comparison? =
            switch current.kind {
            case .sign(let sign): Filter.Comparison(rawValue: sign)
            case .name("in"): .isIn
            default: nil
            }
        if comparison != nil { index += 1 }
        return comparison
    }

    private mutating func negation() throws(Filter.Problem) -> Filter.Expression {
        var isNegated = false
        var hasSign = false
        while take("!") {
            isNegated.toggle()
            hasSign = true
        }
        let expression = try postfix()
        // Twice is not nothing: it makes a boolean of what is none.
        return isNegated ? .not(expression) : hasSign ? .not(.not(expression)) : expression
    }

    private mutating func postfix() throws(Filter.Problem) -> Filter.Expression {
        var expression = try primary()
        while true {
            if take(".") {
                expression = try memberOrCall(of: expression)
            } else if take("[") {
                guard case .value(let key) = current.kind, key.string != nil || (key.integer ?? -1) >= 0 else {
                    throw unexpected("a name in quotes or a place from 0")
                }
                index += 1
                try require("]")
                expression = .member(expression, .literal(key))
            } else {
                return expression
            }
        }
    }

    private mutating func memberOrCall(of target: Filter.Expression) throws(Filter.Problem) -> Filter.Expression {
        guard case .name(let name) = current.kind else { throw unexpected("the name of a member") }
        let position = current.position
        index += 1
        guard take("(") else { return .member(target, .literal(.string(name))) }
        guard let function = Filter.Function(rawValue: name) else {
            let known = Filter.Function.allCases.map(\.rawValue).joined(separator: ", ")
            throw Filter.Problem(
                position: position, message: "there is no function \(name): there are has, size, \(known)")
        }
        let argument = function == .lowerAscii ? nil : try disjunction()
        try require(")")
        return .call(function, target, argument)
    }

    private mutating func primary() throws(Filter.Problem) -> Filter.Expression {
        let token = current
        switch token.kind {
        case .value(let value):
            index += 1
            return .literal(value)
        case .name(let name):
            index += 1
            return try named(name, at: token.position)
        case .sign("("):
            index += 1
            let expression = try disjunction()
            try require(")")
            return expression
        case .sign("["):
            index += 1
            return try list()
        case .sign, .end: throw unexpected("a value, a name or a parenthesis")
        }
    }

    private mutating func list() throws(Filter.Problem) -> Filter.Expression {
        var elements: [Filter.Expression] = []
        if take("]") { return .list([]) }
        repeat { elements.append(try disjunction()) } while take(",")
        try require("]")
        return .list(elements)
    }

    private mutating func named(_ name: String, at position: Int) throws(Filter.Problem) -> Filter.Expression {
        if Filter.roots.contains(name) { return .root(name) }
        if name == "has" || name == "size", take("(") {
            let inner = try disjunction()
            try require(")")
            return name == "has" ? .isPresent(inner) : .size(inner)
        }
        let known = Filter.roots.sorted().joined(separator: ", ")
        throw Filter.Problem(position: position, message: "there is no name \(name): there are \(known)")
    }
}
