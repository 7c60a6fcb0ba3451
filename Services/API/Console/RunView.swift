import AlertCore
import Persistence

/// What came of a run, as pages show it.
struct RunView: Sendable {
    struct Problem: Sendable {
        let kind: String
        let message: String
        /// "line 4, column 7".
        let place: String?
        /// The line in the editor.
        let href: String?
        let source: [Line]
        let hasSource: Bool
    }

    /// A line of the script.
    struct Line: Sendable {
        let number: String
        let text: String
        let isCulprit: Bool
    }

    struct Alert: Sendable {
        let id: String
        let number: String
    }

    /// An alert that a dry run would have made.
    struct Draft: Sendable {
        let subject: String
        let form: String
        let priority: String
        let priorityClass: String
        let recipients: String
        let properties: [NamedValue]
    }

    /// What was printed, or a call.
    struct Step: Sendable {
        let printed: String?
        let call: Call?
    }

    struct Call: Sendable {
        let title: String
        let status: String
        let statusClass: String
        let took: String
        let request: String
        let answer: String
        let cut: String?
    }

    /// Lines of the script that are shown before and after the one with the error.
    private static let surroundings = 4

    let isDry: Bool
    let isRunning: Bool
    let problem: Problem?
    let alerts: [Alert]
    let drafts: [Draft]
    let hasAlerts: Bool
    let steps: [Step]
    let hasSteps: Bool
    let notes: [String]
    let outputs: [NamedValue]
    let hasOutputs: Bool

    /// - Parameter script: The text that ran; `nil` when there was none, or it is not known any more.
    init(_ activity: Activity, script: String?) {
        isDry = activity.run?.attempt == .dryRun
        isRunning = activity.status == .running
        problem = activity.problem.map { Self.problem($0, activity, script: script) }
        alerts = activity.alerts.map { Alert(id: $0.id, number: String($0.number)) }
        drafts = activity.drafts.map(Self.draft)
        hasAlerts = !alerts.isEmpty || !drafts.isEmpty
        steps = activity.steps.map(Self.step)
        hasSteps = !steps.isEmpty
        notes = activity.notes
        outputs = activity.outputs.sorted { $0.key < $1.key }.map { NamedValue(name: $0.key, value: $0.value) }
        hasOutputs = !outputs.isEmpty
    }

    private static func problem(_ problem: Activity.Problem, _ activity: Activity, script: String?) -> Problem {
        let column = problem.column.map { ", column \($0)" } ?? ""
        let source = problem.line.map { excerpt(of: script ?? "", around: $0) } ?? []
        let isSaved = activity.script?.version != nil && activity.script?.owner == Integration.kind
        return Problem(
            kind: title(of: problem.kind), message: problem.message,
            place: problem.line.map { "line \($0)\(column)" },
            href: problem.line.flatMap { isSaved ? "/console/integrations/\(activity.integration)?line=\($0)" : nil },
            source: source, hasSource: !source.isEmpty)
    }

    private static func title(of kind: String) -> String {
        switch kind {
        case "syntax": "The script is not valid"
        case "thrown": "The script failed"
        case "timeout": "The script took too long"
        case "memory": "The script needs too much memory"
        case "request": "The request cannot become an alert"
        case "configuration": "The integration is not complete"
        default: kind.capitalized
        }
    }

    private static func excerpt(of script: String, around line: Int) -> [Line] {
        let lines = script.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.indices.contains(line - 1) else { return [] }
        let shown = max(1, line - surroundings)...min(lines.count, line + surroundings)
        return shown.map { Line(number: String($0), text: String(lines[$0 - 1].prefix(500)), isCulprit: $0 == line) }
    }

    private static func draft(_ details: AlertDetails) -> Draft {
        let names = details.recipients.map(\.targetName).joined(separator: ", ")
        return Draft(
            subject: details.subject, form: "\(details.plan.name) · \(details.form.name)",
            priority: details.priority.rawValue.capitalized, priorityClass: details.priority.rawValue.lowercased(),
            recipients: names.isEmpty ? "nobody" : names,
            properties: details.properties.sorted { $0.key < $1.key }.map {
                NamedValue(name: $0.key, value: $0.value.readable)
            })
    }

    private static func step(_ step: Activity.Step) -> Step {
        switch step {
        case .printed(let text): return Step(printed: text, call: nil)
        case .call(let call):
            let title =
                switch call.kind {
                case .http: "\(call.method) \(call.url)"
                case .form: "form.post → \(call.url)"
                case .token: "http.authenticate → \(call.url)"
                }
            let isGood = call.status.map { (200..<300).contains($0) } ?? false
            return Step(
                printed: nil,
                call: Call(
                    title: title, status: call.status.map(String.init) ?? "no answer",
                    statusClass: isGood ? "good" : "bad",
                    took: Duration.milliseconds(call.durationMilliseconds).readable, request: call.requestText,
                    answer: call.problem.map { "\($0)\n\n\(call.answerText)" } ?? call.answerText, cut: call.cut))
        }
    }
}

extension RequestedRun.Attempt {
    var title: String {
        switch self {
        case .test: "Test"
        case .rerun: "Run again"
        case .dryRun: "Dry run"
        }
    }
}
