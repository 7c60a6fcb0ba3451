import AlertCore
import Crypto

/// Gives each notification by email an address of its own to be answered to.
public struct ReplyAddresses: Sendable {
    let domain: String
    let key: @Sendable () -> SymmetricKey

    /// - Parameter key: Gives the key that signs the addresses, as it is at the moment.
    public init(domain: String, key: @escaping @Sendable () -> SymmetricKey) {
        self.domain = domain
        self.key = key
    }

    /// - Parameter notification: The notification's id.
    func headers(for notification: String) -> [(String, String)] {
        ReplyAddress(notification: notification).text(domain: domain, key: key()).map { [("Reply-To", $0)] } ?? []
    }
}
