import Foundation

/// A mail server on 127.0.0.1 that records what it is told. Addresses say what it answers: `unknown@…` is
/// rejected with 550, `busy@…` with 451; a subject with "refuse" or "later" rejects the mail itself.
final class TestSMTPServer: Sendable {
    let socket: ListeningSocket
    private let log: Log
    /// Each line from clients, `DATA` contents included as they came, dots stuffed.
    var lines: [String] { log.lines }
    var connections: Int { socket.connections }

    enum Ending: Sendable { case polite, goodbyeAfterMail, silentAfterMail, droppedAfterMail }

    init(features: [String] = ["AUTH PLAIN LOGIN"], ending: Ending = .polite) throws {
        let log = Log()
        self.log = log
        socket = try ListeningSocket { connection, _ in
            TestSMTPServer.talk(connection, features: features, ending: ending, log: log)
        }
    }

    func url(_ credentials: String = "", _ options: String = "?starttls=never") -> String {
        "smtp://\(credentials)127.0.0.1:\(socket.port)\(options)"
    }

    private static func talk(_ connection: Connection, features: [String], ending: Ending, log: Log) {
        func say(_ line: String) { connection.write(Array("\(line)\r\n".utf8)) }
        say("220 mail.test")
        while let line = connection.readLine() {
            log.append(line)
            let words = line.split(separator: " ")
            switch words.first?.uppercased() {
            case "EHLO":
                for feature in features { say("250-\(feature)") }
                say("250 8BITMIME")
            case "AUTH":
                say("334 ")
                say(connection.readLine() == "AHVzZXIAcGE6c3M=" ? "235 welcome" : "535 wrong password")
            case "MAIL":
                say(line.contains("banned@") ? "550 go away" : "250 sender ok")
            case "RCPT":
                let isUnknown = line.contains("unknown@")
                say(isUnknown ? "550 no such user" : line.contains("busy@") ? "451 try later" : "250 ok")
            case "DATA":
                say("354 go on")
                let mail = readMail(connection, log: log)
                if ending == .silentAfterMail { return connection.waitForEnd() }
                if ending == .droppedAfterMail { return }
                say(mail.contains("refuse") ? "554 refused" : mail.contains("later") ? "452 later" : "250 queued as 7")
                if ending == .goodbyeAfterMail { return }
            case "QUIT":
                return say("221 bye")
            default:
                say("500 what?")
            }
        }
    }

    private static func readMail(_ connection: Connection, log: Log) -> String {
        var mail = ""
        while let line = connection.readLine(), line != "." {
            log.append(line)
            mail += line + "\n"
        }
        return mail
    }
}

private final class Log: @unchecked Sendable {  // The lock guards the lines.
    private let lock = NSLock()
    private var content: [String] = []
    var lines: [String] { lock.withLock { content } }
    func append(_ line: String) { lock.withLock { content.append(line) } }
}
