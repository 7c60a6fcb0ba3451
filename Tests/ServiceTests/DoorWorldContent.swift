import AlertCore
import Foundation
import Persistence

// What is configured there: one workflow with a form, an integration of each kind of authentication, people.
extension DoorWorld {
    static let form = Form(
        id: "22222222-0000-4000-8000-000000000001", number: 77, plan: plan.id, name: "Down", recipients: ["bob"],
        responseOptions: [
            ResponseOption(
                id: "44444444-0000-4000-8000-000000000001", number: 1, text: "Acknowledge", action: .recordResponse)
        ],
        sections: [
            FormSection(
                id: "s", title: "", type: "CUSTOM_SECTION", orderNum: 1,
                items: [
                    .init(id: "1", orderNum: 1, required: true, propertyDefinition: "p-host"),
                    .init(id: "2", orderNum: 2, propertyDefinition: "p-level"),
                ])
        ])

    static func addContent(to database: any SQLDatabase, _ secrets: SecretBox) async throws {
        let hash = PasswordHash.make(password, cost: .lowest)
        let people = [
            Person(
                id: "id-admin", targetName: "admin", firstName: "Ada", lastName: "Admin", roles: ["Full Access User"],
                passwordHash: hash, whenCreated: start),
            Person(
                id: "id-rest", targetName: "rest", firstName: "Rita", lastName: "Rest",
                roles: ["REST Web Service User"], passwordHash: hash, whenCreated: start),
            Person(
                id: "id-bob", targetName: "bob", firstName: "Bob", lastName: "Smith", passwordHash: hash,
                whenCreated: start),
            Person(id: "id-eve", targetName: "eve", firstName: "Eve", lastName: "Jones", whenCreated: start),
        ]
        let integrations =
            [
                ("simple", .url), ("any", .any), ("basic", .basic), ("key", .apiKey), ("token", .oauth2),
            ].map { integration($0, $1, secrets) } + [
                integration("script", .url, secrets) { ($0.operation, $0.script) = (.runScript, "1") },
                integration("filtered", .url, secrets),
                integration("limited", .url, secrets) { $0.floodControl = true },
                integration("nobody", .url, secrets) { $0.authenticatingUser = "id-bob" },
            ]
        let key = APIKey(
            id: "x-api-key-1", person: "id-rest", name: "k", secretHash: Authenticator.secretHash("key-secret"),
            created: start)
        try await database.transaction { connection in
            let directory = Directory(connection)
            let origin = Origin(actor: "<test>", causation: "test", correlation: "test")
            for person in people { try directory.put(person, by: origin, at: start) }
            for (index, owner) in ["bob", "eve", "rest"].enumerated() {
                try directory.put(
                    Device(
                        id: "d-\(owner)", number: Int64(index + 1), owner: "id-\(owner)", name: "Work Email",
                        deviceType: .email, emailAddress: "\(owner)@example.org"), by: origin, at: start)
            }
            try directory.put(plan, by: origin, at: start)
            try directory.put(
                PropertyDefinition(id: "p-host", plan: plan.id, propertyType: .text, name: "Host", maxLength: 10),
                by: origin, at: start)
            try directory.put(
                PropertyDefinition(
                    id: "p-level", plan: plan.id, propertyType: .singleSelect, name: "Level", items: ["high", "low"]),
                by: origin, at: start)
            try directory.put(form, by: origin, at: start)
            for integration in integrations { try directory.put(integration, by: origin, at: start) }
            try directory.put(key, by: origin, at: start)
            try directory.put(
                TriggerFilter(
                    id: "filter", plan: plan.id, trigger: "id-filtered", outputs: ["Host", "site"], threshold: 2),
                by: origin, at: start)
        }
    }

    static func integration(
        _ name: String, _ authentication: Integration.Authentication, _ secrets: SecretBox,
        _ change: (inout Integration) -> Void = { _ in }
    ) -> Integration {
        var integration = Integration(
            id: "id-\(name)", plan: plan.id, form: form.id, name: name, integrationType: .inbound,
            operation: .createAlert, authenticationType: authentication,
            sealedKey: secrets.seal(key, for: .integrationKey("id-\(name)")), authenticatingUser: "id-rest")
        change(&integration)
        return integration
    }
}
