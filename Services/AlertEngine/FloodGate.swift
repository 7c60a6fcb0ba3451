import AlertCore
import Messaging
import Persistence

/// Decides which of the alerts that are to be made are suppressed, in the transaction that makes them (spec §2.7).
struct FloodGate {
    /// `nil` for none.
    let limit: FloodLimit?
    let connection: any SQLConnection

    /// The first suppression of a flood.
    struct NewFlood {
        let details: AlertDetails
        let suppression: AlertSuppression
    }

    /// The commands with those that make one alert too many turned into its suppression; an alert that is there
    /// already is not counted again.
    func admit(
        _ messages: [AlertCommandMessage], at now: Timestamp
    ) throws -> (messages: [AlertCommandMessage], floods: [NewFlood]) {
        guard let limit else { return (messages, []) }
        let keys = messages.map { message in
            if case .create(let details) = message.command { details.floodKey } else { nil as String? }
        }
        let new = try missing(zip(messages, keys).filter { $1 != nil }.map(\.0.alert))
        let needed = zip(messages, keys).filter { message, _ in new.contains(message.alert) }.compactMap(\.1)
        var windows = try FloodWindows(connection).lock(Set(needed))
        guard !windows.isEmpty else { return (messages, []) }
        var decided: [String: Alert.Command] = [:]
        var floods: [NewFlood] = []
        var admitted = messages
        for (index, message) in messages.enumerated() {
            guard let key = keys[index], new.contains(message.alert), case .create(let details) = message.command else {
                continue
            }
            if decided[message.alert] == nil {
                let pass = FloodWindow.Pass(id: message.alert, number: details.number, at: now)
                let verdict = windows[key, default: FloodWindow()].admit(pass, limit: limit)
                decided[message.alert] = command(details, verdict, limit, &floods)
            }
            admitted[index].command = decided[message.alert] ?? message.command
        }
        try FloodWindows(connection).put(windows, limit: limit, at: now)
        return (admitted, floods)
    }

    private func command(
        _ details: AlertDetails, _ verdict: FloodWindow.Verdict, _ limit: FloodLimit, _ floods: inout [NewFlood]
    ) -> Alert.Command {
        guard case .suppressed(let parent, let until, let isNewFlood) = verdict else { return .create(details) }
        let suppression = AlertSuppression(
            parent: parent.id, parentNumber: parent.number ?? 0,
            suppression: Suppression(
                rule: "Alert flood control: \(limit.words) from one integration to the same recipients", until: until))
        if isNewFlood { floods.append(NewFlood(details: details, suppression: suppression)) }
        return .createSuppressed(details: details, suppression: suppression)
    }

    private func missing(_ alerts: [String]) throws(StoreError) -> Set<String> {
        let rows = try connection.execute("SELECT id FROM alerts WHERE id IN \(list: Set(alerts).sorted())")
        return Set(alerts).subtracting(rows.map { $0.text(0) })
    }
}
