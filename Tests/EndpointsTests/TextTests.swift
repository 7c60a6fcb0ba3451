import AlertCore
import OutboundHTTP
import Persistence
import Testing

@testable import Endpoints

struct PathEncodingTests {
    @Test(arguments: [
        ("/a b", "/a%20b"), ("/ä", "/%C3%A4"), ("/a%20b", "/a%20b"), ("/100%", "/100%25"), ("/%zz", "/%25zz"),
        ("/a//b", "/a//b"), ("?q=a&&b=c d", "?q=a&&b=c%20d"), ("/x#y", "/x%23y"), ("/[1]", "/%5B1%5D"),
        ("/a\r\nX: y", "/a%0D%0AX:%20y"), ("/q?u=http://h:1/p;v=1,2", "/q?u=http://h:1/p;v=1,2"), ("", ""),
        ("/%E2%82%AC€", "/%E2%82%AC%E2%82%AC"), ("/a\\b\"c<d>", "/a%5Cb%22c%3Cd%3E"), ("/%4", "/%254"),
    ])
    func encodesWhatHasNoPlaceInAURL(_ path: String, _ encoded: String) {
        #expect(PathEncoding.encoded(path) == encoded)
    }
}

struct CallTextTests {
    @Test func looksAsThePlatformShowsIt() {
        let request = CallText.request(
            "POST", "https://h/p?a=b", headers: [("X-B", "2"), ("Content-Type", "application/json")], leftOut: [],
            body: #"{"b":1,"a":[true]}"#)
        #expect(
            request == """
                > POST https://h/p?a=b HTTP/1.1
                > Content-Type: application/json
                > X-B: 2

                {
                  "a" : [
                    true
                  ],
                  "b" : 1
                }
                """)
        let response = OutboundResponse(status: 404, headers: [("Server", "x")])
        #expect(CallText.answer(response, body: "no") == "< HTTP/1.1 404 404\n< Server: x\n\nno")
    }

    @Test(arguments: [
        ("Authorization", "Basic eDp5"), ("cookie", "a=b"), ("X-API-Key", "k"), ("X-Auth-Token", "t"),
        ("Proxy-Authorization", "x"), ("X-Client-Secret", "s"),
    ])
    func hidesHeaders(_ name: String, _ value: String) {
        let text = CallText.request("GET", "https://h/", headers: [(name, value)], leftOut: [], body: nil)
        #expect(text.hasSuffix("> \(name): ***"))
    }

    @Test func hidesCookiesThatAreSet() {
        let response = OutboundResponse(status: 200, headers: [("Set-Cookie", "id=12345")])
        #expect(CallText.answer(response, body: "") == "< HTTP/1.1 200 200\n< Set-Cookie: ***")
    }

    @Test(arguments: ["apiKey", "api_key", "token", "access_token", "key", "sig", "password", "client%5Fsecret"])
    func hidesParametersOfTheURL(_ name: String) {
        let text = CallText.request(
            "GET", "https://h/p?a=b&\(name)=s3cret&c", headers: [], leftOut: [], body: nil)
        #expect(text == "> GET https://h/p?a=b&\(name)=***&c HTTP/1.1")
    }

    @Test func hidesSecretsInBodies() {
        let json = CallText.answer(
            OutboundResponse(status: 200, headers: [("Content-Type", "application/json")]),
            body:
                #"{"access_token":"s3cret","token_type":"bearer","key":"PROJ-1","code":400,"#
                + #""a":[{"password":"s3cret"}]}"#)
        #expect(!json.contains("s3cret"))
        #expect(json.contains("\"bearer\"") && json.contains("PROJ-1") && json.contains("400"))
        let form = CallText.request(
            "POST", "https://h/", headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            leftOut: [], body: "user=a&password=s3cret")
        #expect(form.hasSuffix("user=a&password=***"))
    }

    @Test func boundsWhatIsShownAndSaysSo() {
        let body = String(repeating: "x", count: CallText.bodyLimit + 7)
        let text = CallText.answer(OutboundResponse(status: 200), body: body)
        #expect(text.hasSuffix("x… (7 more characters)"))
        #expect(text.count < CallText.bodyLimit + 100)
        #expect(CallText.answer(OutboundResponse(status: 200), body: "a\0b").hasSuffix("a\u{FFFD}b"))
    }

    @Test func saysWhichHeadersWereLeftOut() {
        let text = CallText.request("GET", "https://h/", headers: [], leftOut: ["Content-Length", "Host"], body: nil)
        #expect(text.hasSuffix("(left out, set by the server itself: Content-Length, Host)"))
    }
}

struct EndpointCredentialsTests {
    private func endpoint(_ type: Endpoint.Authentication) -> Endpoint {
        Endpoint(id: "e", plan: "p", name: "Target", url: "https://h", authenticationType: type)
    }

    @Test(arguments: Endpoint.Authentication.allCases.filter { $0 != .none && $0 != .platform })
    func saysWhatHasToBeConfigured(_ type: Endpoint.Authentication) {
        let error = #expect(throws: EndpointProblem.self) { try endpoint(type).credentials() }
        #expect(error?.description.contains("Target") == true)
        #expect(error?.description.contains(type.rawValue) == true)
        #expect(error?.description.contains("needs authentication.") == true)
    }

    @Test(arguments: [Endpoint.Authentication.oauth2Force, .oauthSlack, .oauth2Graph, .bearer])
    func takesAFixedToken(_ type: Endpoint.Authentication) throws {
        var endpoint = endpoint(type)
        endpoint.sealedToken = "sealed"
        #expect(try endpoint.credentials() == .bearer(sealedToken: "sealed"))
    }

    @Test(arguments: [Endpoint.Authentication.oauth2, .oauth2Force, .oauthSlack, .oauth2Graph, .serviceNow])
    func takesATokenServer(_ type: Endpoint.Authentication) throws {
        var endpoint = endpoint(type)
        let oauth2 = Endpoint.OAuth2(
            grant: .clientCredentials, tokenURL: "https://t", clientId: "c", sealedClientSecret: "s")
        endpoint.oauth2 = oauth2
        #expect(try endpoint.credentials() == .oauth2(oauth2, user: nil, sealedPassword: nil))
    }

    @Test func serviceNowIsBasicWithoutATokenServer() throws {
        var endpoint = endpoint(.serviceNow)
        endpoint.username = "u"
        endpoint.sealedPassword = "s"
        #expect(try endpoint.credentials() == .basic(user: "u", sealedPassword: "s"))
    }

    /// A row as the first version wrote it.
    @Test func readsADocumentOfTheFirstVersion() throws {
        let text = """
            {"authenticationType":"BASIC","endpointType":"EXTERNAL","id":"e","name":"E","plan":"p","preemptive":true,\
            "sealedPassword":"v1:AAAA","trustSelfSigned":false,"url":"https://h","username":"u"}
            """
        let endpoint = try JSON.decode(text, as: Endpoint.self)
        #expect(try endpoint.credentials() == .basic(user: "u", sealedPassword: "v1:AAAA"))
    }

    @Test(arguments: [
        ("https://H/x", "https://h:443/", true), ("http://h", "https://h", false),
        ("https://h", "https://h.evil", false),
        ("https://h:1", "https://h:2", false), ("nonsense", "https://h", false),
    ])
    func comparesOrigins(_ left: String, _ right: String, _ isSame: Bool) {
        #expect((WebOrigin(of: left) == WebOrigin(of: right)) == isSame)
    }
}
