import Foundation

/// A small workflow: a monitoring tool's request becomes an alert, two systems are told about it.
struct DemoWorkflow {
    let triggerURL: String

    /// Without the key.
    var shownTriggerURL: String { triggerURL.prefix { $0 != "?" } + "?apiKey=…" }

    static let sample = """
        {"check": "disk", "host": "db-01", "value": 93.5, "limit": 90}
        """

    private static let script = """
        var data = JSON.parse(request.body);
        trigger.properties = {
            "Host": data.host,
            "Problem": data.check + " is at " + data.value + " %, the limit is " + data.limit + " %"
        };
        trigger.priority = data.value > 95 ? "HIGH" : "MEDIUM";
        console.log("A request about " + data.host);
        form.post(trigger);
        """

    static func make(_ client: DemoClient, receiverPort: Int) async throws -> DemoWorkflow {
        let plan = try await client.id(of: "/plans", ["name": "Monitoring"])
        var items: [[String: Any]] = []
        for name in ["Host", "Problem"] {
            let property = try await client.id(
                of: "/plans/\(plan)/property-definitions", ["name": name, "propertyType": "TEXT"])
            items.append(["propertyDefinition": ["id": property], "includeInCallback": true])
        }
        let form = try await client.id(of: "/plans/\(plan)/forms", ["name": "Problem"])
        _ = try await client.post(
            "/forms/\(form)/sections", ["type": "CUSTOM_SECTION", "title": "What happened", "items": items])
        _ = try await client.post(
            "/plans/\(plan)/endpoints",
            [
                "name": "Receiver", "url": "http://127.0.0.1:\(receiverPort)", "endpointType": "EXTERNAL",
                "authenticationType": "NO_AUTH",
            ])
        for (name, path) in [("Ticket system", "/tickets"), ("Chat", "/chat")] {
            _ = try await client.post(
                "/plans/\(plan)/integrations",
                [
                    "name": name, "form": ["id": form], "integrationType": "OUTBOUND_WEBHOOK",
                    "operation": "SEND_WEBHOOK", "triggeredBy": "STATUS", "endpoint": "Receiver", "path": path,
                    "createdBy": "IB", "deployed": true,
                ])
        }
        let inbound = try await client.post(
            "/plans/\(plan)/integrations",
            [
                "name": "Disk monitor", "form": ["id": form], "integrationType": "INBOUND_WEBHOOK",
                "operation": "CREATE_EVENT", "authenticationType": "URL", "createdBy": "IB", "deployed": true,
                "script": Data(script.utf8).base64EncodedString(),
            ])
        guard let url = inbound["triggerUrl"] as? String else { throw DemoError("the integration has no triggerUrl") }
        return DemoWorkflow(triggerURL: url)
    }
}

extension DemoClient {
    fileprivate func id(of path: String, _ body: [String: Any]) async throws -> String {
        guard let id = try await post(path, body)["id"] as? String else {
            throw DemoError("POST \(path) answered no id")
        }
        return id
    }
}
