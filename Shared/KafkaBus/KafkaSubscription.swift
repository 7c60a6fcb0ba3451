import Logging
import Messaging

/// A membership, as its owner sees it.
struct KafkaSubscription: Subscription {
    /// Ten seconds for the owners of the feeds, the rest for the broker.
    static let closeTimeout: Duration = .seconds(25)

    let membership: GroupMembership
    let logger: Logger

    var assignments: AsyncStream<any PartitionFeed> { membership.assignments }

    func close() async {
        membership.inbox.post(.close)
        if await !membership.ended.wait(atMost: Self.closeTimeout) {
            logger.error("the consumer did not end in time and has been left behind")
        }
    }
}
