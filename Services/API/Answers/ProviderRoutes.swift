import AlertCore
import Answers
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import Persistence

/// What providers of text messages and calls tell us, under `/provider/twilio/{provider}/`. Whoever does not sign as
/// the provider's account does gets 403, whatever the request is about.
struct ProviderRoutes<Context: RequestContext>: Sendable {
    /// The longest form in bytes: a text message of 10 parts and some 40 fields are far below.
    private static var formLimit: Int { 64 << 10 }
    private static var signatureHeader: HTTPField.Name { HTTPField.Name("X-Twilio-Signature")! }  // a valid name

    let desk: AnswerDesk
    let secrets: SecretBox
    /// Without a slash at the end: what the provider was told to call.
    let publicURL: String
    let logger: Logger

    /// A request that the provider has signed.
    struct Call: Sendable {
        let provider: NotificationProvider
        let query: QueryParameters
        let form: QueryParameters
        /// Where the next step of the same call goes to.
        let url: String

        func text(_ name: String) -> String { form[name] ?? "" }
    }

    func add(to router: Router<Context>) {
        let handlers: [(String, @Sendable (Call) async throws -> Response)] = [
            ("sms", text), ("voice", beginCall), ("voice/gather", keys), ("status", status),
        ]
        for (path, handler) in handlers {
            router.post("/provider/twilio/{provider}/\(path)") { request, context in
                let id = context.parameters.get("provider") ?? ""
                guard let call = try await verified(request, provider: id) else {
                    count(path, "refused")
                    logger.warning(
                        "request of a provider refused: its signature is wrong",
                        metadata: ["provider": "\(id)", "path": "\(path)"])
                    return Response(status: .forbidden)
                }
                count(path, "accepted")
                return try await handler(call)
            }
        }
    }

    private func count(_ path: String, _ outcome: String) {
        Counter(label: "tocsin_provider_requests_total", dimensions: [("path", path), ("outcome", outcome)])
            .increment()
    }

    /// `nil` when there is no such provider, or it has not signed this.
    private func verified(_ request: Request, provider id: String) async throws -> Call? {
        let form = try await ConsoleRoutes<Context>.form(of: request, limit: Self.formLimit)
        guard let provider = try await desk.directory.current().providers[id], provider.kind == .twilio,
            provider.enabled, let sealed = provider.sealedSecret, let signature = request.headers[Self.signatureHeader]
        else { return nil }
        let token: String
        do {
            token = try secrets.open(sealed, for: .provider(id))
        } catch {
            logger.error("the secret of a provider cannot be opened", metadata: ["provider": "\(provider.name)"])
            return nil
        }
        let url = publicURL + request.uri.string
        guard TwilioSignature.isValid(signature, url: url, form: form.items, token: token) else { return nil }
        return Call(provider: provider, query: QueryParameters(request.uri.query ?? ""), form: form, url: url)
    }

    static func twiml(_ verbs: [TwiML], language: String) -> Response {
        let text = TwiML.document(verbs, voice: AnswerPhrases(language: language).voice)
        return Response(
            status: .ok, headers: [.contentType: "text/xml; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
