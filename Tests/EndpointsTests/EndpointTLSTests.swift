import AlertCore
import OutboundHTTP
import Persistence
import TestSupport
import Testing

@testable import Endpoints

/// Certificates, ours and theirs, against a real TLS server.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct EndpointTLSTests {
    private let call = EndpointCall(method: "GET", path: "/")

    private func outcome(_ world: ClientWorld, _ endpoint: Endpoint) async throws -> OutboundError.Code? {
        do {
            let answer = try await world.client.send(call, to: endpoint, as: nil)
            #expect(answer.status == 200)
            return nil
        } catch let error as OutboundError {
            return error.code
        }
    }

    @Test func trustsWhomItIsTold() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await TLSServer(authority, asksForCertificate: false)
        defer { server.stop() }
        let world = try await ClientWorld()
        var endpoint = Endpoint(id: "e", plan: "p", name: "T", url: server.url)
        #expect(try await outcome(world, endpoint) == .tls)
        endpoint.certificateAuthority = try authority.text("ca.pem")
        #expect(try await outcome(world, endpoint) == nil)
        // The connection of the one that trusts is not there for the others.
        endpoint.certificateAuthority = try authority.text("other.pem")
        #expect(try await outcome(world, endpoint) == .tls)
        endpoint.certificateAuthority = nil
        #expect(try await outcome(world, endpoint) == .tls)
        endpoint.trustSelfSigned = true
        #expect(try await outcome(world, endpoint) == nil)
        endpoint.trustSelfSigned = false
        #expect(try await outcome(world, endpoint) == .tls)
    }

    @Test func showsItsCertificate() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await TLSServer(authority, asksForCertificate: true)
        defer { server.stop() }
        let world = try await ClientWorld()
        func endpoint(_ certificate: String?, _ key: String? = nil) throws -> Endpoint {
            var endpoint = world.basic(server.url)  // with a password as well
            endpoint.certificateAuthority = try authority.text("ca.pem")
            endpoint.clientCertificate = try certificate.map {
                .init(
                    certificate: try authority.text("\($0).pem"),
                    sealedPrivateKey: world.box.seal(try authority.text("\(key ?? $0).key"), for: .privateKey("e")))
            }
            return endpoint
        }
        #expect(try await outcome(world, endpoint(nil)) != nil)
        #expect(try await outcome(world, endpoint("client")) == nil)
        #expect(try await outcome(world, endpoint("other")) != nil)
        #expect(try await outcome(world, endpoint("client", "other")) == .tls)  // the key is another one's
        // Its connection is not there for those without it.
        #expect(try await outcome(world, endpoint(nil)) != nil)
        #expect(try await outcome(world, endpoint("client")) == nil)
    }

    /// That any certificate will do goes for the endpoint's own server, not for its token server.
    @Test func aTokenServerElsewhereHasToProveItself() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let server = try await TLSServer(authority, asksForCertificate: false)
        defer { server.stop() }
        let world = try await ClientWorld()
        var endpoint = world.oauth2(server.url, .clientCredentials)
        endpoint.trustSelfSigned = true
        #expect(try world.client.tls(of: endpoint, for: "\(server.url)/token").trustSelfSigned)
        endpoint.url = "https://127.0.0.1:1"
        #expect(try !world.client.tls(of: endpoint, for: "\(server.url)/token").trustSelfSigned)
        let refused = await #expect(throws: TokenProblem.self) { try await world.client.accessToken(of: endpoint) }
        #expect(refused?.detail.contains("certificate") == true, "\(refused?.detail ?? "")")
    }
}
