import AlertCore
import Foundation
import HTTPTypes
import Hummingbird

/// `/openapi.json`, also as `/api/xm/1/openapi.json`.
struct OpenAPIRoutes<Context: RequestContext>: Sendable {
    private let bytes: [UInt8]

    init(routes: [RESTRoute], version: String, publicURL: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        bytes = try [UInt8](
            encoder.encode(OpenAPIDocument(routes: routes).json(version: version, publicURL: publicURL)))
    }

    func add(to router: Router<Context>) {
        for path in [OpenAPIDocument.path, RESTPath.base + OpenAPIDocument.path] {
            router.get(RouterPath(path)) { [bytes] _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json;charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            }
        }
    }
}
