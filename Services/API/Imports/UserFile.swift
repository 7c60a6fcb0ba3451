import AlertCore
import Foundation
import Persistence

/// A file of people as the platform's user upload has it, version 1.5 or 1.6: a line of headers, then a line for each
/// person (spec §4.8).
struct UserFile: Sendable {
    static let transform = "users-v1"
    /// Bytes.
    static let sizeLimit = 8 << 20
    static let rowLimit = 10_000
    static let columnLimit = 200

    /// What a column holds.
    enum Column: Hashable, Sendable {
        case operation
        /// A field of a person on the wire.
        case field(String)
        /// The address of the device of that name.
        case device(String)
        /// `ACTIVE` or `INACTIVE`, of the device of that name.
        case deviceStatus(String)
        /// One of the fields that an installation gives to people itself.
        case property(String)
        /// Part of the platform's files, and nothing that is read from them.
        case ignored
        /// Neither: decided with the directory.
        case unknown
    }

    let headers: [String]
    let rows: [CSVFile.Row]

    /// - Throws: 400 that says where the text is no such file.
    init(_ text: String) throws(RestError) {
        let file = try CSVFile(text, rowLimit: Self.rowLimit + 1, fieldLimit: Self.columnLimit)
        guard let first = file.rows.first else { throw .invalidValue("file", "it is empty.") }
        headers = first.fields
        rows = Array(file.rows.dropFirst())
        guard !rows.isEmpty else { throw .invalidValue("file", "it has headers, and no line below them.") }
    }

    /// What each column holds, by the names that devices can have.
    func columns(deviceNames: [DeviceName]) -> [Column] {
        let devices = Dictionary(deviceNames.map { ($0.name.lowercased(), $0.name) }) { first, _ in first }
        return headers.map { header in
            let key = header.lowercased()
            if let column = Self.known[key] { return column }
            if let name = devices[key] { return .device(name) }
            if key.hasSuffix(" status"), let name = devices[String(key.dropLast(" status".count))] {
                return .deviceStatus(name)
            }
            if key.hasPrefix(Self.propertyPrefix) {
                let name = header.dropFirst(Self.propertyPrefix.count).trimmingCharacters(in: .whitespaces)
                return name.isEmpty ? .unknown : .property(name)
            }
            return .unknown
        }
    }

    /// Before the name of a property that nobody has yet.
    private static let propertyPrefix = "property:"

    private static let known: [String: Column] = [
        "operation": .operation, "user": .field("targetName"), "user id": .field("targetName"),
        "target name": .field("targetName"), "first name": .field("firstName"), "last name": .field("lastName"),
        "site": .field("site"), "language": .field("language"), "time zone": .field("timezone"),
        "timezone": .field("timezone"), "user supervisor": .field("supervisors"),
        "user supervisors": .field("supervisors"), "supervisors": .field("supervisors"), "role": .field("roles"),
        "roles": .field("roles"), "license type": .field("licenseType"), "licence type": .field("licenseType"),
        "web login": .field("webLogin"), "phone login": .field("phoneLogin"), "external key": .field("externalKey"),
        "externally owned": .field("externallyOwned"), "externally owned status": .field("externallyOwned"),
        "status": .field("status"), "user status": .field("status"), "uuid": .ignored, "last login": .ignored,
        "password status": .ignored, "date created": .ignored, "date updated": .ignored,
    ]

    /// Reads the columns with the directory; a property is what somebody has already.
    /// - Returns: What each holds, and what is wrong with the headers.
    func columns(_ directory: Directory) throws -> (columns: [Column], problems: [ImportMessage]) {
        var columns = columns(deviceNames: try directory.deviceNames())
        var problems: [ImportMessage] = []
        func problem(_ text: String, _ header: String? = nil) {
            problems.append(ImportMessage(.processing, text, column: header, line: 1))
        }
        if columns.contains(.unknown) {
            let properties = try Set(directory.all(Person.self).flatMap { $0.properties.keys })
            for index in columns.indices where columns[index] == .unknown {
                let header = headers[index]
                if properties.contains(header) {
                    columns[index] = .property(header)
                } else if header.isEmpty {
                    problem("Column \(index + 1) has no header.")
                } else {
                    problem(
                        "Unexpected header: \(header). This must be a device name or custom property. A property that "
                            + "nobody has yet is written as Property: \(header).", header)
                }
            }
        }
        for (index, column) in columns.enumerated() where column != .ignored && column != .unknown {
            if columns[..<index].contains(column) { problem("The header \(headers[index]) is there twice.") }
        }
        if !columns.contains(.field("targetName")) { problem("There is no header User.") }
        return (columns, problems)
    }
}
