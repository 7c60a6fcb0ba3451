import AlertCore
import Foundation
import HTTPTypes
import Hummingbird

/// `/openapi.json`, also as `/api/xm/1/openapi.json`: written when it is first asked for.
final class OpenAPIRoutes<Context: RequestContext>: @unchecked Sendable {  // `written` under `lock` only
    private let document: OpenAPIDocument
    private let version: String
    private let publicURL: String
    private let lock = NSLock()
    private var written: ByteBuffer?

    init(routes: [RESTRoute], version: String, publicURL: String) {
        document = OpenAPIDocument(routes: routes)
        self.version = version
        self.publicURL = publicURL
    }

    func add(to router: Router<Context>) {
        for path in [OpenAPIDocument.path, RESTPath.base + OpenAPIDocument.path] {
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json;charset=utf-8"],
                    body: ResponseBody(byteBuffer: try self.text()))
            }
        }
    }

    private func text() throws -> ByteBuffer {
        try lock.withLock {
            if let written { return written }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let text = ByteBuffer(bytes: try encoder.encode(document.json(version: version, publicURL: publicURL)))
            written = text
            return text
        }
    }
}
