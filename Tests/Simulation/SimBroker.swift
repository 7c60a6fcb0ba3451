import Messaging
import Persistence

/// A broker in memory: partitions, groups and their rebalances. What processes see of it is ``SimBus``.
final class SimBroker: @unchecked Sendable {  // one thread
    struct Place: Hashable, Comparable, CustomStringConvertible {
        let topic: String
        let partition: Int

        var description: String { "\(topic)/\(partition)" }

        static func < (left: Place, right: Place) -> Bool {
            (left.topic, left.partition) < (right.topic, right.partition)
        }
    }

    struct Stored {
        let message: Message
        let visibleAt: Int64
        let appendedAt: Int64
        /// In milliseconds since 1970, by the producer's clock.
        let time: Int64

        var mark: MessageMark { MessageMark(offset: message.offset, time: time) }
    }

    private final class Group {
        let name: String
        var members: [SimMember] = []
        var owners: [Place: SimMember] = [:]
        /// Places that are being taken from their owners.
        var revoking: Set<Place> = []
        /// Places that are to go to somebody else, whoever that is.
        var moving: Set<Place> = []

        init(_ name: String) { self.name = name }
    }

    /// How long an owner may take to let go of a partition.
    private static let releaseTime = Duration.seconds(10)
    /// After that, a member that is not heard of is taken for dead.
    static let sessionTime = Duration.seconds(10)

    let partitionCount: Int
    let partitions: Partitions
    private let history: History
    private let executor = VirtualExecutor.shared
    private var feedCount = 0
    private var stored: [Place: [Stored]] = [:]
    private var groups: [String: Group] = [:]
    /// Connections of processes that may be alive.
    private var connections: [(process: SimProcess, bus: SimBus)] = []
    /// Nobody reaches it.
    private(set) var isAway = false
    private var outages = 0

    init(partitionCount: Int, history: History) {
        self.partitionCount = partitionCount
        partitions = Partitions(partitionCount)
        self.history = history
    }

    // MARK: - Messages

    func end(of place: Place) -> Int64 { Int64(stored[place]?.count ?? 0) }

    func append(_ message: OutgoingMessage, to topic: Topic, after delay: Duration, by process: SimProcess) {
        let place = Place(
            topic: topic.name, partition: partitions.known?.partition(of: message, on: topic) ?? 0)
        let offset = end(of: place)
        let visible = max(executor.now + delay.nanoseconds, stored[place]?.last?.visibleAt ?? 0)
        let kept = Message(offset: offset, key: message.key, body: message.body, headers: message.headers)
        let time = SimContent.start.milliseconds + (executor.now + process.clockOffset.nanoseconds) / 1_000_000
        stored[place, default: []].append(
            Stored(message: kept, visibleAt: visible, appendedAt: executor.now, time: time))
        history.carried("\(place)", key: message.key, body: message.body, by: process.run)
        for group in groups.values.sorted(by: { $0.name < $1.name }) {
            group.owners[place]?.feeds[place]?.wake(after: .nanoseconds(visible - executor.now))
        }
    }

    func messages(at place: Place, from offset: Int64, max: Int) -> ArraySlice<Stored> {
        let all = stored[place] ?? []
        guard offset < all.count else { return [] }
        return all[Int(offset)...].prefix(max).prefix { $0.visibleAt <= executor.now }
    }

    /// As after a power cut: of each partition, some of what was appended in the last while is gone.
    func loseTail(of duration: Duration, _ chance: Chance) {
        for (place, all) in stored.sorted(by: { $0.key < $1.key }) {
            let young = all.reversed().prefix { $0.appendedAt >= executor.now - duration.nanoseconds }.count
            let lost = all.suffix(chance.int(0...young))
            guard !lost.isEmpty else { continue }
            stored[place]?.removeLast(lost.count)
            history.note("the broker loses \(place) from \(all.count - lost.count) on, of \(all.count)")
            for one in lost { history.lose("\(place)", key: one.message.key, body: one.message.body) }
        }
    }

    /// When the message at an offset can be seen, if it is there.
    func visibleAt(_ place: Place, _ offset: Int64) -> Int64? {
        guard let all = stored[place], offset < all.count else { return nil }
        return all[Int(offset)].visibleAt
    }

    // MARK: - Who reaches it

    func add(_ bus: SimBus, of process: SimProcess) {
        connections.removeAll { $0.process.isDead }
        connections.append((process, bus))
    }

    func isOutOfReach(of process: SimProcess) -> Bool { isAway || process.isCutOff }

    /// Nobody reaches it until it is back. After a session's time no member has its partitions any more.
    func goAway() {
        if !isAway { history.outages.append(.init(from: executor.now)) }
        isAway = true
        outages += 1
        history.doubt()
        for connection in connections where !connection.process.isDead { connection.bus.interrupt() }
        for group in groups.values.sorted(by: { $0.name < $1.name }) { group.members.forEach { $0.interrupt() } }
        executor.after(Self.sessionTime) { [self, outages] in
            guard isAway, outages == self.outages else { return }
            for group in groups.values.sorted(by: { $0.name < $1.name }) {
                let members = group.members
                members.forEach { $0.hasLeft = true }
                (group.members, group.owners, group.revoking, group.moving) = ([], [:], [], [])
                members.forEach { $0.lost(noticing: 3000) }
            }
        }
    }

