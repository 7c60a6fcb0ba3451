import FoundationEssentials

/// One run on one worker: what the worker asks for is done, until it says what came of the run.
struct SandboxSession {
    enum End {
        case finished(ScriptOutcome)
        /// The worker is lost, and so is this run.
        case lost(ScriptError.Kind, String)
        /// The worker was lost before it had seen the run, which another one can take.
        case notBegun
    }

    let worker: WorkerProcess
    let run: ScriptRun
    let limits: ScriptLimits
    let host: any ScriptHost
    /// How much longer than its limit a script may take before the worker is taken for stuck.
    let grace: Duration

    func end() async -> End {
        // What is left of the script's time. It is the worker that stops a script in time; here is the
        // second line of defence, for a worker that cannot or will not.
        var time = limits.time + grace
        var callsLeft = limits.hostCalls
        var hasBegun = false
        var frame: Frame
        do {
            frame = Frame(.run, [UInt8](try JSONEncoder().encode(SandboxedRun(run: run, limits: limits))))
        } catch {
            return .lost(.unavailable, "the run cannot be encoded: \(error)")
        }
        while true {
            let began = ContinuousClock.now
            let reply: Frame
            switch await worker.exchange(
                .init(frame: frame, time: time, payloadBytesMax: limits.workerFrameBytesMax))
            {
            case .success(let received): reply = received
            case .failure(.gone) where !hasBegun: return .notBegun
            case .failure(let failure): return end(after: failure)
            }
            hasBegun = true
            time -= ContinuousClock.now - began
            if reply.kind == .outcome { return end(with: reply) }
            guard callsLeft > 0 else { return end(after: .brokeProtocol) }
            callsLeft -= 1
            guard let answer = await answer(to: reply) else { return end(after: .brokeProtocol) }
            frame = answer
        }
    }

    private func end(with reply: Frame) -> End {
        // A worker that answers no outcome is taken for lost.
        guard let outcome = try? JSONDecoder().decode(ScriptOutcome.self, from: Data(reply.payload)) else {
            return end(after: .brokeProtocol)  // An honest worker sends no other JSON.
        }
        return .finished(outcome)
    }

    private func end(after failure: WorkerFailure) -> End {
        switch failure {
        case .cannotStart(let reason): .lost(.unavailable, "the script worker does not start: \(reason)")
        case .timedOut:
            .lost(.timeout, "the script was killed \(grace) after its limit of \(limits.time)")
        case .gone, .died: .lost(.crashed, "the script worker died")
        case .brokeProtocol: .lost(.crashed, "the script worker broke the protocol")
        }
    }

    /// The answer to a call; `nil` when the frame is none.
    private func answer(to call: Frame) async -> Frame? {
        switch call.kind {
        case .http:
            // A worker that asks for nothing known is taken for lost.
            guard let call = try? JSONDecoder().decode(ScriptHTTPCall.self, from: Data(call.payload)) else {
                return nil  // An honest worker sends no other JSON.
            }
            do {
                return frame(of: try await host.http(call))
            } catch {
                return Frame(.failure, "\(error)")
            }
        case .form:
            return frame(of: await host.postForm(String(decoding: call.payload, as: UTF8.self)))
        case .ready, .run, .answer, .failure, .outcome:
            return nil
        }
    }

    private func frame(of answer: ScriptHTTPAnswer) -> Frame {
        let size = answer.body.utf8.count
        guard size <= limits.hostBytes else {
            return Frame(.failure, "the answer is too large: \(size) bytes, at most \(limits.hostBytes)")
        }
        do {
            return Frame(.answer, [UInt8](try JSONEncoder().encode(answer)))
        } catch {
            return Frame(.failure, "the answer cannot be encoded: \(error)")
        }
    }
}
