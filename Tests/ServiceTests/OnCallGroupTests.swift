import AlertCore
import Foundation
import TestSupport
import Testing

/// Groups and who belongs to them (spec §4.6).
@Suite(.inTurn)
struct OnCallGroupTests {
    @Test(arguments: Backend.available) func keepsGroups(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben"])
            let site: JSONValue = ["name": "HQ", "country": "CA", "language": "en", "timezone": "US/Pacific"]
            let siteID = try await server.sent(201, "POST", "sites", site).id
            let body: JSONValue = [
                "targetName": "Ops/Night", "recipientType": "GROUP", "status": "ACTIVE", "description": "At night",
                "allowDuplicates": true, "useDefaultDevices": false, "observedByAll": true, "externallyOwned": true,
                "externalKey": "k", "supervisors": ["ann", "id-admin"], "site": .string(siteID),
                "timezone": "US/Eastern",
            ]
            let made = try await server.sent(201, "POST", "groups", body)
            let json = try #require(made.json)
            #expect(json["groupType"] == "ON_CALL" && json["allowDuplicates"] == true)
            #expect(json["useDefaultDevices"] == false && json["externallyOwned"] == true)
            #expect(json.at("supervisors.total") == 2 && json.at("supervisors.data.0.targetName") == "ann")
            #expect(json.at("site.name") == "HQ" && json["timezone"] == "US/Eastern")
            #expect(json.at("links.self") == .string("/api/xm/1/groups/\(made.id)"))

            let shifts = try await server.sent(200, "GET", "groups/Ops%2FNight/shifts/")
            #expect(shifts.names == ["Default Shift"])
            let shift = try #require(shifts.data.first)
            #expect(shift.at("recurrence.frequency") == "WEEKLY" && shift.at("recurrence.end.endBy") == "NEVER")
            #expect(shift.at("recurrence.onDays")?.array?.count == 7 && shift["timezone"] == "US/Eastern")
            let week = "from=2031-01-06T05:00:00Z&to=2031-01-13T05:00:00Z"
            let days = try await server.sent(200, "GET", "groups/\(made.id)/occurrences?\(week)")
            #expect(days.data.compactMap { $0["start"]?.string }.first == "2031-01-06T05:00:00Z")
            #expect(days.json?["total"] == 7)

            let changed = try await server.sent(
                200, "POST", "/api/xm/1//groups/", ["id": .string(made.id), "description": "New", "site": ""])
            #expect(changed.json?["description"] == "New" && changed.json?["allowDuplicates"] == true)
            #expect(changed.json?["site"] == nil)
            let one = try await server.sent(200, "GET", "groups/ops%2Fnight")
            #expect(one.json?["supervisors"] == nil && one.id == made.id)
            let embeds = try await server.sent(200, "GET", "groups/\(made.id)?embed=supervisors,observers,services")
            #expect(embeds.json?.at("supervisors.total") == 2 && embeds.json?.at("services.total") == 0)
            #expect(try await server.sent(200, "GET", "groups/\(made.id)/supervisors").targetNames == ["ann", "admin"])

            #expect(try await server.sent(200, "GET", "groups/license-quotas").json?.at("groups.active") == 1)
            #expect(try await server.sent(200, "DELETE", "groups/Ops%2FNight").json?["targetName"] == "Ops/Night")
            try await server.sent(204, "DELETE", "groups/Ops%2FNight")
            try await server.sent(404, "GET", "groups/\(made.id)")
        }
    }

    @Test func refusesWhatIsNoGroup() async throws {
        try await RESTTestServer.run { server in
            try await server.add(group: "Ops")
            try await server.expectRefused(
                [
                    Refused(["description": "x"], "targetName"), Refused(["targetName": "a|b"], "targetName"),
                    Refused(["targetName": "OPS"], "targetName", status: 409),
                    Refused(["targetName": "Admin"], "targetName", status: 409),
                    Refused(["targetName": .string(String(repeating: "x", count: 101))], "targetName"),
                    Refused(["targetName": "a", "groupType": "PARTY"], "groupType"),
                    Refused(["targetName": "a", "status": "SICK"], "status"),
                    Refused(["targetName": "a", "supervisors": ["nobody"]], "supervisors"),
                    Refused(["targetName": "a", "observers": ["Nobody"]], "observers"),
                    Refused(["targetName": "a", "site": "nowhere"], "site"),
                    Refused(["targetName": "a", "timezone": "Mars"], "timezone"),
                    Refused(["targetName": "a", "allowDuplicates": "perhaps"], "allowDuplicates"),
                    Refused(["targetName": "a", "groupType": "DYNAMIC"], "criteria"),
                    Refused(["targetName": "a", "criteria": ["criterion": []]], "criteria"),
                    Refused(
                        [
                            "targetName": "a", "groupType": "DYNAMIC",
                            "criteria": [
                                "criterion": [
                                    [
                                        "criterionType": "BASIC_FIELD", "field": "SHOE", "operand": "EQUALS",
                                        "value": "9",
                                    ]
                                ]
                            ],
                        ], "criteria.criterion[0].field"),
                    Refused(["id": "Ops", "groupType": "BROADCAST"], "groupType"),
                    Refused(["id": "nobody", "description": "x"], "nobody", status: 404),
                ], at: "groups")
        }
    }

    @Test func findsGroups() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            let site: JSONValue = ["name": "HQ", "country": "CA", "language": "en", "timezone": "UTC"]
            try await server.sent(201, "POST", "sites", site)
            try await server.add(group: "Database", ["description": "on-call database", "site": "HQ"])
            try await server.add(
                group: "All hands", ["groupType": "BROADCAST", "supervisors": ["ben"]], members: ["ann"])
            try await server.add(group: "Oncall Web", ["status": "INACTIVE"])
            try await server.stand(["ben"], in: "Database")
            let base64 = Data("ann".utf8).base64EncodedString()
            let rows: [(String, [String])] = [
                ("", ["All hands", "Database", "Oncall Web"]), ("search=oncall+database", ["Database", "Oncall Web"]),
                ("search=database+call&operand=AND&fields=name,description", ["Database"]),
                ("search=on-call&fields=NAME", []), ("groupType=BROADCAST", ["All hands"]),
                ("groupType=BROADCAST,ON_CALL", ["All hands", "Database", "Oncall Web"]),
                ("status=inactive", ["Oncall Web"]), ("sites=hq", ["Database"]), ("supervisors=ben", ["All hands"]),
                ("members=ben", ["Database"]), ("members=\(base64),ben", ["All hands", "Database"]),
                ("members=nobody", []), ("members.licenseType=FULL_USER", ["All hands", "Database"]),
                ("member.exists=ALL_SHIFTS", ["All hands", "Database"]),
                ("member.exists=ANY_SHIFTS&groupType=ON_CALL", ["Database"]),
                ("createdBefore=2001-01-01", []),
                ("createdFrom=2001-01-01T00:00:00Z&groupType=BROADCAST", ["All hands"]),
                ("sortBy=STATUS&sortOrder=DESCENDING", ["Oncall Web", "Database", "All hands"]),
                ("sortBy=GROUPTYPE&sortOrder=ASCENDING&limit=2", ["All hands", "Database"]),
            ]
            for (query, names) in rows {
                #expect(try await server.sent(200, "GET", "groups?\(query)").targetNames == names, "\(query)")
            }
            for query in ["fields=COLOUR", "groupType=X", "sortBy=AGE", "member.exists=YES", "createdTo=never"] {
                try await server.sent(400, "GET", "groups?\(query)")
            }
            let page = try await server.sent(200, "GET", "groups?limit=1&offset=1&embed=supervisors")
            #expect(page.json?["total"] == 3 && page.json?.at("data.0.supervisors.total") == 1)
            #expect(page.json?.at("links.next") == "/api/xm/1/groups?offset=2&limit=1&embed=supervisors")
        }
    }

    @Test func keepsMembers() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            try await server.add(group: "Ops")
            try await server.add(group: "Web", members: ["Ops"])
            let added = try await server.sent(
                200, "POST", "groups/Ops/members", ["id": "ann", "recipientType": "PERSON"])
            #expect(added.json?["targetName"] == "ann" && added.json?["recipientType"] == "PERSON")
            try await server.sent(200, "POST", "groups/Ops/members", ["id": "ann", "recipientType": "PERSON"])
            try await server.stand(["ben"], in: "Ops")
            let members = try await server.sent(200, "GET", "groups/Ops/members?embed=shifts")
            #expect(members.data.compactMap { $0.at("member.targetName") } == ["ann", "ben"])
            #expect(members.json?.at("data.0.shifts.total") == 0)
            #expect(members.json?.at("data.1.shifts.data.0.name") == "Default Shift")
            #expect(members.json?.at("data.0.group.targetName") == "Ops" && members.json?.at("links.self") != nil)
            #expect(try await server.sent(200, "GET", "groups/Ops/recipients").targetNames == ["ann", "ben"])

            try await server.expectRefused(
                [
                    Refused(["recipientType": "PERSON"], "id"), Refused(["id": "nobody"], "id"),
                    Refused(["id": "ann", "recipientType": "GROUP"], "id"),
                    Refused(["id": "ann", "recipientType": "CAT"], "recipientType"),
                    Refused(["id": "Web"], "member of itself"), Refused(["id": "ops"], "member of itself"),
                ], at: "groups/Ops/members")
            let removed = try await server.sent(200, "DELETE", "groups/Ops/members/ben")
            #expect(removed.json?.at("member.targetName") == "ben" && removed.json?.at("group.targetName") == "Ops")
            #expect(try await server.sent(200, "GET", "groups/Ops/shifts/Default%20Shift/members").data == [])
            try await server.sent(204, "DELETE", "groups/Ops/members/ben")
        }
    }

    @Test func dynamicGroupsFollowTheirCriteria() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["ann", "ben"])
            let criteria: JSONValue = [
                "operand": "OR",
                "criterion": [
                    ["criterionType": "BASIC_FIELD", "field": "USER_ID", "operand": "EQUALS", "value": "ann"]
                ],
            ]
            let made = try await server.sent(
                201, "POST", "groups", ["targetName": "A", "groupType": "DYNAMIC", "criteria": criteria])
            #expect(made.json?.at("criteria.criterion.data.0.value") == "ann")
            #expect(try await server.sent(200, "GET", "groups/A/recipients").targetNames == ["ann"])
            #expect(try await server.sent(200, "GET", "groups?members=ann").targetNames == ["A"])
            try await server.sent(400, "POST", "groups/A/members", ["id": "ben"])
            try await server.sent(400, "POST", "groups/A/shifts", ["name": "Day"])

            let team = try await server.sent(
                201, "POST", "dynamic-teams/",
                ["targetName": "B", "recipientType": "DYNAMIC_TEAM", "criteria": try #require(made.json?["criteria"])])
            #expect(team.json?["recipientType"] == "DYNAMIC_TEAM")
            #expect(team.json?.at("links.self") == .string("/api/xm/1/dynamic-teams/\(team.id)"))
            #expect(try await server.sent(200, "GET", "dynamic-teams/").targetNames == ["A", "B"])
            #expect(try await server.sent(200, "GET", "dynamic-teams/B/members").targetNames == ["ann"])
            try await server.sent(200, "POST", "dynamic-teams", ["id": "B", "description": "b"])
            try await server.add(group: "Ops")
            try await server.sent(404, "GET", "dynamic-teams/Ops")
            try await server.sent(204, "DELETE", "dynamic-teams/Ops")
            try await server.sent(200, "DELETE", "dynamic-teams/\(team.id)")
            try await server.sent(404, "GET", "dynamic-teams/B")
        }
    }

    @Test func whoMayChangeAndSeeAGroup() async throws {
        try await RESTTestServer.run { server in
            try await server.add(people: ["sue", "tim"], role: "Group Supervisor")
            try await server.add(people: ["dev"], role: "Developer")
            try await server.add(group: "Ops", ["supervisors": ["sue", "reader"]])
            let rows: [(login: String, status: Int)] = [("sue", 200), ("tim", 403), ("reader", 403), ("dev", 403)]
            for row in rows {
                try await server.sent(row.status, "POST", "groups/Ops", ["description": "x"], as: row.login)
                try await server.sent(row.status, "POST", "groups/Ops/members", ["id": "tim"], as: row.login)
                let place: JSONValue = ["recipient": ["id": "tim"]]
                let members = "groups/Ops/shifts/Default%20Shift/members"
                try await server.sent(row.status, "POST", members, place, as: row.login)
            }
            try await server.sent(403, "DELETE", "groups/Ops", as: "tim")
            try await server.sent(403, "POST", "groups", ["targetName": "New"], as: "reader")
            let made = try await server.sent(201, "POST", "groups", ["targetName": "New"], as: "tim")
            #expect(made.json?.at("supervisors.data.0.targetName") == "tim")

            let hide: JSONValue = ["observedByAll": false, "observers": ["Developer"]]
            let hidden = try await server.sent(200, "POST", "groups/Ops", hide)
            #expect(hidden.json?.at("observers.data.0.name") == "Developer")
            // Tim was put into it above: members see what observers see, by a device as well.
            try await server.add(people: ["uma"])
            try await server.add(people: ["pam"], role: "Group Supervisor")
            let mail = try await server.addDevice(
                "uma", "Work Email", ["deviceType": "EMAIL", "emailAddress": "uma@example.org"])
            let member: JSONValue = ["id": .string(mail.id), "recipientType": "DEVICE"]
            try await server.sent(200, "POST", "groups/Ops/members", member)
            let sees: [(login: String, status: Int)] = [
                ("sue", 200), ("admin", 200), ("dev", 200), ("reader", 200), ("tim", 200), ("uma", 200), ("pam", 404),
            ]
            for row in sees {
                for path in ["", "/members", "/shifts", "/calendar.ics", "/shifts/Default%20Shift"] {
                    try await server.sent(row.status, "GET", "groups/Ops\(path)", as: row.login)
                }
                try await server.sent(row.status, "GET", "on-call?groups=Ops", as: row.login)
            }
            #expect(try await server.sent(200, "GET", "groups", as: "pam").targetNames == ["New"])
            #expect(try await server.sent(200, "GET", "groups", as: "tim").targetNames == ["New", "Ops"])
            try await server.sent(404, "POST", "groups/Ops", ["description": "y"], as: "pam")
            try await server.sent(403, "POST", "groups/Ops", ["description": "y"], as: "tim")
            let ofUma = "people/uma/group-memberships"
            #expect(try await server.sent(200, "GET", ofUma, as: "pam").data.isEmpty)
            #expect(try await server.sent(200, "GET", ofUma, as: "tim").data.count == 1)
        }
    }

    /// What names somebody or something that is deleted goes with it, or keeps it from being deleted.
    @Test(arguments: Backend.available) func deletedPeopleLeaveTheirGroups(_ backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(people: ["ann", "ben", "cid"])
            try await server.add(group: "Inner")
            try await server.add(group: "Ops", ["supervisors": ["ann", "ben"]])
            try await server.stand(["ann", "ben", "Inner"], in: "Ops")
            let shift = "groups/Ops/shifts/Default%20Shift"
            try await server.sent(200, "POST", shift, ["notifyEndOfEscalation": ["recipient": "ann"]])
            for (member, replacement) in [("ann", "ben"), ("cid", "ann")] {
                try await server.sent(
                    201, "POST", "temporary-absences",
                    [
                        "member": .string(member), "replacement": .string(replacement), "absenceType": "REPLACEMENT",
                        "start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z",
                    ])
            }
            try await server.sent(200, "DELETE", "people/ann")
            try await server.sent(200, "DELETE", "groups/Inner")
            #expect(try await server.sent(200, "GET", "groups/Ops/supervisors").targetNames == ["ben"])
            #expect(try await server.sent(200, "GET", "groups/Ops/recipients").targetNames == ["ben"])
            let left = try await server.sent(200, "GET", shift)
            #expect(left.json?["members"]?.array?.count == 1)
            #expect(left.json?.at("notifyEndOfEscalation.notifyEnabled") == false)
            #expect(try await server.sent(200, "GET", "temporary-absences").json?["total"] == 0)
        }
    }
}
