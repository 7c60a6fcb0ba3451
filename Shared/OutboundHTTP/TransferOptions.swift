import CCurl

extension Transfer {
    /// Tells a handle all about this transfer. The handle must not outlive it.
    func configure(_ handle: EasyHandle, now: ContinuousClock.Instant) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        handle.reset()
        handle.set(CURLOPT_PRIVATE, this)
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        handle.set(CURLOPT_FOLLOWLOCATION, 0)
        // HTTP/2 where a target offers it in the TLS handshake; while that is under way, others wait for what it says
        // before they open connections of their own. Without TLS there is no handshake: they would wait for an answer.
        let isTLS = target.origin.hasPrefix("https:")
        handle.set(CURLOPT_HTTP_VERSION, Int(isTLS ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
        handle.set(CURLOPT_PIPEWAIT, isTLS ? 1 : 0)
        handle.set(CURLOPT_HTTPHEADER, requestHeaders)
        handle.set(CURLOPT_TIMEOUT_MS, deadline - now)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout)
        handle.set(CURLOPT_TCP_KEEPALIVE, 1)
        // A host that moves is followed after ten minutes, however busy its connections are.
        handle.set(CURLOPT_MAXLIFETIME_CONN, 600)
        handle.set(CURLOPT_OPENSOCKETFUNCTION, onOpenSocket)
        handle.set(CURLOPT_OPENSOCKETDATA, this)
        handle.set(CURLOPT_HEADERFUNCTION, onHeaderLine)
        handle.set(CURLOPT_HEADERDATA, this)
        handle.set(CURLOPT_WRITEFUNCTION, onBody)
        handle.set(CURLOPT_WRITEDATA, this)
        if let basicAuth = request.basicAuth {
            handle.set(CURLOPT_HTTPAUTH, 1)  // CURLAUTH_BASIC, a macro that Swift does not see.
            handle.set(CURLOPT_USERNAME, basicAuth.user)
            handle.set(CURLOPT_PASSWORD, basicAuth.password)
        }
        if request.trustSelfSigned {
            handle.set(CURLOPT_SSL_VERIFYPEER, 0)
            handle.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let authority = request.certificateAuthority { handle.set(CURLOPT_CAINFO_BLOB, blob: authority) }
        if let own = request.clientCertificate {
            handle.set(CURLOPT_SSLCERT_BLOB, blob: own.certificate)
            handle.set(CURLOPT_SSLCERTTYPE, "PEM")
            handle.set(CURLOPT_SSLKEY_BLOB, blob: own.privateKey)
            handle.set(CURLOPT_SSLKEYTYPE, "PEM")
        }
        if let route {
            configure(handle, route)
        } else if let resolved {
            handle.set(CURLOPT_RESOLVE, resolved)
        }
        configureMethod(handle)
    }

    private func configure(_ handle: EasyHandle, _ route: ProxiedRoute) {
        handle.set(CURLOPT_PROXY, route.proxy.url)
        handle.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        handle.set(CURLOPT_CONNECT_TO, connectTo)
        if let credentials = route.proxy.credentials {
            handle.set(CURLOPT_PROXYAUTH, 1)  // CURLAUTH_BASIC, a macro that Swift does not see.
            handle.set(CURLOPT_PROXYUSERNAME, credentials.user)
            handle.set(CURLOPT_PROXYPASSWORD, credentials.password)
        }
    }

    private func configureMethod(_ handle: EasyHandle) {
        let wantsLength = ["POST", "PUT", "PATCH"].contains(request.method)
        guard let body = request.body ?? (wantsLength ? [] : nil) else {
            switch request.method {
            case "GET": handle.set(CURLOPT_HTTPGET, 1)
            case "HEAD": handle.set(CURLOPT_NOBODY, 1)
            default: handle.set(CURLOPT_CUSTOMREQUEST, request.method)
            }
            return
        }
        handle.set(CURLOPT_POST, 1)
        handle.set(CURLOPT_POSTFIELDSIZE_LARGE, size: body.count)
        body.withUnsafeBytes { bytes in
            // The size comes first: libcurl copies that many bytes now. It wants a pointer for none, too.
            if let start = bytes.baseAddress, !bytes.isEmpty {
                handle.set(CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: start))
            } else {
                handle.set(CURLOPT_COPYPOSTFIELDS, "")
            }
        }
        if request.method != "POST" { handle.set(CURLOPT_CUSTOMREQUEST, request.method) }
        if request.method == "HEAD" { handle.set(CURLOPT_NOBODY, 1) }
    }
}

extension Transfer {
    /// What became of a transfer that libcurl has ended.
    func outcome(_ code: CURLcode, of handle: EasyHandle) -> Result<RawResponse, OutboundError> {
        if code == CURLE_OK || stop == .bodyIsEnough {
            response.status = handle.integer(CURLINFO_RESPONSE_CODE)
            response.remoteAddress = route.map { "\($0.address)" } ?? handle.string(CURLINFO_PRIMARY_IP)
            response.duration = .microseconds(handle.size(CURLINFO_TOTAL_TIME_T))
            return .success(response)
        }
        let isInDoubt = isInDoubt(handle)
        let detail: String =
            switch (stop, refusal) {
            case (.bodyTooLarge, _): "the answer has more than \(request.hardLimit ?? 0) bytes"
            case (.headersTooLarge, _):
                "the answer has more than \(Self.responseHeaderCountLimit) headers"
                    + " or \(Self.responseHeaderLengthLimit) bytes of them"
            case (_, .some(let reason)) where !hasOpenedSocket: reason
            case (_, .some(let reason)): "\(handle.errorDetail(code)); \(reason)"
            default: handle.errorDetail(code)
            }
        return .failure(OutboundError(errorCode(code, isInDoubt: isInDoubt), detail, isInDoubt: isInDoubt))
    }

    /// Whether bytes of the request have left. Handshakes do not count.
    func isInDoubt(_ handle: EasyHandle) -> Bool {
        guard handle.integer(CURLINFO_REQUEST_SIZE) > 0 else { return false }
        // Without a tunnel, it was only the proxy that was written to.
        return route == nil || handle.size(CURLINFO_PRETRANSFER_TIME_T) > 0
    }

    private func errorCode(_ code: CURLcode, isInDoubt: Bool) -> OutboundError.Code {
        if stop != nil { return .tooLarge }
        switch code {
        case CURLE_COULDNT_CONNECT: return refusal != nil && !hasOpenedSocket ? .refused : .connect
        case CURLE_INTERFACE_FAILED: return .connect
        case CURLE_UNSUPPORTED_PROTOCOL where isInDoubt: return .protocolError  // The answer's, not the URL's.
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .unresolved
        case CURLE_RECV_ERROR where route != nil && !isInDoubt, CURLE_PROXY: return .connect  // The proxy refused.
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        default: return isTLSFailure(code) ? .tls : .protocolError
        }
    }
}

/// Whether libcurl failed on TLS: the handshake, the peer's certificate, or our own CA file.
func isTLSFailure(_ code: CURLcode) -> Bool {
    switch code {
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
        CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT,
        CURLE_USE_SSL_FAILED:
        true
    default:
        false
    }
}
