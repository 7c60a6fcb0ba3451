/// One run on one worker: what the worker asks for is done, until it says what came of the run.
struct SandboxSession {
    enum End: Sendable {
        case finished(ScriptOutcome)
        /// The worker is lost, and so is this run, but for what it had written.
        case lost(ScriptError.Kind, String, log: String)
        /// The worker was lost before it had seen the run, which another one can take.
        case notBegun
    }

    let worker: WorkerProcess
    let run: ScriptRun
    let limits: ScriptLimits
    let host: any ScriptHost
    /// How much longer than its limit a script may take before the worker is taken for stuck.
    let grace: Duration

    /// To be called on the worker's thread.
    func end() async -> End {
        // What is left of the script's time. It is the worker that keeps the script to its limits; here is
        // the second line of defence, for a worker that cannot or will not.
        var time = limits.time + grace
        var callsLeft = limits.hostCalls
        var bytesLeft = limits.hostBytesTotal
        var hasBegun = false
        var offsets: [Int] = []
        var frame = Frame(.run, SandboxedRun(run: run, limits: limits).payload)
        while true {
            let reply: Frame
            switch worker.exchange(
                .init(frame: frame, time: time, payloadBytesMax: limits.workerFrameBytesMax))
            {
            case .success(let received):
                reply = received.frame
                time -= received.time
            case .failure(.gone) where !hasBegun: return .notBegun
            case .failure(let failure): return end(after: failure)
            }
            hasBegun = true
            if reply.kind == .outcome { return end(with: reply, offsets) }
            offsets.append(worker.consoleBytes)
            callsLeft -= 1
            bytesLeft -= reply.payload.count
            guard callsLeft >= 0, bytesLeft >= 0, let answer = await answer(to: reply) else {
                return end(after: .brokeProtocol)
            }
            bytesLeft -= answer.payload.count
            frame = answer
        }
    }

    private func end(with reply: Frame, _ offsets: [Int]) -> End {
        do {
            var outcome = try ScriptOutcome(payload: reply.payload)
            outcome.log = worker.console
            outcome.callOffsets = offsets
            return .finished(outcome)
        } catch {
            return end(after: .brokeProtocol)
        }
    }

    private func end(after failure: WorkerFailure) -> End {
        let (kind, message): (ScriptError.Kind, String) =
            switch failure {
            case .cannotStart(let reason): (.unavailable, "the script worker does not start: \(reason)")
            case .timedOut: (.timeout, "the script was killed \(grace) after its limit of \(limits.time)")
            case .gone, .died: (.crashed, "the script worker died")
            case .brokeProtocol: (.crashed, "the script worker broke the protocol")
            }
        return .lost(kind, message, log: worker.console)
    }

    /// The answer to a call; `nil` when the frame is none.
    private func answer(to call: Frame) async -> Frame? {
        switch call.kind {
        case .http:
            let request: ScriptHTTPCall
            do {
                request = try ScriptHTTPCall(payload: call.payload)
            } catch {
                return nil
            }
            return await frame { try await host.http(request) }
        case .form:
            let trigger = String(decoding: call.payload, as: UTF8.self)
            return await frame { await host.postForm(trigger) }
        case .token:
            let endpoint = String(decoding: call.payload, as: UTF8.self)
            return await frame {
                ScriptHTTPAnswer(statusCode: 200, body: try await host.authenticate(endpoint))
            }
        case .ready, .run, .answer, .failure, .outcome:
            return nil
        }
    }

    private func frame(of answer: () async throws -> ScriptHTTPAnswer) async -> Frame {
        let payload: [UInt8]
        do {
            payload = try await answer().payload
        } catch {
            return Frame(.failure, "\(error)")
        }
        guard payload.count <= limits.hostBytes else {
            return Frame(.failure, "the answer is too large: \(payload.count) bytes, at most \(limits.hostBytes)")
        }
        return Frame(.answer, payload)
    }
}
