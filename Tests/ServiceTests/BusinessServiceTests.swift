import AlertCore
import TestSupport
import Testing

/// Services and what depends on what, by REST.
@Suite(.inTurn)
struct BusinessServiceTests {
    private static let body: [String: JSONValue] = [
        "targetName": "Payments", "description": "Takes the money", "serviceType": "TECHNICAL", "serviceTier": "GOLD",
        "serviceLinks": [["label": "Runbook", "url": "https://runbooks.example/payments"]], "externallyOwned": true,
        "externalKey": "pay", "status": "ACTIVE",
    ]

    @Test(arguments: Backend.available)
    func keepsServices(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.expectLife(
                in: "services", Self.body,
                change: ["description": "Gives it back", "serviceTier": "SILVER", "serviceLinks": []])
            let audit = try await server.auditText()
            #expect(audit.contains("\"kind\":\"service\"") && audit.contains("Gives it back"))
        }
    }

    @Test func findsServices() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "SRE")
            let owned = Self.body.merging(["ownedBy": "SRE"]) { $1 }
            let made = try await server.sent(201, "POST", "services", .object(owned))
            #expect(made.json?.at("ownedBy.targetName") == "SRE" && made.json?["recipientType"] == "SERVICE")
            try await server.sent(
                201, "POST", "services",
                ["targetName": "Login", "description": "Lets people in", "serviceTier": "GOLD"])
            for (query, names) in [
                ("", ["Login", "Payments"]), ("sortOrder=DESCENDING&sortBy=NAME", ["Payments", "Login"]),
                ("search=money", ["Payments"]), ("search=money&fields=NAME", []),
                ("search=log%20money", ["Login", "Payments"]),
                ("search=log%20money&operand=AND", []), ("ownedBy=SRE", ["Payments"]), ("ownedBy=nobody", []),
                ("serviceType=TECHNICAL", ["Payments"]), ("serviceTier=GOLD&limit=1&offset=1", ["Payments"]),
            ] {
                let found = try await server.targetNames("services?\(query)")
                #expect(found == names, "\(query)")
            }
            #expect(try await server.sent(200, "GET", "services/payments").id == made.id)
            #expect(try await server.call("GET", "services?fields=COLOUR").status == 400)
            let group = try await server.sent(200, "GET", "groups/SRE?embed=services").json
            #expect(group?.at("services.total") == 1 && group?.at("services.data.0.targetName") == "Payments")
            #expect(try await server.targetNames("groups/SRE/services") == ["Payments"])
            #expect(try await server.targetNames("groups?search=pay&fields=SERVICE_NAME") == ["SRE"])
        }
    }

    @Test func refusesWhatIsNoService() async throws {
        try await RESTTestServer.run { server in
            for (field, value) in [
                ("targetName", JSONValue.string(" ")), ("serviceTier", "TIN"), ("serviceType", "MAGIC"),
                ("ownedBy", "no such group"), ("serviceLinks", [["label": "x", "url": "ftp://x"]]), ("status", "GONE"),
                ("recipientType", "PERSON"),
            ] {
                let refused = try await server.call(
                    "POST", "services", .object(Self.body.merging([field: value]) { $1 }))
                #expect(refused.status == 400 && refused.text.contains(field), "\(refused.text)")
            }
            try await server.sent(201, "POST", "services", .object(Self.body))
            try await server.sent(409, "POST", "services", ["targetName": "PAYMENTS"])
        }
    }

    /// A service outlives its group; what depends on a service goes with it.
    @Test(arguments: Backend.available)
    func goesOnWithoutItsGroup(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(group: "SRE")
            let payments = try await server.sent(201, "POST", "services", ["targetName": "Payments", "ownedBy": "SRE"])
                .id
            try await server.sent(201, "POST", "services", ["targetName": "Shop"])
            let dependency: JSONValue = ["serviceId": "Payments", "dependentServiceId": "Shop"]
            let made = try await server.sent(201, "POST", "service-dependencies", dependency)
            #expect(made.json?.at("service.id") == .string(payments))
            #expect(made.json?.at("dependentService.targetName") == "Shop")
            try await server.sent(409, "POST", "service-dependencies", dependency)
            try await server.sent(
                400, "POST", "service-dependencies", ["serviceId": "Shop", "dependentServiceId": "Shop"])
            try await server.sent(200, "DELETE", "groups/SRE")
            #expect(try await server.sent(200, "GET", "services/Payments").json?["ownedBy"] == nil)
            #expect(try await server.sent(200, "GET", "service-dependencies?service=Payments").data.count == 1)
            try await server.sent(200, "DELETE", "services/Payments")
            #expect(try await server.sent(200, "GET", "service-dependencies").data.isEmpty)
            try await server.sent(204, "DELETE", "service-dependencies/\(made.id)")
        }
    }

    @Test func areChangedByWhoLooksAfterThem() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("lead", roles: ["Group Supervisor"])
            try await server.sent(201, "POST", "groups", ["targetName": "SRE", "supervisors": ["lead"]])
            try await server.sent(201, "POST", "groups", ["targetName": "Other"])
            try await server.sent(201, "POST", "services", ["targetName": "Payments", "ownedBy": "SRE"], as: "lead")
            try await server.sent(403, "POST", "services", ["targetName": "Alien", "ownedBy": "Other"], as: "lead")
            try await server.sent(403, "POST", "services", ["targetName": "Nobody's"], as: "lead")
            try await server.sent(403, "POST", "services", ["targetName": "Payments", "ownedBy": "SRE"], as: "reader")
            try await server.sent(200, "POST", "services/Payments", ["description": "x"], as: "lead")
            try await server.sent(403, "POST", "services/Payments", ["ownedBy": "Other"], as: "lead")
            try await server.sent(201, "POST", "services", ["targetName": "Shop"])
            let toShop: JSONValue = ["serviceId": "Payments", "dependentServiceId": "Shop"]
            try await server.sent(403, "POST", "service-dependencies", toShop, as: "lead")
            try await server.sent(
                201, "POST", "service-dependencies", ["serviceId": "Shop", "dependentServiceId": "Payments"], as: "lead"
            )
            try await server.sent(200, "DELETE", "services/Payments", as: "lead")
        }
    }
}
