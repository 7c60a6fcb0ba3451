import Foundation
import Persistence

/// Keeps what is noted of a run's calls within bounds, and says what is left out.
struct ActivityBounds {
    /// Bytes of a request's body, of an answer's body, of all bodies of one run.
    static let requestBody = 16 << 10
    static let answerBody = 64 << 10
    static let all = 512 << 10

    private var left = Self.all

    mutating func cut(_ call: ActivityCall) -> ActivityCall {
        var call = call
        var cuts: [String] = []
        if let body = call.requestBody {
            call.requestBody = take(body, upTo: Self.requestBody, name: "request", &cuts)
        }
        call.answerBody = take(call.answerBody, upTo: Self.answerBody, name: "answer", &cuts)
        if !cuts.isEmpty { call.cut = cuts.joined(separator: ", ") }
        return call
    }

    private mutating func take(_ text: String, upTo limit: Int, name: String, _ cuts: inout [String]) -> String {
        let room = min(limit, left)
        let size = text.utf8.count
        guard size > room else {
            left -= size
            return text
        }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: room)
        while end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }  // not within a character
        left -= text.utf8.distance(from: text.startIndex, to: end)
        cuts.append("the \(name)'s body has \(size) bytes, \(text.utf8.distance(from: text.startIndex, to: end)) kept")
        return String(text[..<end])
    }
}
