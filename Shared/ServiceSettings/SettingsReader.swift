import Configuration
import Foundation
import SystemPackage

/// Everything that is wrong with the settings, so that one restart fixes it.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
    public let problems: [String]
    public var description: String { problems.joined(separator: "\n") }

    public init(problems: [String]) { self.problems = problems }
}

/// Reads settings: flags over environment over file over defaults. Collects everything that is wrong, so that
/// all of it is said together by ``finish()``.
public final class SettingsReader {
    private let reader: ConfigReader
    private var problems: [String] = []

    /// - Parameter arguments: Without the program's name.
    /// - Throws: When a flag is unknown, or the file cannot be read: nothing further can be trusted then.
    public init(arguments: [String], environment: [String: String]) async throws(SettingsError) {
        let unknown = Self.unknownNames(in: arguments, environment)
        guard unknown.isEmpty else { throw SettingsError(problems: unknown) }
        let flags = CommandLineArgumentsProvider(arguments: ["tocsin"] + arguments)
        let variables = EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "tocsin")
        let first = ConfigReader(providers: [flags, variables])
        guard let path = first.string(forKey: Self.key(.config)) else {
            reader = first
            return
        }
        do {
            let file = try await EnvironmentVariablesProvider(environmentFilePath: FilePath(path))
            reader = ConfigReader(providers: [flags, variables, file.prefixKeys(with: "tocsin")])
        } catch {
            throw SettingsError(problems: ["\(Setting.config.flag): \(path) cannot be read: \(error)"])
        }
    }

    /// Says all that was found wrong. - Throws: ``SettingsError`` if anything was.
    public func finish() throws(SettingsError) {
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
    }

    /// Notes that a value is wrong in a way that its kind does not show.
    public func refuse(_ setting: Setting, _ problem: String) {
        problems.append("\(setting.flag) (\(setting.variable)) \(problem)")
    }

    /// The value, or the default; `nil` where there is neither. An empty text is no value.
    public func text(_ setting: Setting) -> String? {
        let value = reader.string(forKey: Self.key(setting), isSecret: setting.isSecret)
        return value.flatMap { $0.isEmpty ? nil : $0 } ?? setting.defaultValue
    }

    /// The value of a setting that has to be there.
    public func required(_ setting: Setting) -> String {
        guard let value = text(setting) else {
            refuse(setting, "is missing: \(setting.help)")
            return ""
        }
        return value
    }

    public func number(_ setting: Setting, in range: ClosedRange<Int>, default other: Int? = nil) -> Int {
        guard let text = text(setting) else { return other ?? range.lowerBound }
        guard let number = Int(text), range.contains(number) else {
            refuse(setting, "is \(text); it must be from \(range.lowerBound) to \(range.upperBound)")
            return other ?? range.lowerBound
        }
        return number
    }

    /// The value as `parse` makes it; what that throws is said with the setting's name.
    public func parsed<Value>(_ setting: Setting, _ parse: (String) throws -> Value) -> Value? {
        guard let text = text(setting) else { return nil }
        do {
            return try parse(text)
        } catch {
            refuse(setting, "is wrong: \(error)")
            return nil
        }
    }

    private static func key(_ setting: Setting) -> ConfigKey {
        ConfigKey(setting.name.split(separator: "-").map(String.init))
    }

    /// What the commands of `tocsin` read where they talk to a server: no settings of a process, and no
    /// mistake beside them.
    private static let clientVariables: Set<String> = ["TOCSIN_URL", "TOCSIN_API_KEY", "TOCSIN_PROFILE"]

    /// Flags that no setting has, and variables that look like ours and are not: a typo is said, not passed over.
    private static func unknownNames(in arguments: [String], _ environment: [String: String]) -> [String] {
        let flags = Set(Setting.all.map(\.flag))
        let variables = Set(Setting.all.map(\.variable))
        var problems: [String] = []
        var isValue = false
        for argument in arguments {
            let name = String(argument.prefix { $0 != "=" })
            if argument.hasPrefix("--") {
                if !flags.contains(name) { problems.append("\(name) is no setting\(suggestion(name, flags))") }
                isValue = !argument.contains("=")
            } else {
                if !isValue { problems.append("\(argument) belongs to no flag") }
                isValue = false
            }
        }
        let known = variables.union(clientVariables)
        for name in environment.keys.sorted() where name.hasPrefix("TOCSIN_") && !known.contains(name) {
            problems.append("\(name) is no setting\(suggestion(name, variables))")
        }
        return problems
    }

    private static func suggestion(_ name: String, _ known: Set<String>) -> String {
        let best = known.min { ($0.distance(to: name), $0) < ($1.distance(to: name), $1) }
        guard let best, best.distance(to: name) <= 3 else { return "" }
        return "; did you mean \(best)?"
    }
}

extension String {
    /// Levenshtein's distance: how many letters have to be put in, taken out or changed.
    fileprivate func distance(to other: String) -> Int {
        let (left, right) = (Array(self), Array(other))
        var row = Array(0...right.count)
        for i in left.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let next = left[i] == right[j] ? diagonal : Swift.min(diagonal, row[j], row[j + 1]) + 1
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[right.count]
    }
}
