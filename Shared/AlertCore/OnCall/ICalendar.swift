/// A calendar as text (RFC 5545): `text/calendar; charset=utf-8`. All its times are in UTC.
public struct ICalendar: Equatable, Sendable {
    public struct Event: Equatable, Sendable {
        /// The same each time the calendar is made, so that a program that reads it again updates the event.
        public var uid: String
        public var start: Timestamp
        public var end: Timestamp
        public var summary: String
        public var description: String

        public init(uid: String, start: Timestamp, end: Timestamp, summary: String, description: String = "") {
            self.uid = uid
            self.start = start
            self.end = end
            self.summary = summary
            self.description = description
        }
    }

    /// The longest line, in octets without its end.
    static let lineLength = 75

    public var name: String
    public var events: [Event]

    public init(name: String, events: [Event]) {
        self.name = name
        self.events = events
    }

    /// - Parameter stamp: When it is made.
    public func text(stamp: Timestamp) -> String {
        var lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tocsin//On call//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
            "X-WR-CALNAME:\(Self.escaped(name))",
        ]
        for event in events {
            lines += [
                "BEGIN:VEVENT", "UID:\(Self.escaped(event.uid))", "DTSTAMP:\(Self.time(stamp))",
                "DTSTART:\(Self.time(event.start))", "DTEND:\(Self.time(event.end))",
                "SUMMARY:\(Self.escaped(event.summary))",
            ]
            if !event.description.isEmpty { lines.append("DESCRIPTION:\(Self.escaped(event.description))") }
            lines += ["TRANSP:TRANSPARENT", "END:VEVENT"]
        }
        lines.append("END:VCALENDAR")
        return lines.map { Self.folded($0) + "\r\n" }.joined()
    }

    /// `20180417T201903Z`.
    static func time(_ moment: Timestamp) -> String {
        String(moment.iso.prefix(19)).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// Control characters, which a value must not have, are left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case ";": result += "\\;"
            case ",": result += "\\,"
            case "\n", "\r": result += "\\n"
            case "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Lines of at most 75 octets, each after the first begun by a space; no character is cut in two.
    static func folded(_ line: String) -> String {
        var result = ""
        var length = 0
        for scalar in line.unicodeScalars {
            let width = UTF8.width(scalar)
            if length + width > lineLength {
                result += "\r\n "
                length = 1
            }
            result.unicodeScalars.append(scalar)
            length += width
        }
        return result
    }
}
