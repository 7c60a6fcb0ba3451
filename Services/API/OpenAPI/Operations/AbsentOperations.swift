/// Operations of the platform that have no meaning here.
extension OperationGroup {
    static let absent = OperationGroup(
        name: "What is not here",
        operations: [
            OperationDescription(
                method: .get, path: "groups/{group}/calendar", summary: "Retired: the answer says what to ask instead.",
                answers: [:], errors: [501]),
            OperationDescription(
                method: .post, path: "uploads/epic-v1", summary: "Files of Epic's ZipSync are not read here.",
                body: "file", isBodyRequired: false, bodyMedia: "application/zip", answers: [:], errors: [501]),
        ])
}
