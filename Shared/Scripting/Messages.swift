/// The payload of ``Frame/Kind/run``.
package struct SandboxedRun {
    package var run: ScriptRun
    package var limits: ScriptLimits

    package init(run: ScriptRun, limits: ScriptLimits) {
        self.run = run
        self.limits = limits
    }

    package var payload: [UInt8] {
        var fields = FieldWriter()
        for number in [
            limits.timeMs, limits.processorMs, limits.totalMs, limits.memoryBytes, limits.stackBytes,
            limits.outputBytes, limits.hostCalls, limits.hostBytes, limits.hostBytesTotal,
        ] {
            fields.add(number)
        }
        fields.add(run.name)
        fields.add(run.kind.rawValue)
        fields.add(run.location.rawValue)
        fields.add(run.source)
        fields.add(run.request.method)
        fields.add(run.request.headers)
        fields.add(run.request.parameters)
        fields.add(run.request.body)
        fields.add(run.request.remoteAddress)
        fields.add(run.request.requestId)
        fields.add(run.constants)
        fields.add(run.trigger)
        fields.add(run.globals)
        fields.add(run.libraries.flatMap { [$0.name, $0.source] })
        fields.add(run.inputs)
        fields.add(run.outputNames == nil ? 0 : 1)
        fields.add(run.outputNames ?? [])
        return fields.bytes
    }

    package init(payload: [UInt8]) throws(FieldReader.Malformed) {
        var fields = FieldReader(payload)
        limits = ScriptLimits()
        limits.timeMs = try fields.number()
        limits.processorMs = try fields.number()
        limits.totalMs = try fields.number()
        limits.memoryBytes = try fields.number()
        limits.stackBytes = try fields.number()
        limits.outputBytes = try fields.number()
        limits.hostCalls = try fields.number()
        limits.hostBytes = try fields.number()
        limits.hostBytesTotal = try fields.number()
        run = ScriptRun(name: try fields.text(), kind: .runScript, source: "")
        guard let kind = ScriptRun.Kind(rawValue: try fields.text()),
            let location = ScriptRun.Location(rawValue: try fields.text())
        else { throw FieldReader.Malformed() }
        run.kind = kind
        run.location = location
        run.source = try fields.text()
        run.request.method = try fields.text()
        run.request.headers = try fields.namedTexts()
        run.request.parameters = try fields.namedTexts()
        run.request.body = try fields.text()
        run.request.remoteAddress = try fields.text()
        run.request.requestId = try fields.text()
        run.constants = try fields.namedTexts()
        run.trigger = try fields.text()
        run.globals = try fields.text()
        let libraries = try fields.texts()
        run.libraries = stride(from: 0, to: libraries.count - 1, by: 2).map {
            ScriptLibrary(name: libraries[$0], source: libraries[$0 + 1])
        }
        run.inputs = try fields.namedTexts()
        let isSelective = try fields.number() != 0
        let names = try fields.texts()
        run.outputNames = isSelective ? names : nil
    }
}

extension ScriptHTTPCall {
    package var payload: [UInt8] {
        var fields = FieldWriter()
        fields.add(endpoint)
        fields.add(path)
        fields.add(method)
        fields.add(headers)
        fields.add(body)
        fields.add(autoEncodeURI ? 1 : 0)
        fields.add(host)
        return fields.bytes
    }

    package init(payload: [UInt8]) throws(FieldReader.Malformed) {
        var fields = FieldReader(payload)
        self.init(
            endpoint: try fields.optionalText(), path: try fields.text(), method: try fields.text(),
            headers: try fields.namedTexts(), body: try fields.optionalText(),
            autoEncodeURI: try fields.number() != 0, host: try fields.optionalText())
    }
}

extension ScriptHTTPAnswer {
    package var payload: [UInt8] {
        var fields = FieldWriter()
        fields.add(statusCode)
        fields.add(headers)
        fields.add(body)
        return fields.bytes
    }

    package init(payload: [UInt8]) throws(FieldReader.Malformed) {
        var fields = FieldReader(payload)
        self.init(
            statusCode: try fields.number(), headers: try fields.namedTexts(), body: try fields.text())
    }
}

/// The payload of ``Frame/Kind/outcome``: the console is elsewhere, see ``LogArea``.
extension ScriptOutcome {
    package var payload: [UInt8] {
        var fields = FieldWriter()
        fields.add(durationMs)
        fields.add(outputs)
        fields.add(error?.kind.rawValue)
        if let error {
            fields.add(error.message)
            fields.add(error.line ?? 0)
            fields.add(error.column ?? 0)
            fields.add(error.stack)
        }
        return fields.bytes
    }

    package init(payload: [UInt8]) throws(FieldReader.Malformed) {
        var fields = FieldReader(payload)
        self.init(log: "", error: nil, durationMs: try fields.number(), outputs: try fields.namedTexts())
        guard let name = try fields.optionalText() else { return }
        guard let kind = ScriptError.Kind(rawValue: name) else { throw FieldReader.Malformed() }
        let message = try fields.text()
        let (line, column) = (try fields.number(), try fields.number())
        error = ScriptError(
            kind: kind, message: message, line: line > 0 ? line : nil, column: column > 0 ? column : nil,
            stack: try fields.optionalText())
    }
}
