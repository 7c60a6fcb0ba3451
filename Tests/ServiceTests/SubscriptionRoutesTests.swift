import AlertCore
import Foundation
import TestSupport
import Testing

/// Subscription forms, subscriptions, their subscribers and with whom they are shared, by REST.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct SubscriptionRoutesTests {
    /// A plan with a form and properties of all types.
    private static func configure(_ server: RESTTestServer) async throws {
        try await server.sent(201, "POST", "plans", ["name": "Ops"])
        try await server.sent(201, "POST", "plans/Ops/forms", ["name": "Outage"])
        for property in [
            ["name": "Host", "propertyType": "TEXT"], ["name": "Load", "propertyType": "NUMBER"],
            ["name": "Urgent", "propertyType": "BOOLEAN"], ["name": "Secret", "propertyType": "PASSWORD"],
            ["name": "Level", "propertyType": "LIST_TEXT_SINGLE_SELECT", "items": ["High", "Low"]],
            ["name": "Sites", "propertyType": "LIST_TEXT_MULTI_SELECT", "items": ["Oslo", "Rome"]],
            ["name": "Place", "propertyType": "HIERARCHY", "categories": ["Country", "City"]],
        ] as [JSONValue] {
            try await server.sent(201, "POST", "plans/Ops/property-definitions", property)
        }
    }

    private static let criteria: JSONValue = [
        ["name": "Host", "operator": "CONTAINS", "value": "db"],
        ["name": "Load", "operator": "GREATER_THAN", "value": 5],
        ["name": "urgent", "operator": "IS_TRUE"], ["name": "Level", "operator": "IS_ONE_OF", "values": ["High"]],
        ["name": "Sites", "operator": "IS_ONE_OR_MORE_OF", "values": ["Oslo", "Rome"]],
        ["name": "Place", "operator": "IS_ONE_TYPE_OF", "values": ["Norway"]],
    ]

    private static func names(_ value: JSONValue?, _ key: String = "name") -> [String] {
        (value?["data"]?.array ?? []).compactMap { $0[key]?.string }
    }

    @Test(arguments: Backend.available)
    func formsGoThroughTheirLives(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await Self.configure(server)
            let path = "plans/Ops/subscription-forms"
            let plain = try await server.sent(201, "POST", path, ["name": "Everything"])
            #expect(plain.json?["scope"] == "ALL_FORMS" && plain.json?["form"] == nil)
            #expect(plain.json?["oneWay"] == false && plain.json?["notificationDelay"] == 0)
            #expect(
                Self.names(plain.json?["propertyDefinitions"])
                    == ["Host", "Level", "Load", "Place", "Sites", "Urgent"])
            #expect((plain.json?.at("targetDeviceNames.total")?.integer ?? 0) > 10)
            let body: JSONValue = [
                "name": "Outages", "description": "What is down", "form": "Outage", "oneWay": true,
                "subscribeOthers": true, "notificationDelay": 5, "showNotificationDelay": false,
                "propertyDefinitions": ["Host", ["name": "Level"]], "roles": ["Standard User"],
                "devicesSectionCollapsed": true, "devicesSectionVisible": false,
                "visibleTargetDeviceNames": ["Work Email", "work phone"], "targetDeviceNames": [["name": "Work Email"]],
            ]
            let made = try await server.sent(201, "POST", path, body)
            let form = try #require(made.json)
            #expect(form["scope"] == "FORM" && form.at("form.name") == "Outage" && form.at("plan.name") == "Ops")
            #expect(Self.names(form["propertyDefinitions"]) == ["Host", "Level"])
            #expect(Self.names(form["roles"]) == ["Standard User"])
            #expect(Self.names(form["targetDeviceNames"]) == ["Work Email"])
            #expect(Self.names(form["visibleTargetDeviceNames"]) == ["Work Email", "Work Phone"])
            let read = try await server.sent(200, "GET", "subscription-forms/\(made.id)", as: "reader").json
            #expect(read == form)
            let changed = try await server.sent(200, "POST", path, ["id": .string(made.id), "subscribeOthers": false])
            #expect(changed.json?["subscribeOthers"] == false && changed.json?["oneWay"] == true)

            let list = try await server.sent(200, "GET", "subscription-forms?sortBy=NAME&sortOrder=DESCENDING")
            #expect(list.names == ["Outages", "Everything"] && list.data.first?["roles"] == nil)
            let embedded = try await server.sent(
                200, "GET", "subscription-forms?embed=deviceNames,propertyDefinitions,roles&search=down&limit=1")
            #expect(embedded.names == ["Outages"] && Self.names(embedded.data.first?["roles"]) == ["Standard User"])
            #expect(try await server.sent(200, "GET", "\(path)?search=every").names == ["Everything"])
            try await server.sent(404, "GET", "plans/None/subscription-forms")

            // A property that is gone is no longer offered; a form takes what is about it along.
            try await server.sent(200, "DELETE", "plans/Ops/property-definitions/Level")
            let left = try await server.sent(200, "GET", "subscription-forms/\(made.id)").json
            #expect(Self.names(left?["propertyDefinitions"]) == ["Host"])
            let forms = try await server.sent(200, "GET", "plans/Ops/forms").data
            try await server.sent(200, "DELETE", "forms/\(forms[0]["id"]?.string ?? "")")
            try await server.sent(404, "GET", "subscription-forms/\(made.id)")
            try await server.sent(200, "DELETE", "subscription-forms/\(plain.id)")
            try await server.sent(204, "DELETE", "subscription-forms/\(plain.id)")
            let audit = try await server.auditText()
            #expect(audit.contains("\"kind\":\"subscriptionform\""))
        }
    }

    @Test func refusesWhatIsNoForm() async throws {
        try await RESTTestServer.run { server in
            try await Self.configure(server)
            let path = "plans/Ops/subscription-forms"
            for (body, field) in [
                ([:] as JSONValue, "name"), (["name": "x", "scope": "FORM"], "form"),
                (["name": "x", "scope": "SOME"], "scope"), (["name": "x", "form": "None"], "form"),
                (["name": "x", "propertyDefinitions": ["None"]], "propertyDefinitions"),
                (["name": "x", "propertyDefinitions": ["Secret"]], "propertyDefinitions"),
                (["name": "x", "roles": ["King"]], "roles"),
                (["name": "x", "targetDeviceNames": ["Drum"]], "targetDeviceNames"),
                (["name": "x", "notificationDelay": -1], "notificationDelay"),
                (
                    ["name": "x", "visibleTargetDeviceNames": ["Work Email"], "targetDeviceNames": ["Work Phone"]],
                    "targetDeviceNames"
                ),
            ] {
                let refused = try await server.call("POST", path, body)
                #expect(refused.status == 400 && refused.text.contains(field), "\(refused.text)")
            }
            try await server.sent(403, "POST", path, ["name": "x"], as: "reader")
            try await server.sent(201, "POST", path, ["name": "x"])
            try await server.sent(409, "POST", path, ["name": "X"])
            try await server.sent(404, "POST", path, ["id": "none", "name": "y"])
        }
    }

    @Test(arguments: Backend.available)
    func subscriptionsGoThroughTheirLives(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await Self.configure(server)
            try await server.addPerson("ann")
            try await server.add(group: "SRE")
            let form = try await server.sent(
                201, "POST", "plans/Ops/subscription-forms",
                ["name": "All", "notificationDelay": 3, "targetDeviceNames": ["Work Email"]])
            let body: JSONValue = [
                "name": "Databases", "description": "sev1", "form": ["id": .string(form.id)],
                "owner": "reader", "criteria": Self.criteria, "recipients": [["id": "ann"], "SRE"],
            ]
            let made = try await server.sent(201, "POST", "subscriptions", body)
            let subscription = try #require(made.json)
            #expect(subscription.at("form.name") == "All" && subscription.at("form.plan.name") == "Ops")
            #expect(subscription.at("owner.targetName") == "reader" && subscription["notificationDelay"] == 3)
            #expect(
                Self.names(subscription["criteria"], "operator") == [
                    "CONTAINS", "GREATER_THAN", "IS_TRUE", "IS_ONE_OF", "IS_ONE_OR_MORE_OF", "IS_ONE_TYPE_OF",
                ])
            #expect(
                subscription.at("criteria.data.1.value") == "5" && subscription.at("criteria.data.2.name") == "Urgent")
            #expect(subscription.at("criteria.data.3.values") == ["High"])
            #expect(Self.names(subscription["recipients"], "targetName") == ["ann", "SRE"])
            #expect(Self.names(subscription["targetDeviceNames"]) == ["Work Email"])
            #expect(try await server.sent(200, "GET", "subscriptions/\(made.id)").json == subscription)

            // A page that was read can be sent back.
            let same = try await server.sent(
                200, "POST", "subscriptions", ["id": .string(made.id), "criteria": subscription["criteria"] ?? .null])
            #expect(same.json == subscription)
            let changed = try await server.sent(
                200, "POST", "subscriptions",
                ["id": .string(made.id), "targetAllDevices": true, "criteria": [], "notificationDelay": 0],
                as: "reader")
            #expect((changed.json?.at("targetDeviceNames.total")?.integer ?? 0) > 10)
            #expect(changed.json?.at("criteria.total") == 0 && changed.json?["name"] == "Databases")

            // Whoever asks wants to be told, unless others are named.
            let own = try await server.sent(
                201, "POST", "subscriptions", ["name": "Mine", "form": "all"], as: "reader")
            #expect(Self.names(own.json?["recipients"], "targetName") == ["reader"])
            for (query, found) in [
                ("", ["Databases", "Mine"]), ("owner=reader", ["Databases", "Mine"]), ("owner=ann", []),
                ("subscriber=ann", ["Databases"]), ("subscriber=SRE", ["Databases"]), ("subscriber=reader", ["Mine"]),
                ("subscriptionName=data", ["Databases"]), ("subscriptionDescription=SEV", ["Databases"]),
                ("subscriptionForm=All", ["Databases", "Mine"]), ("subscriptionForm=\(form.id)&limit=1", ["Databases"]),
                ("subscriptionForm=None", []), ("managedBy=reader", ["Databases", "Mine"]), ("managedBy=ann", []),
                ("sharedWith=ann", []),
            ] {
                let names = try await server.sent(200, "GET", "subscriptions?\(query)").names
                #expect(names == found, "\(query)")
            }
            #expect(try await server.sent(200, "GET", "subscriptions", as: "ann").names == ["Databases"])

            // Whoever is gone subscribes to nothing, and what was theirs goes on.
            try await server.sent(200, "DELETE", "people/ann")
            try await server.sent(200, "DELETE", "groups/SRE")
            let left = try await server.sent(200, "GET", "subscriptions/\(made.id)").json
            #expect(left?.at("recipients.total") == 0)
            try await server.sent(200, "PUT", "subscriptions/\(made.id)/subscribers", ["admin"])
            try await server.sent(200, "DELETE", "people/reader")
            #expect(try await server.sent(200, "GET", "subscriptions").names == ["Databases"])
            let handedOver = try await server.sent(200, "GET", "subscriptions/\(made.id)").json
            #expect(
                handedOver?.at("owner.targetName") == "admin"
                    && Self.names(handedOver?["recipients"], "targetName") == ["admin"])
            try await server.sent(200, "DELETE", "subscriptions/\(made.id)")
            try await server.sent(204, "DELETE", "subscriptions/\(made.id)")
            try await server.sent(404, "GET", "subscriptions/\(made.id)")
            let audit = try await server.auditText()
            #expect(audit.contains("\"kind\":\"subscription\"") && audit.contains("\"before\":{"))
        }
    }

    @Test func refusesWhatIsNoSubscription() async throws {
        try await RESTTestServer.run { server in
            try await Self.configure(server)
            try await server.sent(
                201, "POST", "plans/Ops/subscription-forms", ["name": "Host", "propertyDefinitions": ["Host"]])
            try await server.sent(201, "POST", "plans/Ops/subscription-forms", ["name": "All"])
            func criterion(_ fields: JSONValue) -> JSONValue { ["name": "x", "form": "All", "criteria": [fields]] }
            for (body, field) in [
                (["name": "x"] as JSONValue, "form"), (["form": "All"], "name"),
                (["name": "x", "form": "None"], "form"),
                (["name": "x", "form": "All", "owner": "ghost"], "owner"),
                (["name": "x", "form": "All", "recipients": ["ghost"]], "recipients"),
                (["name": "x", "form": "All", "targetDeviceNames": ["Drum"]], "targetDeviceNames"),
                (["name": "x", "form": "All", "notificationDelay": 99_999], "notificationDelay"),
                (["name": "x", "form": "All", "criteria": "Host"], "criteria"),
                (criterion(["name": "Ghost", "operator": "CONTAINS", "value": "x"]), "criteria[0].name"),
                (criterion(["operator": "CONTAINS", "value": "x"]), "criteria[0].name"),
                (criterion(["name": "Host", "value": "x"]), "criteria[0].operator"),
                (criterion(["name": "Host", "operator": "RHYMES_WITH", "value": "x"]), "criteria[0].operator"),
                (criterion(["name": "Host", "operator": "IS_TRUE"]), "criteria[0].operator"),
                (criterion(["name": "Secret", "operator": "EQUALS", "value": "x"]), "criteria[0].name"),
                (criterion(["name": "Load", "operator": "LESS_THAN", "value": "many"]), "criteria[0].value"),
                (criterion(["name": "Level", "operator": "IS_ONE_OF", "values": ["Awful"]]), "criteria[0].values"),
                (criterion(["name": "Host", "operator": "CONTAINS"]), "criteria[0].value"),
                (criterion(["name": "Host", "operator": "CONTAINS", "value": ["a": "b"]]), "criteria[0].value"),
                (
                    ["name": "x", "form": "Host", "criteria": [["name": "Load", "operator": "EQUALS", "value": 1]]],
                    "criteria[0].name"
                ),
            ] {
                let refused = try await server.call("POST", "subscriptions", body)
                #expect(refused.status == 400 && refused.text.contains(field), "\(field): \(refused.text)")
            }
            try await server.sent(404, "POST", "subscriptions", ["id": "none", "name": "x"])
            let id = try await server.sent(201, "POST", "subscriptions", ["name": "x", "form": "All"]).id
            let moved = try await server.sent(400, "POST", "subscriptions", ["id": .string(id), "form": "Host"])
            #expect(moved.text.contains("form"))
        }
    }

    @Test(arguments: Backend.available)
    func rightsAreEnforced(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await Self.configure(server)
            for name in ["ann", "ben", "cem"] { try await server.addPerson(name) }
            try await server.sent(
                201, "POST", "plans/Ops/subscription-forms", ["name": "Closed", "roles": ["Developer"]])
            try await server.sent(201, "POST", "plans/Ops/subscription-forms", ["name": "Own"])
            try await server.sent(
                201, "POST", "plans/Ops/subscription-forms", ["name": "Others", "subscribeOthers": true])
            try await server.sent(403, "POST", "subscriptions", ["name": "x", "form": "Closed"], as: "ann")
            try await server.sent(
                403, "POST", "subscriptions", ["name": "x", "form": "Own", "recipients": ["ben"]], as: "ann")
            try await server.sent(
                403, "POST", "subscriptions", ["name": "x", "form": "Others", "owner": "ben"], as: "ann")
            let id = try await server.sent(
                201, "POST", "subscriptions", ["name": "x", "form": "Others", "recipients": ["ann"]], as: "ann"
            ).id
            let (path, body): (String, JSONValue) = ("subscriptions/\(id)", ["id": .string(id), "name": "y"])

            // What is nobody's business is not there.
            try await server.sent(404, "GET", path, as: "ben")
            try await server.sent(404, "GET", "\(path)/subscribers", as: "ben")
            try await server.sent(404, "PUT", "\(path)/share-permissions", [], as: "ben")
            try await server.sent(404, "POST", "subscriptions", body, as: "ben")
            try await server.sent(204, "DELETE", path, as: "ben")

            let ben = try await server.sent(200, "GET", "people/ben").id
            func shareWithBen(_ actions: JSONValue) async throws {
                let shared = try await server.sent(
                    200, "PUT", "\(path)/share-permissions",
                    [["shareType": "PERSON", "sharedWith": ["id": .string(ben)], "permissibleActions": actions]],
                    as: "ann")
                #expect(shared.data.first?.at("sharedWith.targetName") == "ben")
            }
            try await shareWithBen(["viewSubscription": true])
            #expect(try await server.sent(200, "GET", "subscriptions?sharedWith=ben", as: "ben").names == ["x"])
            try await server.sent(200, "GET", path, as: "ben")
            try await server.sent(403, "POST", "subscriptions", body, as: "ben")
            try await server.sent(403, "PUT", "\(path)/subscribers", ["ben"], as: "ben")
            try await server.sent(403, "DELETE", "\(path)/subscribers/ann", as: "ben")
            try await server.sent(403, "DELETE", path, as: "ben")
            try await server.sent(403, "PUT", "\(path)/share-permissions", [], as: "ben")

            try await shareWithBen(["subscribe": true])
            let subscribers = try await server.sent(
                200, "PUT", "\(path)/subscribers", [["id": .string(ben)]], as: "ben")
            #expect(subscribers.data.compactMap { $0["targetName"]?.string } == ["ann", "ben"])
            try await server.sent(403, "PUT", "\(path)/subscribers", ["cem"], as: "ben")
            try await shareWithBen(["editSubscription": true, "subscribeOthers": true])
            try await server.sent(200, "POST", "subscriptions", body, as: "ben")
            try await server.sent(200, "PUT", "\(path)/subscribers", ["cem"], as: "ben")
            #expect(try await server.sent(200, "GET", "subscriptions?managedBy=ben", as: "ben").names == ["y"])
            #expect(
                try await server.sent(200, "GET", "\(path)/subscribers?limit=1&offset=2", as: "cem").data.count == 1)

            // A subscriber sees it, and may leave.
            let after = try await server.sent(200, "DELETE", "\(path)/subscribers/cem", as: "cem")
            #expect(Self.names(after.json?["recipients"], "targetName") == ["ann", "ben"])
            try await server.sent(404, "DELETE", "\(path)/subscribers/cem", as: "cem")
            try await server.sent(204, "DELETE", "\(path)/subscribers/cem", as: "ann")

            try await server.sent(
                200, "PUT", "\(path)/share-permissions",
                ["data": [["sharedWith": "Standard User"], ["shareType": "ROLE", "sharedWith": "Developer"]]],
                as: "ann")
            let shares = try await server.sent(200, "GET", "\(path)/share-permissions", as: "cem")
            #expect(shares.data.compactMap { $0["shareType"]?.string } == ["ROLE", "ROLE"])
            #expect(shares.data.first?.at("permissibleActions.viewSubscription") == true)
            let refused = try await server.call(
                "PUT", "\(path)/share-permissions", [["shareType": "GROUP", "sharedWith": "ann"]], as: "ann")
            #expect(refused.status == 400 && refused.text.contains("sharedWith"))
            try await server.sent(200, "DELETE", path, as: "ann")
        }
    }
}
