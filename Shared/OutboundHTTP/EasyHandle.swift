import CCurl
import Foundation

/// One of libcurl's easy handles with the buffer for its error text. Used by one thread at a time.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>

    init() {
        _ = globalInitialization
        guard let pointer = curl_easy_init() else { preconditionFailure("libcurl is out of memory") }
        self.pointer = pointer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(pointer)
        errorText.deallocate()
    }

    /// Forgets every option, so that nothing of one request can show up in the next. Connections stay.
    func reset() {
        curl_easy_reset(pointer)
        errorText[0] = 0
        set(CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_NOSIGNAL, 1)
        // A resolver that hangs is left behind; libcurl would wait for its thread otherwise.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROXY, "")
        // Otherwise the environment's `no_proxy` could let a request pass by its proxy.
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    }

    func set(_ option: CURLoption, _ value: Int) { check(tocsin_set_long(pointer, option, value)) }
    func set(_ option: CURLoption, _ value: String) { check(tocsin_set_string(pointer, option, value)) }
    /// libcurl copies the bytes.
    func set(_ option: CURLoption, blob value: String) {
        var value = value
        value.withUTF8 { bytes in check(tocsin_set_blob(pointer, option, bytes.baseAddress, bytes.count)) }
    }
    func set(_ option: CURLoption, size value: Int) { check(tocsin_set_size(pointer, option, curl_off_t(value))) }
    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        check(tocsin_set_pointer(pointer, option, value))
    }
    func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        check(tocsin_set_list(pointer, option, value))
    }
    func set(_ option: CURLoption, _ value: @escaping tocsin_bytes_callback) {
        check(tocsin_set_bytes_callback(pointer, option, value))
    }
    func set(_ option: CURLoption, _ value: @escaping tocsin_socket_callback) {
        check(tocsin_set_socket_callback(pointer, option, value))
    }
    /// Durations become whole milliseconds, at least one: libcurl takes 0 for "no limit".
    func set(_ option: CURLoption, _ value: Duration) {
        let milliseconds = value.components.seconds.multipliedReportingOverflow(by: 1000)
        let fraction = value.components.attoseconds / 1_000_000_000_000_000
        let total = milliseconds.overflow ? Int64(Int32.max) : milliseconds.partialValue + fraction
        set(option, Int(min(max(total, 1), Int64(Int32.max))))
    }

    func integer(_ info: CURLINFO) -> Int {
        var value = 0
        tocsin_get_long(pointer, info, &value)
        return value
    }
    func size(_ info: CURLINFO) -> Int {
        var value = curl_off_t(0)
        tocsin_get_size(pointer, info, &value)
        return Int(value)
    }
    func string(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        tocsin_get_string(pointer, info, &value)
        return value.map { String(cString: $0) }
    }

    /// The transfer's own words, or libcurl's general ones for the code.
    func errorDetail(_ code: CURLcode) -> String {
        String(cString: errorText[0] == 0 ? curl_easy_strerror(code) : UnsafePointer(errorText))
    }

    /// An option that this libcurl does not know would leave a guard out: better not to go on.
    private func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "libcurl refused an option: \(String(cString: curl_easy_strerror(code)))")
    }
}

/// libcurl wants this once, before anything else, from one thread.
private let globalInitialization: Void = {
    precondition(curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, "libcurl could not start")
}()

/// Keeps SIGPIPE from threads that write to sockets: with NOSIGNAL libcurl leaves that to us.
func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
