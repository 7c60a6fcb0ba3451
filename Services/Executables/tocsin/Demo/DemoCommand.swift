import ArgumentParser
import Bootstrap
import Foundation
import Logging
import OutboundHTTP

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show it: start a server, send a sample request through a transformation, print what arrives.")

    @Option(help: "Directory for the demo's database; made anew each time.")
    var data = ".demo"

    @Option(help: "Port of the server; 0 takes a free one.")
    var port = 8080

    @Flag(help: "End at once, even when there is a terminal to wait at.")
    var once = false

    func run() async throws {
        try? FileManager.default.removeItem(atPath: data)  // absent at the first run
        let receiver = WebhookReceiver()
        let receiverPort = try await receiver.start()
        let server = DemoServer(data: data, port: port)
        try server.start()
        defer { server.stop() }
        do {
            let client = DemoClient(base: try await server.address())
            try await show(client, receiver, receiverPort)
            await client.close()
        } catch {
            FileHandle.standardError.write(Data("The demo failed: \(error)\nLog: \(data)/server.log\n".utf8))
            server.stop()
            throw ExitCode.failure
        }
        await receiver.stop()
    }

    private func show(_ client: DemoClient, _ receiver: WebhookReceiver, _ receiverPort: Int) async throws {
        print("Tocsin is running at \(client.base)")
        let workflow = try await DemoWorkflow.make(client, receiverPort: receiverPort)
        print("POST \(workflow.shownTriggerURL)\n\(DemoWorkflow.sample)\n")
        let requestId = try await client.trigger(workflow.triggerURL, DemoWorkflow.sample)
        print("202 Accepted, requestId \(requestId)")
        let alert = try await client.alert(requestId: requestId)
        let page = try await client.consolePage(alert: alert.id, expecting: alert.number)
        let properties = alert.properties.map { "\($0.key.replacing("#en", with: "")): \($0.value)" }.sorted()
        print("Alert \(alert.number): \(properties.joined(separator: "; "))")
        print("Its page (\(page.bytes) bytes): \(client.base)/console/alerts/\(alert.id)")
        print("  user \(DemoServer.user), password \(DemoServer.password)\n")
        for (index, webhook) in try await receiver.wait(for: 2).enumerated() {
            print("Webhook \(index + 1) arrived at \(webhook.path), webhook-id \(webhook.id)\n  \(webhook.body)")
        }
        guard !once, isatty(0) == 1, isatty(1) == 1 else { return }
        openBrowser("\(client.base)/console/alerts/\(alert.id)")
        print("\nThe server keeps running. Press Return to end it.")
        _ = readLine()
    }

    private func openBrowser(_ address: String) {
        guard ProcessInfo.processInfo.environment["DISPLAY"] != nil else { return }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["xdg-open", address]
        process.standardError = FileHandle.nullDevice
        try? process.run()  // without a browser, the printed address is there
    }
}
