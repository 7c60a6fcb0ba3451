import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Notifier
import Persistence

/// People and systems outside: requests that come in, answers to messages, comments.
extension SimWorld {
    private static let silent = Logger(label: "client") { _ in SwiftLogNoOpLogHandler() }

    func sendRequests() async {
        await withDiscardingTaskGroup { tasks in
            for number in 0..<plan.requests {
                let delay = chance.seconds(0...max(1, plan.activeSeconds - 5))
                tasks.addTask { [self] in
                    await executor.pause(delay)
                    await request(number)
                }
            }
            tasks.addTask { [self] in await talk() }
        }
    }

    /// Sends one request until it is accepted, or a few times.
    private func request(_ number: Int) async {
        let integration = chance.pick(SimContent.inbound)
        let recipients: [[String]] = [["desk"], ["night"], ["ann"], ["bob", "night"], ["desk", "fay"], []]
        let named = chance.pick(recipients).filter { $0 != "bob" }.map { #"{"id":"\#($0)"}"# }
        let list = named.isEmpty ? "" : #","recipients":[\#(named.joined(separator: ","))]"#
        let body = #"{"properties":{"Token":"r-\#(number)"}\#(list)}"#
        for _ in 0..<6 {
            let doors = running(.ingest)
            if let program = doors.isEmpty ? nil : chance.pick(doors), await post(body, to: integration, by: program) {
                return
            }
            await executor.pause(chance.milliseconds(500...10_000))
        }
    }

    private func post(_ body: String, to integration: String, by program: SimProgram) async -> Bool {
        guard let door = program.door else { return false }
        let request = Request(
            head: HTTPRequest(
                method: .post, scheme: nil, authority: nil,
                path: "/api/integration/1/functions/\(integration)/triggers?apiKey=\(SimContent.key)",
                headerFields: [.contentType: "application/json", .contentLength: String(body.utf8.count)]),
            body: RequestBody(buffer: ByteBuffer(string: body)))
        let begunAt = executor.now
        do {
            let response = try await door.respond(
                to: request, context: SimContext(source: .init(logger: Self.silent)))
            let collected = Collected()
            try await response.body.write(Collector(collected: collected))
            // A process that has died meanwhile has not answered.
            guard !program.process.isDead else { return false }
            guard response.status == .accepted else {
                let span = History.Span(from: begunAt, to: executor.now)
                history.refused.append(.init(span: span, status: response.status.code))
                return false
            }
            let answer: [String: String] = try JSON.decode(collected.text)
            let id = answer["requestId"] ?? ""
            history.note("\(program.process.run) accepts \(id)")
            history.accepted.append(.init(requestId: id, integration: integration, at: executor.now))
            return true
        } catch {
            return false
        }
    }

    // MARK: - People

    /// Some of the messages are answered, some twice.
    func takeMessages() {
        providers.reached = { [weak self] message in
            guard let self, chance.happens(0.4) else { return }
            let times = chance.happens(0.2) ? 2 : 1
            let option = chance.pick(SimContent.options).id
            for _ in 0..<times {
                let delay = chance.seconds(1...90)
                Task { [self] in
                    await executor.pause(delay)
                    await answer(message.id, option)
                }
            }
        }
    }

    private func answer(_ notification: String, _ option: String) async {
        let row = try? store.read { try Notifications($0).get([notification]).first }
        guard let plan = row?.plan, !plan.alert.isEmpty else { return }
        let response = AlertResponse(
            id: "answer-\(notification)", by: plan.recipient, device: plan.device.name, option: option, comment: nil,
            source: "WEB")
        await say(.respond(response), .response, response.id, on: plan.alert, by: plan.recipient.targetName)
    }

    /// Comments, suspends, resumes and ends alerts at any time.
    private func talk() async {
        let ann = PersonReference(id: "ann", targetName: "ann", firstName: "ann", lastName: "X")
        for number in 0..<chance.int(0...8) {
            await executor.pause(chance.seconds(1...max(2, min(60, plan.activeSeconds / 8))))
            guard let alert = history.begunAlerts.isEmpty ? nil : chance.pick(history.begunAlerts) else { continue }
            let command: Alert.Command = chance.pick(weighted: [
                (5, .comment(id: "comment-\(number)", by: ann, text: "A word")), (1, .suspend(by: ann)),
                (1, .resume(by: ann)), (1, .terminate(by: ann)),
            ])
            let id = if case .comment(let id, _, _) = command { id } else { "" }
            await say(command, .comment, id, on: alert, by: "ann")
        }
    }

    private func say(
        _ command: Alert.Command, _ kind: History.Said.Kind, _ id: String, on alert: String, by person: String
    ) async {
        let index = history.said.count
        history.said.append(.init(kind: kind, id: id, alert: alert, isConfirmed: false))
        // What has no id of its own is not said again: nobody could tell it from a second one.
        for _ in 0..<(id.isEmpty ? 1 : 3) {
            let desks = running(.api)
            guard let desk = desks.isEmpty ? nil : chance.pick(desks), let gateway = desk.gateway else { return }
            do {
                history.note("\(person) says \(id.isEmpty ? "\(command)".prefix(9) : id[...]) on \(alert)")
                try await gateway.send(command, to: alert, by: person, correlation: "said")
                history.said[index].isConfirmed = !desk.process.isDead
                return
            } catch let error as RestError where error.code == 409 {
                return
            } catch {
                await executor.pause(chance.milliseconds(500...8000))
            }
        }
    }
}

private final class Collected {
    var text = ""
}

private struct Collector: ResponseBodyWriter {
    let collected: Collected

    mutating func write(_ buffer: ByteBuffer) async throws { collected.text += String(buffer: buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
