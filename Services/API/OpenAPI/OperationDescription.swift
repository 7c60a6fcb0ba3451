import HTTPTypes
import Persistence

/// What the documentation says of one operation; see ``OperationGroup``. Types are in the notation of ``SchemaText``.
struct OperationDescription: Sendable {
    let method: HTTPRequest.Method
    /// As the route's, below `/api/xm/1/`; with a slash in front, a whole one.
    let path: String
    /// One sentence.
    let summary: String
    var notes = ""
    /// A field a line; the line `paging` stands for `offset` and `limit`.
    var query = ""
    /// `nil` where there is no body.
    var body: String?
    var isBodyRequired = true
    var bodyMedia = "application/json"
    /// The types of the answers that are no errors, by their status; an empty text for no body.
    var answers: [Int: String]
    var answerMedia = "application/json"
    /// Errors besides those that every operation can answer.
    var errors: [Int] = []
    /// What decides besides the route's permission; `nil` where that is all.
    var access: OperationAccess?

    /// As routes are told apart.
    var key: String { "\(method.rawValue) \(path)" }
}

extension OperationDescription {
    /// One page of a list.
    static func list(
        _ path: String, of element: String, _ summary: String, query: String = "", notes: String = "",
        access: OperationAccess? = nil
    ) -> OperationDescription {
        OperationDescription(
            method: .get, path: path, summary: summary, notes: notes, query: "paging\n" + query,
            answers: [200: "page(\(element))"], access: access)
    }

    static func get(
        _ path: String, _ answer: String, _ summary: String, query: String = "", notes: String = "",
        media: String = "application/json", access: OperationAccess? = nil
    ) -> OperationDescription {
        OperationDescription(
            method: .get, path: path, summary: summary, notes: notes, query: query, answers: [200: answer],
            answerMedia: media, access: access)
    }

    /// Makes or changes: 201 or 200.
    static func save(
        _ path: String, _ body: String, _ answer: String, _ summary: String, query: String = "", notes: String = "",
        access: OperationAccess? = nil
    ) -> OperationDescription {
        OperationDescription(
            method: .post, path: path, summary: summary, notes: notes, query: query, body: body,
            answers: [200: answer, 201: answer], errors: [409], access: access)
    }

    static func post(
        _ path: String, _ body: String?, _ answers: [Int: String], _ summary: String, query: String = "",
        notes: String = "", errors: [Int] = [409], access: OperationAccess? = nil
    ) -> OperationDescription {
        OperationDescription(
            method: .post, path: path, summary: summary, notes: notes, query: query, body: body, answers: answers,
            errors: errors, access: access)
    }

    static func put(
        _ path: String, _ body: String, _ answer: String, _ summary: String, query: String = ""
    ) -> OperationDescription {
        OperationDescription(
            method: .put, path: path, summary: summary, query: query, body: body, answers: [200: answer],
            errors: [409])
    }

    /// 200 with what was deleted, 204 when there was nothing.
    static func delete(
        _ path: String, _ answer: String, _ summary: String, query: String = "", notes: String = "",
        access: OperationAccess? = nil
    ) -> OperationDescription {
        OperationDescription(
            method: .delete, path: path, summary: summary, notes: notes, query: query,
            answers: [200: answer, 204: ""], errors: [409], access: access)
    }
}

/// Operations that belong together, with the schemas that they use and no earlier group has.
struct OperationGroup: Sendable {
    /// As a heading.
    let name: String
    let operations: [OperationDescription]
    /// What is answered, by the schema's name.
    var answers: [String: String] = [:]
    /// What is sent: `null` counts as absent there, and more fields than these are passed over.
    var requests: [String: String] = [:]

    /// All of the API. A new operation has its row in one of these.
    static let all: [OperationGroup] = [
        shared, events, deliveries, integrationLogs, signals, people, imports, devices, groups, shifts, onCall,
        absences, services, incidents, plans, planParts, forms, scenarios, subscriptions, integrations, scripts, audit,
        system, others, absent,
    ]
}

/// A rule that decides besides the permission.
enum OperationAccess: Sendable {
    /// Groups: who administers groups every one, who supervises groups those that name them as a supervisor.
    case group
    /// Services: who administers the system every one, who may change a group those that the group looks after.
    case service
    /// People: who administers people, everybody with no more permissions; who supervises people, those whom they do.
    case person
    /// As `person`, and everybody themselves.
    case personOrOneself
    /// Imports: who may make people.
    case makingPeople
    /// Answers: who was notified, and who may change alerts.
    case answer
    /// Scenarios: who manages them by a role, and whom a form or a scenario lets change it.
    case scenario
    /// Everybody: what there is to see or do depends on the people and groups that it is about.
    case subject

    /// As a sentence.
    var text: String {
        switch self {
        case .group:
            "Needs `groups`, or `groups supervised` for the groups that name the caller as a supervisor."
        case .service:
            "Needs `system`, or `groups` for the services that a group looks after, or `groups supervised` for those "
                + "of the groups that name the caller as a supervisor."
        case .person:
            "Needs `people`, for everybody with no more permissions than the caller, or `people supervised`, for those "
                + "who have the caller among their supervisors."
        case .personOrOneself:
            "Of oneself, nothing more is needed; of others, `people` (everybody with no more permissions than the "
                + "caller) or `people supervised` (those who have the caller among their supervisors)."
        case .makingPeople: "Needs `people` or `people supervised`."
        case .answer: "Needs `change alerts`, but of those who were notified."
        case .scenario:
            "Needs `scenarios` or `workflows`, but of those whom the form lets manage its scenarios, or the scenario "
                + "lets change it."
        case .subject: "What is allowed depends on whom it is about."
        }
    }

    /// Whether everybody may who has the route's permission, of their own.
    var isForOneself: Bool {
        switch self {
        case .group, .service, .person, .makingPeople: false
        case .personOrOneself, .answer, .scenario, .subject: true
        }
    }

    /// What allows it for everything, each by itself, and what for one's own only.
    var permissions: (all: [Permission], own: Permission?) {
        switch self {
        case .group: ([.administerGroups], .superviseGroups)
        case .service: ([.administerSystem], .superviseGroups)
        case .person, .personOrOneself: ([.administerPeople], .supervisePeople)
        case .makingPeople: ([.administerPeople, .supervisePeople], nil)
        case .answer: ([.handleAlerts], nil)
        case .scenario: ([.manageScenarios, .writeConfiguration], nil)
        case .subject: ([], nil)
        }
    }
}
