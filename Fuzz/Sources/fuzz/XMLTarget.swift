import JavaScriptEngine
import Scripting

/// XML that scripts are given: it becomes a document or an error in the script, and the engine lives.
///
/// The bytes: an XPath expression, NUL, XML.
final class XMLTarget: FuzzTarget {
    private static let script = """
        var parts = request.body.split('\\u0000');
        function tried(step) { try { return step(); } catch (error) { console.log(String(error).length); } }
        var xml = parts.slice(1).join(' ');
        var node = tried(function () { return new XMLUtils.DOMParser().parseFromString(xml, 'text/xml'); });
        if (node) {
            tried(function () { return XMLUtils.xpath.select(parts[0], node).length; });
            tried(function () { return new XMLUtils.XMLSerializer().serializeToString(node).length; });
        }
        tried(function () { return JXON.stringify(JXON.parse(xml)).length; });
        """

    private let engine = UnconfinedEngine()

    func take(_ bytes: [UInt8]) {
        let run = ScriptRun(
            name: "xml", kind: .runScript, source: Self.script,
            request: ScriptRequest(body: String(decoding: bytes, as: UTF8.self)))
        let limits = ScriptLimits(time: .seconds(2), memoryBytes: 32 << 20)
        let outcome = engine.run(run, limits: limits) { _ in ScriptHTTPAnswer(statusCode: 404) }
        switch outcome.error?.kind {
        case nil, .memory, .timeout: break
        default: fatalError("\(outcome)")
        }
    }
}
