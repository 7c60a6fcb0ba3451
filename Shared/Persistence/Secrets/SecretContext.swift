/// Where a sealed secret belongs.
public struct SecretContext: Hashable, Sendable {
    let text: String

    public init(_ text: String) { self.text = text }

    /// `Endpoint.sealedPassword`.
    public static func endpointPassword(_ endpoint: String) -> SecretContext { .init("endpoint/\(endpoint)") }
    /// `Endpoint.sealedToken`.
    public static func endpointToken(_ endpoint: String) -> SecretContext { .init("endpoint-token/\(endpoint)") }
    /// `Endpoint.OAuth2.sealedClientSecret`.
    public static func clientSecret(_ endpoint: String) -> SecretContext {
        .init("endpoint-client-secret/\(endpoint)")
    }
    /// `Endpoint.OAuth2.sealedRefreshToken`.
    public static func refreshToken(_ endpoint: String) -> SecretContext {
        .init("endpoint-refresh-token/\(endpoint)")
    }
    /// `Endpoint.ClientCertificate.sealedPrivateKey`.
    public static func privateKey(_ endpoint: String) -> SecretContext { .init("endpoint-private-key/\(endpoint)") }
    /// `Integration.sealedKey`: the `apiKey` of URL authentication.
    public static func integrationKey(_ integration: String) -> SecretContext {
        .init("integration-key/\(integration)")
    }
    /// `Integration.sealedSigningSecrets`: each opens to the text of a `SigningKey`.
    public static func signingSecret(_ integration: String) -> SecretContext {
        .init("signing-secret/\(integration)")
    }
    /// `NotificationProvider.sealedSecret`.
    public static func provider(_ provider: String) -> SecretContext { .init("provider/\(provider)") }
    /// `Device.pin`, where it is a secret.
    public static func devicePin(_ device: String) -> SecretContext { .init("device-pin/\(device)") }
    /// `PersonKeys.Row.sealedKey`.
    public static func personKey(_ person: String) -> SecretContext { .init("person-key/\(person)") }
    /// `Erasure.sealedTexts`.
    public static func erasure(_ person: String) -> SecretContext { .init("erasure/\(person)") }
    /// `WebPushKey.sealedPrivateKey`.
    public static let webPushKey = SecretContext("web-push-key")
    /// `AlertCallback.sealedPassword` of the n-th callback of an alert.
    public static func alertCallback(_ alert: String, _ index: Int) -> SecretContext {
        .init("alert-callback/\(alert)/\(index)")
    }
    /// `IdempotencyKeys.Answer`: what the first request with a key was answered.
    public static func idempotentAnswer(_ caller: String, _ key: String) -> SecretContext {
        .init("idempotent-answer/\(caller)/\(key)")
    }
}
