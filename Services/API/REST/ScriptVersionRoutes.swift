import AlertCore
import Foundation
import Persistence

extension RESTServices {
    /// Every text that the script of an integration or of a library has had.
    var scriptVersionRoutes: [RESTRoute] {
        versionRoutes(of: Integration.self, in: "integrations/{integration}") { $0.script = $1 }
            + versionRoutes(of: SharedLibrary.self, in: "shared-libraries/{part}") { $0.script = $1 }
    }

    private func versionRoutes<Owner: ScriptOwner>(
        of type: Owner.Type, in collection: String, set: @escaping @Sendable (inout Owner, String) -> Void
    ) -> [RESTRoute] {
        let base = "plans/{plan}/\(collection)/script-versions"
        return [
            .get(base) { call in
                let paging = try call.query.paging()
                let pair = try Self.pair(call.query["diff"])
                return try await read { directory in
                    let owner: Owner = try Self.owner(call, directory)
                    let versions = ScriptVersions(directory)
                    if let pair { return .ok(try Self.difference(pair, of: owner, versions)) }
                    let (total, rows) = try versions.list(of: owner, offset: paging.offset, limit: paging.limit)
                    return .ok(call.page(rows.map { Self.wire($0, at: call.path) }, total: total, paging))
                }
            },
            // Saves the text of an older version anew.
            .post(base) { call in
                let number = try call.fields().integer("restore", in: 1...1_000_000)
                guard let number else { throw RestError.missingField("restore") }
                return try await write(call) { edit in
                    var owner: Owner = try Self.owner(call, edit.directory)
                    set(&owner, try Self.version(number, of: owner, ScriptVersions(edit.directory)).script)
                    try edit.put(owner)
                    let present: Owner = try Self.owner(call, edit.directory)
                    let versions = ScriptVersions(edit.directory)
                    let (version, _) = try Self.version(present.scriptVersion ?? 1, of: present, versions)
                    return .ok(Self.wire(version, at: call.path))
                }
            },
            .get("\(base)/{number}") { call in
                try await read { directory in
                    let owner: Owner = try Self.owner(call, directory)
                    let number = Int(call.parameter("number")) ?? 0
                    let (version, script) = try Self.version(number, of: owner, ScriptVersions(directory))
                    let list = call.path.split(separator: "/").dropLast().joined(separator: "/")
                    let text = JSONValue.string(Data(script.utf8).base64EncodedString())
                    return .ok(
                        .object((Self.wire(version, at: "/\(list)").object ?? [:]).merging(["script": text]) { $1 }))
                }
            },
        ]
    }

    private static func owner<Owner: ScriptOwner>(_ call: RESTCall, _ directory: Directory) throws -> Owner {
        let plan = try directory.required(Plan.self, call.parameter("plan"))
        return try directory.required(
            Owner.self, call.parameters["integration"] ?? call.parameter("part"), in: plan.id)
    }

    private static func version(
        _ number: Int, of owner: some ScriptOwner, _ versions: ScriptVersions
    ) throws -> (version: ScriptVersion, script: String) {
        guard let version = try versions.get(number, of: owner) else {
            throw RestError.notFound("There is no version \(number) of the script.")
        }
        return version
    }

    /// `3,5`.
    private static func pair(_ text: String?) throws(RestError) -> (Int, Int)? {
        guard let text, !text.isEmpty else { return nil }
        let numbers = text.split(separator: ",").map { Int($0) }
        guard numbers.count == 2, let from = numbers[0], let to = numbers[1] else {
            throw .invalidValue("diff", "it must name two versions, as in 3,5.")
        }
        return (from, to)
    }

    private static func difference(
        _ pair: (Int, Int), of owner: some ScriptOwner, _ versions: ScriptVersions
    ) throws -> JSONValue {
        let (from, to) = pair
        let texts = (try version(from, of: owner, versions).script, try version(to, of: owner, versions).script)
        let difference = TextDifference(from: texts.0, to: texts.1)
        return [
            "from": .whole(from), "to": .whole(to),
            "diff": .string(difference.unified(from: "version \(from)", to: "version \(to)")),
        ]
    }

    private static func wire(_ version: ScriptVersion, at path: String) -> JSONValue {
        [
            "number": .whole(version.number), "author": .string(version.author),
            "created": .string(version.createdAt.iso), "hash": .string(version.hash), "size": .whole(version.size),
            "links": ["self": .string("\(path)/\(version.number)")],
        ]
    }
}
