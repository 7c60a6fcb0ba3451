import AlertCore
import Testing

/// The globals of spec §1.10.
struct TriggerOutputsTests {
    let at = Timestamp(milliseconds: 1_492_038_109_102)  // 2017-04-12T23:01:49.102Z
    let alert = details(properties: ["number": "INC0010057"], callbacks: [])

    func globals(_ event: Alert.Event, status: String = "ACTIVE") throws -> [String: JSONValue] {
        let outputs = TriggerOutputs(event, of: alert, id: "a-1", startedAt: at, status: status)
        return try #require(outputs).globals
    }

    @Test func theAlertIsThereUnderBothNames() throws {
        let globals = try globals(.created(details: alert, at: at))
        let event = try #require(globals["event"])
        #expect(event == globals["alert"])
        #expect(event["id"] == "a-1")
        #expect(event["eventId"] == "869000")
        #expect(event["alertId"] == "869000")
        #expect(event["properties"]?["number"] == "INC0010057")
        #expect(event["startTime"] == "2017-04-12T23:01:49.102Z")
        #expect(event["startDate"] == "2017-04-12")
    }

    @Test(arguments: [
        (Alert.Event.created(details: details(), at: Timestamp(milliseconds: 0)), "ACTIVE", "EVENT_CREATED", "mary"),
        (.suspended(by: bob, at: Timestamp(milliseconds: 0)), "SUSPENDED", "EVENT_SUSPENDED", "bob"),
        (.resumed(by: bob, at: Timestamp(milliseconds: 0)), "ACTIVE", "EVENT_RESUMED", "bob"),
        (
            .terminated(by: bob, reason: .endedByUser, at: Timestamp(milliseconds: 0)), "TERMINATED",
            "EVENT_TERMINATED", "bob"
        ),
        (
            .terminated(by: nil, reason: .expired, at: Timestamp(milliseconds: 0)), "TERMINATED", "EVENT_TERMINATED",
            ""
        ),
        (
            .terminated(by: nil, reason: .completed, at: Timestamp(milliseconds: 0)), "TERMINATED", "EVENT_COMPLETED",
            ""
        ),
    ])
    func statusChanges(event: Alert.Event, status: String, auditType: String, by: String) throws {
        let globals = try globals(event)
        #expect(globals["event"]?["status"] == .string(status))
        #expect(globals["statusChanged"]?["auditType"] == .string(auditType))
        #expect(globals["statusChanged"]?["by"]?["targetName"] == .string(by))
    }

    @Test func whatTheEscalationReports() throws {
        let report = EscalationReport(
            id: "e", group: NamedReference(id: "g", name: "ops"), shift: nil, reason: .passive, type: .peer, from: [],
            to: [])
        let escalated = try globals(.escalated(report: report, at: at))
        #expect(escalated["escalation"]?["reason"] == "PASSIVE")
        #expect(escalated["escalation"]?["at"] == "2017-04-12T23:01:49.102Z" && escalated["event"] != nil)
        let failure = RecipientsFailure(id: "f", failureType: .allFailed, targeted: [])
        let failed = try globals(.recipientsFailed(failure: failure, at: at))
        #expect(failed["targetedRecipientFailure"]?["failureType"] == "ALL_NOTIFICATIONS_FAILED")
    }

    @Test func anAnswer() throws {
        let answer = AlertResponse(
            id: "x", by: bob, device: "Work Email", option: "o1", comment: "on it", source: "EMAIL")
        let globals = try globals(.responded(response: answer, option: acknowledge, at: at), status: "SUSPENDED")
        #expect(globals["event"]?["status"] == "SUSPENDED")
        #expect(globals["respondedTo"]?["by"]?["targetName"] == "bob")
        #expect(globals["response"]?["response"] == "Acknowledge")
        #expect(globals["response"]?["deviceName"] == "Work Email")
        #expect(globals["annotation"]?["comment"] == "on it")
    }

    @Test func aComment() throws {
        let globals = try globals(.commented(id: "c", by: mary, text: "Looking into it", at: at))
        #expect(globals["annotation"]?["comment"] == "Looking into it")
        #expect(globals["annotation"]?["author"]?["targetName"] == "mary")
        #expect(globals["annotation"]?["response"]?["response"] == .null)
    }

    @Test(arguments: [
        (DeviceDelivery.Status.delivered, "NOTIFICATION_DELIVERED", "DELIVERED"),
        (.failed, "NOTIFICATION_FAILED", "FAILED"),
    ])
    func aDelivery(status: DeviceDelivery.Status, auditType: String, shown: String) throws {
        let delivery = DeviceDelivery(
            id: "n", recipient: bob, device: NamedReference(id: "d", name: "Work Email"), deviceNumber: 1,
            status: status, message: "m")
        let globals = try globals(.deliveryRecorded(delivery: delivery, at: at))
        #expect(globals["deliveryStatusUpdated"]?["auditType"] == .string(auditType))
        #expect(globals["notification"]?["deliveryStatus"] == .string(shown))
        #expect(globals["notification"]?["recipient"]?["name"] == "Work Email")
        #expect(globals["notification"]?["recipient"]?["owner"]?["targetName"] == "bob")
    }
}
