import ArgumentParser
import Foundation

// What a shell offers behind the Tab key: names of the server that the command line, the environment or the file of
// profiles says. Without one, or without an answer, there is nothing to offer.
extension CompletionKind {
    static let people = names(of: .person)
    static let groups = names(of: .group)
    static let workflows = names(of: .workflow)
    static let forms = names(of: .form)
    static let integrations = names(of: .integration)
    static let profiles = CompletionKind.custom { _, _, _ in
        (try? Profiles.load().profiles.keys.sorted()) ?? []  // nothing to offer
    }

    private static let patience = Duration.seconds(3)

    private static func names(of kind: NamedKind) -> CompletionKind {
        .custom { words, _, prefix in await fetched(kind, words, prefix) }
    }

    private static func fetched(_ kind: NamedKind, _ words: [String], _ prefix: String) async -> [String] {
        // Whatever goes wrong, there is nothing to offer.
        guard let options = try? ServerOptions.parse(serverWords(in: words)), var client = try? options.client() else {
            return []
        }
        client.timeout = patience
        let rows = (try? await client.all(kind, for: prefix)) ?? []  // nothing to offer
        await client.close()
        let names = rows.map { row in
            switch kind {
            case .form, .integration: kind.names(row)[1]
            case .person, .group, .workflow: kind.names(row)[0]
            }
        }
        return Array(Set(names)).sorted()
    }

    /// The options of a command line that say which server, and as whom.
    private static func serverWords(in words: [String]) -> [String] {
        var found: [String] = []
        for (index, word) in words.enumerated() {
            if ["--url", "--key", "--user", "--profile", "--ca"].contains(word), index + 1 < words.count {
                let value = words[index + 1].trimmingCharacters(in: CharacterSet(charactersIn: "'\""))
                // Without its password it would be asked for.
                if word != "--user" || value.contains(":") { found += [word, value] }
            } else if word == "--insecure" {
                found.append(word)
            }
        }
        return found
    }
}
