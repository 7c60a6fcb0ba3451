/// What the databases want said differently.
public enum SQLDialect: String, Sendable {
    case sqlite, postgres

    /// What makes a `SELECT` lock its rows and pass over those that others have locked, if anything.
    var skippingLocked: SQL {
        switch self {
        case .sqlite: ""  // one writer at a time: nobody else holds a lock
        case .postgres: "FOR UPDATE SKIP LOCKED"
        }
    }

    /// Whether the texts of a row of `alert_texts` contain something. By an index from three characters on.
    func texts(contain part: String) -> SQL {
        switch self {
        case .sqlite where part.unicodeScalars.count < 3: "instr(text, \(part)) > 0"
        case .sqlite: "text MATCH \("\"\(part.replacing("\"", with: "\"\""))\"")"
        case .postgres where part.unicodeScalars.count < 3: "strpos(text, \(part)) > 0"
        case .postgres: "alert_text_trigrams(text) @> alert_text_trigrams(\(part)) AND strpos(text, \(part)) > 0"
        }
    }
}

extension SQLConnection {
    var dialect: SQLDialect { type(of: self).dialect }
}
