extension Device.Kind {
    /// Whether ``Device/pin`` may let whoever has it send, as the address of a chat's webhook does: it is stored
    /// sealed, and never answered.
    public var hasSecretPin: Bool { [.slack, .msTeams, .webPush, .generic].contains(self) }
}

extension Device {
    /// Whether the description is the pin, which is to be kept secret: of a device that was stored before its kind was
    /// one of ``Kind/hasSecretPin``.
    public var hasTellingDescription: Bool { deviceType.hasSecretPin && !pin.isEmpty && description == pin }
}

/// Where messages to a device go, as people write it and as it is kept.
public enum DeviceAddress {
    /// A number of E.164, without the signs that people put between its digits: `+16045551212`, or with an extension
    /// `+16045551212;ext=42`. `nil` for what is no such number.
    public static func phoneNumber(_ text: String) -> String? {
        let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        let number = parts[0].filter { !" -.()".contains($0) }
        let digits = number.utf8.dropFirst()
        guard number.utf8.first == UInt8(ascii: "+"), (5...15).contains(digits.count),
            digits.first != UInt8(ascii: "0"), digits.allSatisfy(isDigit)
        else { return nil }
        guard parts.count == 2 else { return number }
        let name = parts[1].lowercased()
        let ext = name.dropFirst(4)
        guard name.hasPrefix("ext="), (1...10).contains(ext.utf8.count), ext.utf8.allSatisfy(isDigit) else {
            return nil
        }
        return "\(number);ext=\(ext)"
    }

    /// As lists show a number: `(604)5551212` in North America, the number elsewhere.
    public static func readable(phoneNumber: String) -> String {
        let parts = phoneNumber.split(separator: ";", maxSplits: 1)
        guard let number = parts.first, number.hasPrefix("+1"), number.utf8.count == 12 else { return phoneNumber }
        let digits = number.dropFirst(2)
        let ext = parts.count == 2 ? " x\(parts[1].dropFirst(4))" : ""
        return "(\(digits.prefix(3)))\(digits.dropFirst(3))\(ext)"
    }

    /// Whether it has one `@` between something and a host, and nothing that would break out of a mail's header.
    public static func isEmail(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isClean = address.unicodeScalars.allSatisfy {
            $0.value > 32 && $0.value != 127 && !"<>,;\"()".unicodeScalars.contains($0)
        }
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && isClean && !parts[1].hasPrefix(".")
            && !parts[1].hasSuffix(".")
    }

    /// The part behind the `@`, in lower case.
    public static func domain(ofEmail address: String) -> String {
        address.split(separator: "@").last.map { $0.lowercased() } ?? ""
    }

    public static func isFax(_ number: String) -> Bool {
        (5...20).contains(number.utf8.count) && number.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
