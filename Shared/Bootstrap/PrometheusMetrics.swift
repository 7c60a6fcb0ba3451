import CoreMetrics
import Foundation

/// A swift-metrics backend that renders the Prometheus text format (version 0.0.4).
final class PrometheusMetrics: MetricsFactory, @unchecked Sendable {  // `series` is touched under `lock` only
    private enum Instrument {
        case counter(PrometheusCounter)
        case gauge(PrometheusGauge)
        case histogram(PrometheusHistogram)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// How many series there may be; further ones are counted nowhere, so that a label cannot fill the memory.
    private static let seriesLimit = 5000

    private let lock = NSLock()
    private var series: [String: (name: String, labels: [(String, String)], instrument: Instrument)] = [:]

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let fresh = PrometheusCounter()
        if case .counter(let known) = instrument(label, dimensions, .counter(fresh)) { return known }
        return fresh
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { histogram(label, dimensions) } else { gauge(label, dimensions) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// All series, those of one name together.
    func rendered() -> String {
        let all = lock.withLock { series.values.sorted { ($0.name, $0.labels.text) < ($1.name, $1.labels.text) } }
        var text = ""
        var last = ""
        for (name, labels, instrument) in all {
            if name != last { text += "# TYPE \(name) \(instrument.type)\n" }
            last = name
            switch instrument {
            case .counter(let counter): text += "\(name)\(labels.text) \(counter.value)\n"
            case .gauge(let gauge): text += "\(name)\(labels.text) \(gauge.value)\n"
            case .histogram(let histogram): text += histogram.rendered(name, labels)
            }
        }
        return text + ProcessFigures.rendered()
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let fresh = PrometheusGauge()
        if case .gauge(let known) = instrument(label, dimensions, .gauge(fresh)) { return known }
        return fresh
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
        let fresh = PrometheusHistogram()
        if case .histogram(let known) = instrument(label, dimensions, .histogram(fresh)) { return known }
        return fresh
    }

    private func instrument(
        _ label: String, _ labels: [(String, String)], _ fresh: Instrument
    ) -> Instrument {
        let name = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return lock.withLock {
            let key = name + labels.text
            if let known = series[key] { return known.instrument }
            if series.count < Self.seriesLimit { series[key] = (name, labels, fresh) }
            return fresh
        }
    }
}

extension [(String, String)] {
    /// `{code="200"}`, escaped as the format wants it.
    fileprivate var text: String {
        if isEmpty { return "" }
        let pairs = map { name, value in
            let escaped = value.replacingOccurrences(of: "\\", with: "\\\\")
                .replacingOccurrences(of: "\"", with: "\\\"").replacingOccurrences(of: "\n", with: "\\n")
            return "\(name)=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}

private final class PrometheusCounter: CounterHandler, @unchecked Sendable {  // `count` under `lock` only
    private let lock = NSLock()
    private var count: Int64 = 0

    var value: Int64 { lock.withLock { count } }

    func increment(by amount: Int64) { lock.withLock { count &+= amount } }
    func reset() { lock.withLock { count = 0 } }
}

private final class PrometheusGauge: MeterHandler, RecorderHandler, @unchecked Sendable {  // `number` under `lock` only
    private let lock = NSLock()
    private var number = 0.0

    var value: Double { lock.withLock { number } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { lock.withLock { number = value } }
    func increment(by amount: Double) { lock.withLock { number += amount } }
    func decrement(by amount: Double) { lock.withLock { number -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// Times are in seconds.
private final class PrometheusHistogram: TimerHandler, RecorderHandler, @unchecked Sendable {  // all under `lock` only
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let lock = NSLock()
    private var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    private var sum = 0.0

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        lock.withLock {
            buckets[bucket] += 1
            sum += value
        }
    }

    func rendered(_ name: String, _ labels: [(String, String)]) -> String {
        let (buckets, sum) = lock.withLock { (self.buckets, self.sum) }
        var text = ""
        var total: UInt64 = 0
        for (index, count) in buckets.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
            text += "\(name)_bucket\((labels + [("le", bound)]).text) \(total)\n"
        }
        return text + "\(name)_sum\(labels.text) \(sum)\n\(name)_count\(labels.text) \(total)\n"
    }
}

/// What the kernel says about this process (proc(5)).
private enum ProcessFigures {
    static func rendered() -> String {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),  // absent: no figures
            let end = stat.lastIndex(of: ")")
        else { return "" }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Double(fields[21])
        else { return "" }
        return """
            # TYPE process_cpu_seconds_total counter
            process_cpu_seconds_total \((user + system) / 100)
            # TYPE process_resident_memory_bytes gauge
            process_resident_memory_bytes \(Int(pages * 4096))

            """
    }
}