    func comeBack() {
        if isAway { history.outages[history.outages.count - 1].to = executor.now }
        isAway = false
        for group in groups.values.sorted(by: { $0.name < $1.name }) { rebalance(group) }
    }

    /// One process does not reach it for a while.
    func cutOff(_ process: SimProcess, for duration: Duration) {
        process.isCutOff = true
        history.doubt()
        for connection in connections where connection.process === process { connection.bus.interrupt() }
        for member in members(of: process) { member.interrupt() }
        for member in members(of: process) where duration > Self.sessionTime {
            executor.after(Self.sessionTime) { [self] in expire(member) }
        }
        executor.after(duration) { process.isCutOff = false }
    }

    // MARK: - Groups

    func join(_ member: SimMember) {
        let group = groups[member.group, default: Group(member.group)]
        groups[member.group] = group
        group.members.append(member)
        history.note("\(member.process.run) joins \(group.name)")
        rebalance(group)
    }

    /// In order: its feeds end, and others get them once they are released.
    func leave(_ member: SimMember) {
        guard let group = groups[member.group], !member.hasLeft else { return }
        guard !isOutOfReach(of: member.process) else {
            member.endFeeds()
            return executor.after(Self.sessionTime) { [self] in expire(member) }
        }
        member.hasLeft = true
        group.members.removeAll { $0 === member }
        rebalance(group)
    }

    /// The group takes it for dead, whether or not it is.
    func expire(_ member: SimMember) {
        guard let group = groups[member.group], !member.hasLeft else { return }
        guard !isAway else { return executor.after(.seconds(1)) { [self] in expire(member) } }
        history.note("\(member.process.run) is taken for dead by \(group.name)")
        member.hasLeft = true
        group.members.removeAll { $0 === member }
        for (place, owner) in group.owners where owner === member {
            group.owners[place] = nil
            group.revoking.remove(place)
        }
        rebalance(group)
        member.lost()
    }

    /// Called when a process has died.
    func died(_ process: SimProcess) {
        for group in groups.values.sorted(by: { $0.name < $1.name }) {
            for member in group.members where member.process === process {
                executor.after(Self.sessionTime) { [self] in expire(member) }
            }
        }
    }

    func members(of process: SimProcess) -> [SimMember] {
        groups.values.sorted { $0.name < $1.name }.flatMap(\.members).filter { $0.process === process }
    }

    /// Moves a partition of a group to another of its members.
    func move(_ chance: Chance) {
        let candidates = groups.values.filter { $0.members.count > 1 && !$0.owners.isEmpty }.sorted {
            $0.name < $1.name
        }
        guard let group = candidates.isEmpty ? nil : chance.pick(candidates) else { return }
        let place = chance.pick(group.owners.keys.sorted())
        history.note("\(place) of \(group.name) is moved")
        group.moving.insert(place)
        rebalance(group)
    }

    func released(_ feed: SimFeed, by member: SimMember) {
        if let group = groups[member.group], group.revoking.contains(feed.place), group.owners[feed.place] === member {
            take(feed.place, in: group)
        }
    }

    private func take(_ place: Place, in group: Group) {
        group.owners[place] = nil
        group.revoking.remove(place)
        rebalance(group)
    }

    private func rebalance(_ group: Group) {
        guard !isAway else { return }  // once it is back
        guard !group.members.isEmpty else { return release(all: group, except: [:]) }
        let topics = Set(group.members.flatMap { $0.topics.map(\.name) }).sorted()
        let places = topics.flatMap { topic in (0..<partitionCount).map { Place(topic: topic, partition: $0) } }
        let most = (places.count + group.members.count - 1) / group.members.count
        var load = [Int](repeating: 0, count: group.members.count)
        var target: [Place: SimMember] = [:]
        for place in places {
            guard let owner = group.owners[place], let index = group.members.firstIndex(where: { $0 === owner }),
                load[index] < most, !group.moving.contains(place)
            else { continue }
            load[index] += 1
            target[place] = owner
        }
        for place in places where target[place] == nil {
            let others = group.members.indices.filter {
                !group.moving.contains(place) || group.members.count == 1 || group.members[$0] !== group.owners[place]
            }
            let index = others.min { (load[$0], $0) < (load[$1], $1) }!
            load[index] += 1
            target[place] = group.members[index]
        }
        release(all: group, except: target)
        for place in places where group.owners[place] == nil {
            guard let member = target[place] else { continue }
            group.moving.remove(place)
            give(place, to: member, in: group)
        }
    }

    private func release(all group: Group, except target: [Place: SimMember]) {
        for (place, owner) in group.owners.sorted(by: { $0.key < $1.key }) where target[place] !== owner {
            guard group.revoking.insert(place).inserted else { continue }
            owner.feeds[place]?.end()
            executor.after(Self.releaseTime) { [self] in
                guard group.revoking.contains(place), group.owners[place] === owner else { return }
                take(place, in: group)
            }
        }
    }

    private func give(_ place: Place, to member: SimMember, in group: Group) {
        group.owners[place] = member
        feedCount += 1
        let feed = SimFeed(place, number: feedCount, of: member, broker: self)
        member.feeds[place] = feed
        member.give(feed)
    }
}
