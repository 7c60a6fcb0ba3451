import AlertCore
import Foundation
import TestSupport
import Testing

/// Endpoints by REST: every kind of authentication, and what must never come out.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct EndpointRoutesTests {
    static let certificate = "-----BEGIN CERTIFICATE-----\nMTIz\n-----END CERTIFICATE-----\n"
    static let key = "-----BEGIN PRIVATE KEY-----\nMTIz\n-----END PRIVATE KEY-----\n"
    static let oauth2: JSONValue = [
        "username": "u", "password": "pass-1", "oauthTokenUrl": "https://login.example.com/token",
        "oauthClientId": "id", "client_secret": "secret-1", "scopes": "a b",
    ]

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let type: String
        let authentication: JSONValue
        let shown: JSONValue?
    }

    @Test(arguments: [
        Case(testDescription: "none", type: "NO_AUTH", authentication: [:], shown: nil),
        Case(
            testDescription: "basic", type: "BASIC", authentication: ["username": "u", "password": "pass-1"],
            shown: ["username": "u"]),
        Case(testDescription: "bearer", type: "BEARER", authentication: ["token": "secret-1"], shown: nil),
        Case(
            testDescription: "OAuth 2, password", type: "OAUTH2", authentication: oauth2,
            shown: [
                "username": "u", "oauthTokenUrl": "https://login.example.com/token", "oauthClientId": "id",
                "scopes": "a b", "grantType": "PASSWORD", "clientAuthentication": "BODY",
            ]),
        Case(
            testDescription: "OAuth 2, client credentials", type: "OAUTH2",
            authentication: [
                "oauthTokenUrl": "https://login.example.com/token", "oauthClientId": "id",
                "client_secret": "secret-1", "clientAuthentication": "BASIC",
            ],
            shown: [
                "oauthTokenUrl": "https://login.example.com/token", "oauthClientId": "id",
                "grantType": "CLIENT_CREDENTIALS", "clientAuthentication": "BASIC",
            ]),
        Case(
            testDescription: "OAuth 2, refresh token", type: "OAUTH2_MS_GRAPH",
            authentication: [
                "oauthTokenUrl": "https://login.example.com/token", "refreshToken": "secret-1",
            ],
            shown: [
                "oauthTokenUrl": "https://login.example.com/token", "grantType": "REFRESH_TOKEN",
                "clientAuthentication": "BODY",
            ]),
        Case(testDescription: "Slack, to be configured", type: "OAUTH_SLACK", authentication: [:], shown: nil),
        Case(testDescription: "Salesforce, to be configured", type: "OAUTH2_FORCE", authentication: [:], shown: nil),
        Case(
            testDescription: "ServiceNow with a password", type: "SERVICENOW",
            authentication: ["username": "u", "password": "pass-1"], shown: ["username": "u"]),
        Case(
            testDescription: "Remedy", type: "REMEDY_TOKEN", authentication: ["username": "u", "password": "pass-1"],
            shown: ["username": "u"]),
    ])
    func keepsAndShowsAllButSecrets(_ row: Case) async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let made = try await server.call(
                "POST", "plans/\(plan)/endpoints",
                [
                    "name": "E", "url": "https://target.example.com/base", "authenticationType": .string(row.type),
                    "authentication": row.authentication,
                ])
            #expect(made.status == 201, "\(made.text)")
            let read = try await server.call("GET", "plans/\(plan)/endpoints/E")
            #expect(read.json?["authenticationType"] == .string(row.type))
            #expect(read.json?["authentication"] == row.shown)
            for reply in [made.text, read.text, try await server.auditText()] {
                #expect(!reply.contains("pass-1") && !reply.contains("secret-1") && !reply.contains("sealed\":\"v"))
            }
        }
    }

    @Test func aMoveNeedsTheSecretsAgain() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let path = "plans/\(plan)/endpoints"
            let body: JSONValue = [
                "name": "E", "url": "https://target.example.com/base", "authenticationType": "OAUTH2",
                "authentication": Self.oauth2,
                "clientCertificate": ["certificate": .string(Self.certificate), "privateKey": .string(Self.key)],
            ]
            let id = try await server.call("POST", path, body).id
            // On the same server, another path, or the same host in other letters, is no move.
            let samePlace: JSONValue = ["id": .string(id), "url": "https://TARGET.example.com:443/other"]
            #expect(try await server.call("POST", path, samePlace).status == 200)
            for url in [
                "https://evil.example.com/", "http://target.example.com/", "https://target.example.com:8443/",
                "https://target.example.com.evil.example/",
            ] {
                let moved = try await server.call("POST", path, ["id": .string(id), "url": .string(url)])
                #expect(moved.status == 400, "\(url)")
                #expect(moved.json?["subcode"] == "validation.endpoint.secrets_required")
                #expect(
                    moved.json?["arguments"]
                        == [
                            "url", "authentication.password", "authentication.client_secret",
                            "clientCertificate.privateKey",
                        ])
            }
            let tokenServer = try await server.call(
                "POST", path, ["id": .string(id), "authentication": ["oauthTokenUrl": "https://evil.example.com/t"]])
            #expect(tokenServer.json?["subcode"] == "validation.endpoint.secrets_required")
            #expect(tokenServer.json?["arguments"]?.array?.first == "authentication.oauthTokenUrl")
            // Part of them is not enough, all of them are, and so is letting go of them.
            let part = try await server.call(
                "POST", path,
                ["id": .string(id), "url": "https://new.example.com", "authentication": ["password": "pass-2"]])
            #expect(part.status == 400)
            #expect(
                try await server.call("GET", "\(path)/\(id)").json?["url"] == "https://TARGET.example.com:443/other")
            let all = try await server.call(
                "POST", path,
                [
                    "id": .string(id), "url": "https://new.example.com",
                    "authentication": ["password": "pass-2", "client_secret": "secret-2"],
                    "clientCertificate": ["privateKey": .string(Self.key)],
                ])
            #expect(all.status == 200, "\(all.text)")
            let released = try await server.call(
                "POST", path,
                [
                    "id": .string(id), "url": "https://third.example.com", "authenticationType": "NO_AUTH",
                    "clientCertificate": [:],
                ])
            #expect(released.status == 200, "\(released.text)")
        }
    }

    @Test(
        arguments: [
            (["authenticationType": "BASIC"], "authentication.username"),
            (["authenticationType": "BASIC", "authentication": ["username": "a"]], "authentication.password"),
            (
                ["authenticationType": "BASIC", "authentication": ["username": "a:b", "password": "p"]],
                "authentication.username"
            ),
            (["authenticationType": "BEARER"], "authentication.token"),
            (["authenticationType": "BEARER", "authentication": ["token": "a\nb"]], "authentication.token"),
            (["authenticationType": "OAUTH2"], "authentication.oauthTokenUrl"),
            (
                ["authenticationType": "OAUTH2", "authentication": ["oauthTokenUrl": "ftp://x"]],
                "authentication.oauthTokenUrl"
            ),
            (
                ["authenticationType": "OAUTH2", "authentication": ["oauthTokenUrl": "https://x/t"]], "authentication"
            ),
            (
                [
                    "authenticationType": "OAUTH2",
                    "authentication": ["oauthTokenUrl": "https://x/t", "grantType": "IMPLICIT"],
                ], "authentication.grantType"
            ),
            (["authenticationType": "KERBEROS"], "authenticationType"),
            (["authenticationType": "XMATTERS"], "authenticationType"),
            (["endpointType": "INTERNAL"], "endpointType"), (["url": "https://u:p@x"], "url"), (["url": ""], "url"),
            (["certificateAuthority": "none"], "certificateAuthority"),
            (["clientCertificate": ["certificate": "none"]], "clientCertificate.certificate"),
            (["clientCertificate": ["certificate": .string(certificate)]], "clientCertificate.privateKey"),
            (
                ["clientCertificate": ["certificate": .string(certificate), "privateKey": .string(certificate)]],
                "clientCertificate.privateKey"
            ),
            (
                [
                    "url": "http://plain.example.com",
                    "clientCertificate": ["certificate": .string(certificate), "privateKey": .string(key)],
                ], "clientCertificate"
            ),
        ] as [([String: JSONValue], String)])
    func namesTheFieldThatIsWrong(_ change: [String: JSONValue], _ field: String) async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let base: [String: JSONValue] = ["name": "E", "url": "https://target.example.com"]
            let body = JSONValue.object(base.merging(change) { _, new in new })
            let reply = try await server.call("POST", "plans/\(plan)/endpoints", body)
            #expect(reply.status == 400, "\(reply.text)")
            #expect(reply.json?["arguments"]?.array?.first == .string(field), "\(reply.text)")
            #expect(try await server.call("GET", "plans/\(plan)/endpoints").json?["total"] == 0)
        }
    }

    @Test func oneOfThePlatformsKindNeedsAName() async throws {
        try await RESTTestServer.run { server in
            let plan = try await server.call("POST", "plans", ["name": "P"]).id
            let made = try await server.call(
                "POST", "plans/\(plan)/endpoints", ["name": "Ourselves", "endpointType": "XMATTERS"])
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json?["authenticationType"] == "XMATTERS")
            #expect(made.json?["url"] == nil)
        }
    }
}
