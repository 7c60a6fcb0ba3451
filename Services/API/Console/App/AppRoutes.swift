import AlertCore
import Foundation
import HTTPTypes
import Hummingbird
import Persistence

/// The console as an installed app: what browsers need to know of it, and its notifications.
extension ConsoleRoutes {
    /// The longest subscription of a browser in characters.
    private static var subscriptionLimit: Int { 4000 }

    func addApp(to router: Router<Context>) {
        router.get("/console/manifest.webmanifest") { _, _ in
            Self.text(try manifest(), type: "application/manifest+json")
        }
        // Not among the static files: a service worker is in charge of the folder that it comes from.
        router.get("/console/service-worker.js") { _, _ in
            guard let file = pages.assets.file("service-worker.js") else {
                throw RestError.notFound("There is no such file.")
            }
            return Self.text(String(decoding: file.bytes, as: UTF8.self), type: "text/javascript; charset=utf-8")
        }
        post("/console/people/{person}/push", to: router) { _, context, session, form in
            let id = parameter("person", context)
            do {
                try await subscribe(form, of: id, session)
                return Response.redirect(to: "/console/people/\(id)?done=subscribed#devices")
            } catch let error as RestError where error.isForTheForm {
                return try await person(id, session, problem: error)
            }
        }
    }

    private func manifest() throws -> String {
        let icon = { (name: String, size: String, type: String, purpose: String) -> JSONValue in
            [
                "src": .string(pages.assets.url(of: name)), "sizes": .string(size), "type": .string(type),
                "purpose": .string(purpose),
            ]
        }
        return try JSON.encode(
            [
                "name": "Tocsin", "short_name": "Tocsin", "description": "Alerts, and who is on call.",
                "id": "/console/",
                "start_url": "/console/alerts", "scope": "/", "display": "standalone", "background_color": "#1b2432",
                "theme_color": "#1b2432",
                "icons": [
                    icon("icon.svg", "any", "image/svg+xml", "any"),
                    icon("icon-192.png", "192x192", "image/png", "any"),
                    icon("icon-512.png", "512x512", "image/png", "any"),
                    icon("icon-maskable-512.png", "512x512", "image/png", "maskable"),
                ],
                "shortcuts": [
                    ["name": "On call now", "url": "/console/on-call"], ["name": "My page", "url": "/console/me"],
                ],
            ] as JSONValue)
    }

    private static func text(_ text: String, type: String) -> Response {
        var headers = ConsolePages.securityHeaders()
        headers[.contentType] = type
        headers[.cacheControl] = "no-cache"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The key that browsers subscribe with; `nil` where there is no Web Push.
    func pushKey(for session: ConsoleSession) async throws -> String? {
        guard rest.has(.get, "web-push-key") else { return nil }
        return try await rest.call(.get, "web-push-key", by: session.caller).body?["publicKey"]?.string
    }

    /// Stores a browser as a device.
    private func subscribe(_ form: QueryParameters, of id: String, _ session: ConsoleSession) async throws {
        let (owner, directory) = try await knownPerson(id)
        guard let subscription = form.filled("subscription"),
            (subscription.string?.count ?? 0) <= Self.subscriptionLimit
        else {
            throw RestError(
                400, "The browser has not subscribed. Allow notifications for this site, and try again.",
                subcode: "console.push", arguments: [])
        }
        let label = String((form.filled("label")?.string ?? "Browser").prefix(60))
        let taken = Set(directory.devices(of: owner.id).map { $0.name.lowercased() })
        let names = [label] + (2...99).map { "\(label) \($0)" }
        let name = names.first { !taken.contains($0.lowercased()) } ?? label
        _ = try await rest.call(
            .post, "devices",
            body: [
                "recipientType": "DEVICE", "deviceType": "WEB_PUSH", "name": .string(name), "owner": .string(owner.id),
                "pin": subscription,
            ], by: session.caller)
    }
}
