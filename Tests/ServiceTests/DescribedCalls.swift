import AlertCore
import Foundation
import Testing

@testable import API

/// Compares what the API does in the tests with what its OpenAPI document says.
enum DescribedCalls {
    private static let descriptions = Dictionary(
        OperationGroup.all.flatMap(\.operations).map { ($0.key, $0) }
    ) { first, _ in first }
    private static let check = SchemaCheck(schemas: OpenAPIDocument.schemas)

    /// Every call of the API within `test` is compared.
    static func checking<Value>(_ test: () async throws -> Value) async rethrows -> Value {
        try await RESTObservation.$observer.withValue({ observation in compare(observation) }) { try await test() }
    }

    private static func compare(_ observation: RESTObservation) {
        let key = observation.route.key
        // What is not described at all, another test says.
        guard let description = descriptions[key] else { return }
        for problem in problems(observation, description) { Issue.record("\(key): \(problem)") }
    }

    private static func problems(_ observation: RESTObservation, _ description: OperationDescription) -> [String] {
        unknownNames(observation, description) + wrongAnswer(observation, description)
    }

    private static func wrongAnswer(
        _ observation: RESTObservation, _ description: OperationDescription
    ) -> [String] {
        let operation = OpenAPIDocument.Operation(group: "", description: description, route: observation.route)
        guard let answer = observation.answer else {
            guard let error = observation.error as? RestError, error.code < 500 else { return [] }
            return operation.errorCodes.contains(error.code) ? [] : ["the answer \(error) is not described"]
        }
        guard let type = description.answers[answer.status.code] else {
            return ["the answer \(answer.status) is not described"]
        }
        if answer.file != nil || description.answerMedia != "application/json" {
            return (answer.file != nil) == (description.answerMedia != "application/json")
                ? [] : ["the answer's media type is not the one that is described"]
        }
        guard let body = answer.body else { return type.isEmpty ? [] : ["the answer has no body"] }
        guard !type.isEmpty else { return ["the answer has a body"] }
        return check.problems(body, SchemaText().type(type))
    }

    /// What the handler asked the query for without the description saying so.
    private static func unknownNames(_ observation: RESTObservation, _ description: OperationDescription) -> [String] {
        let operation = OpenAPIDocument.Operation(group: "", description: description, route: observation.route)
        let known = Self.known(operation.queryFields)
        return (observation.call.query.reads?.all ?? []).subtracting(known).filter { $0.hasPrefix("?") }.sorted()
            .map { "the parameter \($0) is not described" }
    }

    /// As ``ReadNames`` has them.
    static func known(_ fields: [SchemaField]) -> Set<String> {
        let embeds = fields.first { $0.name == "embed" }?.schema["items"]?["enum"]?.array ?? []
        return Set(fields.map { "?\($0.name)" } + embeds.compactMap(\.string).map { "?embed=\($0)" })
    }
}
