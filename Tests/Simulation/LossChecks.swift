// What a broker has lost that had confirmed it.
extension Checker {
    /// How long a process may take to send again what it had confirmed, when nothing else is wrong.
    private static let repairTime = Duration.seconds(15)

    /// Whether what cannot be made good (docs/adr/0023) explains that something is missing: a message which names it
    /// was lost by the broker, was never brought again to the broker or into the spool, and whoever had brought it was
    /// dead before it could do so again.
    func isLostByDesign(_ id: String) -> Bool {
        history.lost.contains { lost in
            guard lost.content.contains(id), let carriers = history.carriers[lost.content] else { return false }
            return carriers.allSatisfy { carrier in
                guard carrier.at <= lost.at, let death = history.deaths[carrier.process] else { return false }
                return death <= lost.at + Self.repairTime.nanoseconds
            }
        }
    }
}
