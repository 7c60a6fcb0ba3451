import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// People by REST: every field, filter and sort of spec §4.4.
@Suite(.inTurn)
struct RESTPeopleTests {
    private static let site = Site(
        id: "5170e000-0000-4000-8000-000000000001", name: "Vienna", country: "AT", language: "de",
        timezone: "Europe/Vienna")

    @Test(arguments: Backend.available)
    func keepsEveryField(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.put([Self.site])
            let body: JSONValue = [
                "targetName": "mmcbride", "firstName": "Mary", "lastName": "McBride", "recipientType": "PERSON",
                "language": "de", "timezone": "Europe/Vienna", "webLogin": "mary", "phoneLogin": "6045551212",
                "phonePin": "4711", "password": "correct horse", "licenseType": "STAKEHOLDER_USER", "status": "ACTIVE",
                "roles": ["Standard User", "Group Supervisor"], "site": .string(Self.site.id), "externalKey": "E-1",
                "externallyOwned": true,
                "properties": ["Building": "7", "Age": 4, "Aid": true, "Degrees": ["a", "b"], "Rate": .number(1.5)],
            ]
            let made = try await server.call("POST", "people?embed=roles", body)
            #expect(made.status == 201, "\(made.text)")
            for (name, value) in try #require(body.object) {
                switch name {
                case "password", "phonePin": #expect(made.json?[name] == nil)
                case "site": #expect(made.json?["site"]?["name"] == "Vienna" && made.json?["site"]?["links"] != nil)
                case "roles": #expect(made.json?["roles"]?["total"] == 2)
                default: #expect(made.json?[name] == value, "\(name)")
                }
            }
            #expect(made.json?["locked"]?.array?.contains("firstName") == true)
            #expect(made.json?["supervisors"]?["data"]?.array?.first?["targetName"] == "admin")
            #expect(made.json?["lastLogin"] == nil)
            let stored = try await server.database.reading { try Directory($0).get(Person.self, id: made.id) }
            #expect(PasswordHash.verify("4711", against: stored?.phonePinHash ?? ""))
            #expect(!(try await server.auditText()).contains("scrypt$"))

