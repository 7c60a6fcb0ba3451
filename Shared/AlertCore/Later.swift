/// A stored property that older documents do not have: decoded from them, it is empty (`false`, `0`, `""`, `[]`, or
/// whatever its type makes of nothing). Encoded, it is its plain value.
@propertyWrapper
public struct Later<Value: Codable & Hashable & Sendable & EmptyInitializable>: Codable, Hashable, Sendable {
    public var wrappedValue: Value

    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// A value that can be made of nothing.
public protocol EmptyInitializable { init() }

extension Bool: EmptyInitializable {}
extension Int: EmptyInitializable {}
extension String: EmptyInitializable {}
extension Array: EmptyInitializable {}
extension Dictionary: EmptyInitializable {}

extension KeyedDecodingContainer {
    /// What the compiler's own decoding calls for a ``Later`` property.
    public func decode<Value>(_ type: Later<Value>.Type, forKey key: Key) throws -> Later<Value> {
        try decodeIfPresent(type, forKey: key) ?? Later(wrappedValue: Value())
    }
}

extension KeyedEncodingContainer {
    /// What is empty is left out: a document stays as it was before there was the property.
    public mutating func encode<Value>(_ later: Later<Value>, forKey key: Key) throws {
        guard later.wrappedValue != Value() else { return }
        try encode(later.wrappedValue, forKey: key)
    }
}
