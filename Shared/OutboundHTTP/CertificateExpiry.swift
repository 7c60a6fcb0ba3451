import CCurl
import Foundation

/// Until when a server's certificate is good, whether it is trusted or not.
public enum CertificateExpiry {
    /// For connecting, the handshake and one request.
    private static let timeout = 15

    /// Why the certificate cannot be had.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    /// Connects, and reads the certificate that the server itself shows. Nothing is sent but a HEAD for the URL.
    /// - Parameter url: Of https.
    /// - Throws: ``Problem`` when the server cannot be reached, or the TLS library shows no certificates.
    public static func date(of url: String) async throws -> Date {
        // libcurl blocks: not on a thread of the tasks.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try read(url) }) }
        }
    }

    private static func read(_ url: String) throws -> Date {
        let easy = EasyHandle()
        easy.reset()
        easy.set(CURLOPT_URL, url)
        easy.set(CURLOPT_NOBODY, 1)
        easy.set(CURLOPT_TIMEOUT, timeout)
        // One that has expired is to be read, too.
        easy.set(CURLOPT_SSL_VERIFYPEER, 0)
        easy.set(CURLOPT_SSL_VERIFYHOST, 0)
        guard tocsin_set_long(easy.pointer, CURLOPT_CERTINFO, 1) == CURLE_OK else {
            throw Problem(description: "the TLS library shows no certificates")
        }
        let code = curl_easy_perform(easy.pointer)
        guard code == CURLE_OK else { throw Problem(description: String(cString: curl_easy_strerror(code))) }
        var pointer: UnsafeMutableRawPointer?
        guard tocsin_get_pointer(easy.pointer, CURLINFO_CERTINFO, &pointer) == CURLE_OK else {
            throw Problem(description: "the TLS library shows no certificates")
        }
        guard let info = pointer?.assumingMemoryBound(to: curl_certinfo.self).pointee, info.num_of_certs > 0,
            let text = value(of: "Expire date", in: info.certinfo[0]), let date = parse(text)
        else { throw Problem(description: "the server shows no certificate that can be read") }
        return date
    }

    /// Entries of the list are `name:value`.
    private static func value(of name: String, in list: UnsafeMutablePointer<curl_slist>?) -> String? {
        var entry = list
        while let current = entry {
            let text = String(cString: current.pointee.data)
            if text.hasPrefix("\(name):") { return String(text.dropFirst(name.count + 1)) }
            entry = current.pointee.next
        }
        return nil
    }

    /// As OpenSSL writes it, `Nov  2 06:19:18 2027 GMT`, or as ISO 8601 with a blank.
    static func parse(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        for format in ["MMM d HH:mm:ss yyyy 'GMT'", "yyyy-MM-dd HH:mm:ss 'GMT'", "yyyy-MM-dd HH:mm:ss"] {
            formatter.dateFormat = format
            if let date = formatter.date(from: words.joined(separator: " ")) { return date }
        }
        return nil
    }
}