            #expect(try await server.call("GET", "roles", as: "mary", password: "correct horse").status == 200)
            let seen = try await server.call("GET", "people/mmcbride")
            #expect(seen.json?["lastLogin"]?.string?.hasSuffix("Z") == true)
            let change: JSONValue = ["phonePin": "", "externallyOwned": false, "supervisors": []]
            let changed = try await server.call("POST", "people/mmcbride?embed=supervisors", change)
            #expect(changed.status == 200 && changed.json?["locked"] == [])
            #expect(changed.json?["supervisors"]?["total"] == 0 && changed.json?["properties"] == body["properties"])
            let after = try await server.database.reading { try Directory($0).get(Person.self, id: made.id) }
            #expect(after?.phonePinHash == "" && after?.passwordHash == stored?.passwordHash)
        }
    }

    @Test(
        arguments: [
            ("phonePin", "12a4", "digits"), ("phonePin", "123", "4 to 30"), ("password", "short", "8 characters"),
            ("phoneLogin", "+1604", "digits"), ("site", "Nowhere", "no site"), ("timezone", "Mars", "no time zone"),
            ("licenseType", "FREE", "FULL_USER"), ("status", "AWAY", "ACTIVE"), ("roles", ["Boss"], "Developer"),
            ("supervisors", ["nobody-here"], "no person"), ("properties", ["A": ["b": 1]], "properties.A"),
            ("properties", ["A": [1]], "properties.A"), ("locked", ["id"], "firstName"),
            ("forcePasswordReset", "yes", "a boolean"), ("webLogin", "a:b", "colon"), ("targetName", "a|b", "|"),
            ("recipientType", "GROUP", "PERSON"),
        ] as [(String, JSONValue, String)])
    func namesTheFieldThatIsWrong(_ field: String, _ value: JSONValue, _ hint: String) async throws {
        try await RESTTestServer.run { server in
            var body: [String: JSONValue] = ["targetName": "x", "firstName": "X", "lastName": "Y"]
            body[field] = value
            let reply = try await server.call("POST", "people", .object(body))
            #expect(reply.status == 400, "\(reply.text)")
            let message = reply.json?["message"]?.string ?? ""
            #expect(message.contains(field) && message.contains(hint), "\(message)")
            #expect(try await server.call("GET", "people/x").status == 404)
        }
    }

    @Test func takesNoNameOfAGroup() async throws {
        try await RESTTestServer.run { server in
            try await server.put([Group(id: "g1", targetName: "Ops", created: Timestamp(milliseconds: 0))])
            let body: JSONValue = ["targetName": "ops", "firstName": "O", "lastName": "P"]
            #expect(try await server.call("POST", "people", body).status == 409)
        }
    }

    @Test(arguments: Backend.available)
    func filtersAndSorts(on backend: Backend) async throws {
        let table: [(String, [String])] = [
            ("devices.exists=true", ["ann", "ben"]), ("devices.exists=false&search=cid", ["cid"]),
            ("devices.email.exists=true", ["ann"]), ("devices.sms.exists=true", ["ben"]),
            ("devices.voice.exists=true", ["ann"]), ("devices.failsafe.exists=true", ["ben"]),
            ("devices.mobile.exists=true", []), ("devices.status=INACTIVE", ["ann"]),
            ("devices.testStatus=TESTED,INVALID", ["ann"]), ("devices.testStatus=UNTESTED_FAILSAFE", ["ben"]),
            ("phoneNumber=%2B1+604+555-1212", ["ann"]), ("emailAddress=ANN@example.com", ["ann"]),
            ("search=1604&fields=PHONE_NUMBER", ["ann"]), ("search=1604", []),
            ("search=ann%40ex&fields=EMAIL_ADDRESS", ["ann"]),
            ("groups=Ops", ["ann", "ben", "cid"]), ("groups=T3Bz", ["ann", "ben", "cid"]),
            ("groups=g1,g2", ["ann", "ben", "cid"]),
            ("groups=Nobody", []), ("groups.exists=true", ["ann", "ben", "cid"]),
            ("groups.exists=false&lastName=test&site=vienna", ["dan"]), ("site=Vienna", ["ben", "dan"]),
            ("supervisors=ann", ["ben"]), ("supervisors.exists=false&site=Vienna", ["dan"]),
            ("supervisors.exists=true&firstName=ben", ["ben"]), ("roles=developer", ["cid"]),
            ("licenseType=STAKEHOLDER_USER", ["dan"]), ("propertyName=Floor&propertyValue=3", ["ann"]),
            ("propertyName=Skills&propertyValue=VM", ["ben"]),
            ("propertyNames=Floor,Skills&propertyValues=4,net", ["ben"]), ("createdAfter=2999-01-01", []),
            ("createdTo=1970-01-02", ["admin", "outsider", "reader"]),
            ("createdFrom=1970-01-02&sortBy=FIRST_LAST_NAME&sortOrder=DESCENDING", ["dan", "cid", "ben", "ann"]),
            ("createdFrom=1970-01-02&sortBy=SITE&sortOrder=ASCENDING", ["ann", "cid", "ben", "dan"]),
            ("createdFrom=1970-01-02&sortBy=ROLES&sortOrder=ASCENDING", ["cid", "ann", "ben", "dan"]),
            ("createdFrom=1970-01-02&sortBy=LAST_LOGIN&sortOrder=DESCENDING&limit=1", ["cid"]),
        ]
        try await RESTTestServer.run(on: backend) { server in
            try await server.put([Self.site])
            let ann = try await server.addPerson("ann", ["properties": ["Floor": 3]])
            let more: [String: JSONValue] = ["site": "vienna", "properties": ["Floor": "4", "Skills": ["net", "vm"]]]
            let ben = try await server.addPerson("ben", supervisors: ["ann"], more)
            let cid = try await server.addPerson("cid", roles: ["Developer"])
            try await server.addPerson(
                "dan", supervisors: [], ["site": .string(Self.site.id), "licenseType": "STAKEHOLDER_USER"])
            try await server.addDevice(
                "ann", "Work Email",
                ["deviceType": "EMAIL", "emailAddress": "ann@example.com", "testStatus": "TESTED"])
            let phone = try await server.addDevice(
                "ann", "Work Phone",
                ["deviceType": "VOICE", "phoneNumber": "+1 (604) 555-1212", "status": "INACTIVE"])
            try await server.addDevice(
                "ben", "SMS Phone",
                ["deviceType": "TEXT_PHONE", "phoneNumber": "+43123456", "defaultDevice": true])
            var ops = Group(id: "g1", targetName: "Ops", created: Timestamp(milliseconds: 0))
            ops.members = [GroupMember(id: ben, recipientType: .person), GroupMember(id: cid, recipientType: .person)]
            var desk = Group(id: "g2", targetName: "Desk", created: Timestamp(milliseconds: 0))
            desk.members = [GroupMember(id: ann, recipientType: .person)]
            ops.members.append(GroupMember(id: phone.id, recipientType: .device))
            let nobody = Group(id: "g3", targetName: "Nobody", created: Timestamp(milliseconds: 0))
            try await server.put([ops, desk, nobody])
            #expect(try await server.call("GET", "roles", as: "cid").status == 200)
            for (query, names) in table {
                #expect(try await server.targetNames("people?\(query)") == names, "\(query)")
            }
            let memberships = try await server.call("GET", "people/ann/group-memberships")
            let groups = memberships.json?["data"]?.array?.compactMap { $0["group"]?["targetName"]?.string }
            #expect(groups == ["Desk", "Ops"])
            #expect(memberships.json?["data"]?.array?.first?["member"]?["targetName"] == "ann")
        }
    }

    @Test(
        arguments: [
            ("devices.exists=perhaps", "devices.exists"), ("devices.testStatus=GOOD", "UNTESTED_FAILSAFE"),
            ("createdAfter=yesterday", "createdAfter"), ("licenseType=FREE", "STAKEHOLDER_USER"),
            ("propertyName=a", "propertyValue"), ("propertyNames=a,b&propertyValues=1", "propertyValues"),
            ("sortBy=AGE", "LAST_LOGIN"), ("fields=AGE", "EMAIL_ADDRESS"), ("groups.exists=1", "groups.exists"),
        ])
    func refusesFiltersThatAreWrong(_ query: String, _ hint: String) async throws {
        try await RESTTestServer.run { server in
            let reply = try await server.call("GET", "people?\(query)")
            #expect(reply.status == 400 && reply.text.contains(hint), "\(reply.text)")
        }
    }

    @Test func countsPeopleByLicense() async throws {
        try await RESTTestServer.run { server in
            try await server.addPerson("dan", ["licenseType": "STAKEHOLDER_USER"])
            let quotas = try await server.call("GET", "people/license-quotas").json
            #expect(quotas?["stakeholderUsersEnabled"] == true)
            #expect(quotas?["stakeholderUsers"] == ["total": 1_000_000, "active": 1, "unused": 999_999])
            #expect(quotas?["fullUsers"]?["active"] == 3)
        }
    }
}
