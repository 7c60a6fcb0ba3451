import AlertCore
import Persistence

extension OperationGroup {
    static let imports = OperationGroup(
        name: "Imports",
        operations: [
            .list(
                "imports", of: "Import", "Imports of people, newest first.",
                query: """
                    sortBy: enum(NAME, STATUS, STARTED, FINISHED_AT, LAST_UPDATED_AT, PROCESSED_COUNT, TOTAL_COUNT)
                    sortOrder: enum(ASCENDING, DESCENDING)
                    status: list(\(Notation.names(UserImport.Status.self)))
                    transformType: list
                    """, access: .makingPeople),
            .get("imports/{import}", "Import", "How far an import is.", access: .makingPeople),
            .list(
                "imports/{import}/import-messages", of: "ImportMessage", "What there was to say about lines.",
                query: """
                    messageLevels: list(\(Notation.names(ImportMessage.Level.self)))
                    """, access: .makingPeople),
            OperationDescription(
                method: .post, path: "uploads/users-v1", summary: "Imports people from a file, in the background.",
                notes: """
                    Also as the file of a `multipart/form-data`, which may have a `name` beside it. A line about \
                    somebody whom the caller may not change is passed over, with a message.
                    """,
                query: "name: text(..255) -- Of the import, where the body has none.", body: "file",
                bodyMedia: "text/csv", answers: [202: "Import"], access: .makingPeople),
        ],
        answers: [
            "Import": """
            by!: PersonReference
            failedCount!: integer(0..) -- Lines that could not be used.
            finishedAt: time
            id!: text
            lastUpdatedAt!: time
            links!: Links
            messageCount!: integer(0..)
            name!: text
            processedCount!: integer(0..)
            processingAt: time
            started!: time
            status!: enum(\(Notation.names(UserImport.Status.self)))
            totalCount!: integer(0..)
            transform!: object
              name!: text
              url!: text
            """,
            "ImportMessage": """
            column: text
            description!: text
            id!: text
            line: integer
            messageLevel!: enum(\(Notation.names(ImportMessage.Level.self)))
            messageType!: enum(PROCESSING_ERROR, VALIDATION_ERROR, VALIDATION_WARNING)
            """,
        ])
}
