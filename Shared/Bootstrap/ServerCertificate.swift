import Foundation
import Metrics
import NIOSSL
import ServiceSettings

/// What a server shows its clients: a certificate with its chain, and the key, from two PEM files.
///
/// A new certificate is taken while the server runs: connections that are made after it get it. Files that are wrong
/// by then change nothing.
final class ServerCertificate: @unchecked Sendable {  // `shown` and `refused` are touched under `lock` only
    /// The longest file in bytes.
    private static let sizeLimit = 1 << 20

    private let certificatePath: String
    private let keyPath: String
    private let lock = NSLock()
    private var shown: Shown
    /// Files that were wrong, which is said once.
    private var refused: Files?

    /// What is in the two files.
    private struct Files: Equatable {
        let certificate: [UInt8]
        let key: [UInt8]
    }

    private struct Shown {
        let files: Files
        let context: NIOSSLContext
        let expires: Date
    }

    /// - Throws: ``Problem`` when a file cannot be read or is wrong.
    init(certificatePath: String, keyPath: String) throws(Problem) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        shown = try Self.shown(try Self.files(certificatePath, keyPath), certificatePath, keyPath)
    }

    /// Of the settings; `nil` when they name none, or something is wrong, which the reader knows.
    static func named(by reader: SettingsReader) -> ServerCertificate? {
        switch (reader.text(.tlsCertificate), reader.text(.tlsKey)) {
        case (nil, nil): return nil
        case (.some, nil):
            reader.refuse(.tlsCertificate, "needs \(Setting.tlsKey.variable)")
            return nil
        case (nil, .some):
            reader.refuse(.tlsKey, "needs \(Setting.tlsCertificate.variable)")
            return nil
        case (let certificate?, let key?):
            do {
                return try ServerCertificate(certificatePath: certificate, keyPath: key)
            } catch {
                reader.refuse(error.isOfKey ? .tlsKey : .tlsCertificate, "is wrong: \(error)")
                return nil
            }
        }
    }

    /// For the connections that are made from now on.
    var context: NIOSSLContext { lock.withLock { shown.context } }

    /// When the certificate ends.
    var expires: Date { lock.withLock { shown.expires } }

    /// Takes what is in the files now.
    /// - Returns: Whether it is something new.
    /// - Throws: ``Problem``, once for the same files; what was shown before goes on being shown.
    func refresh() throws(Problem) -> Bool {
        let files = try Self.files(certificatePath, keyPath)
        guard lock.withLock({ files != shown.files && files != refused }) else { return false }
        do {
            let next = try Self.shown(files, certificatePath, keyPath)
            lock.withLock { (shown, refused) = (next, nil) }
            return true
        } catch {
            lock.withLock { refused = files }
            throw error
        }
    }

    private static func files(_ certificatePath: String, _ keyPath: String) throws(Problem) -> Files {
        Files(certificate: try bytes(of: certificatePath), key: try bytes(of: keyPath, isOfKey: true))
    }

    private static func bytes(of path: String, isOfKey: Bool = false) throws(Problem) -> [UInt8] {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            data = try handle.read(upToCount: sizeLimit + 1) ?? Data()
        } catch {
            throw Problem(isOfKey: isOfKey, reason: "\(path) cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= sizeLimit else {
            throw Problem(isOfKey: isOfKey, reason: "\(path) has more than \(sizeLimit) bytes")
        }
        return [UInt8](data)
    }

    private static func shown(_ files: Files, _ certificatePath: String, _ keyPath: String) throws(Problem) -> Shown {
        // What the library throws of a file that is no PEM says nothing that helps.
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(files.certificate), let first = chain.first else {
            throw Problem(isOfKey: false, reason: "\(certificatePath) holds no certificate in PEM")
        }
        // Nor does this.
        guard let key = try? NIOSSLPrivateKey(bytes: files.key, format: .pem) else {
            throw Problem(isOfKey: true, reason: "\(keyPath) holds no private key in PEM without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            let context = try NIOSSLContext(configuration: configuration)
            return Shown(
                files: files, context: context,
                expires: Date(timeIntervalSince1970: TimeInterval(first.notValidAfter)))
        } catch {
            throw Problem(
                isOfKey: true, reason: "\(keyPath) does not go with the first certificate of \(certificatePath)")
        }
    }

    /// What is wrong, with the file.
    struct Problem: Error, CustomStringConvertible {
        let isOfKey: Bool
        let reason: String
        var description: String { reason }
    }
}
