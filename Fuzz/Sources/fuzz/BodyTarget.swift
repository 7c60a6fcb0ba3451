import AlertCore
import Foundation

/// Bodies of trigger requests: whatever they hold, there is an alert or a problem that names its field.
final class BodyTarget: FuzzTarget {
    private let assembly: AlertAssembly
    private let submitter: Person

    init() {
        let at = Timestamp(milliseconds: 0)
        let ann = Person(
            id: "person", targetName: "ann", firstName: "Ann", lastName: "Oh", roles: ["Full Access User"],
            whenCreated: at)
        let device = Device(id: "device", number: 1, owner: "person", name: "Work Email", deviceType: .email)
        let kinds = PropertyDefinition.Kind.allCases
        let definitions = kinds.map { kind in
            PropertyDefinition(
                id: kind.rawValue, plan: "plan", propertyType: kind, name: kind.rawValue, minLength: 1, maxLength: 20,
                pattern: "[a-z]+", minimum: 0, maximum: 100, items: ["a", "b"], categories: ["Country", "City"],
                paths: [["A", "B"], ["A", "C"]], delimiter: ">")
        }
        let section = FormSection(
            id: "section", title: "Section", type: FormSection.Kind.custom.rawValue, orderNum: 1,
            items: definitions.enumerated().map { index, definition in
                FormSection.Item(id: "item\(index)", orderNum: index, propertyDefinition: definition.id)
            })
        let form = Form(
            id: "form", number: 1000, plan: "plan", name: "Form", recipients: ["ann"],
            responseOptions: [ResponseOption(id: "option", number: 1, text: "Yes", action: .recordResponse)],
            emailTemplates: [Form.EmailTemplate(subject: "${TEXT} ${item2}", body: "<b>${TEXT}</b> ${HIERARCHY}")],
            sections: [section])
        assembly = AlertAssembly(
            plan: Plan(id: "plan", name: "Plan", created: at), form: form,
            definitions: Dictionary(uniqueKeysWithValues: definitions.map { ($0.id, $0) }),
            lookup: RecipientLookup(
                person: { $0 == "ann" ? ann : nil }, device: { $0 == "ann|Work Email" ? (device, ann) : nil }))
        submitter = ann
    }

    func take(_ bytes: [UInt8]) {
        do {
            let json = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            var notes: [String] = []
            let details = try assembly.details(
                AlertRequest(json), number: 1, requestId: "request", integration: nil, submitter: submitter,
                seal: { secret, _ in secret }, notes: &notes, optionId: { "option-\($0)" })
            let stored = try JSONEncoder().encode(details)
            let read = try JSONDecoder().decode(AlertDetails.self, from: stored)
            precondition(read == details, "does not come back")
        } catch is DecodingError {
        } catch let problem as FieldProblem {
            precondition(!problem.field.isEmpty && !problem.problem.isEmpty, "a problem without a field")
        } catch {
            fatalError("\(error)")
        }
    }
}
