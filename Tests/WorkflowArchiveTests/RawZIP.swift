import Foundation

/// Writes ZIP archives by hand, also such as no program would make.
struct RawZIP {
    struct Entry {
        var name: [UInt8]
        var bytes: [UInt8]
        var flags: UInt16 = 0
        var attributes: UInt32 = 0
        var crc: UInt32?

        init(
            _ name: String, _ text: String = "{}", flags: UInt16 = 0, attributes: UInt32 = 0, crc: UInt32? = nil
        ) {
            self.init(Array(name.utf8), Array(text.utf8), flags: flags, attributes: attributes, crc: crc)
        }

        init(
            _ name: [UInt8], _ bytes: [UInt8], flags: UInt16 = 0, attributes: UInt32 = 0, crc: UInt32? = nil
        ) {
            self.name = name
            self.bytes = bytes
            self.flags = flags
            self.attributes = attributes
            self.crc = crc
        }
    }

    static func archive(_ entries: [Entry]) -> [UInt8] {
        var body: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(body.count)
            let crc = entry.crc ?? Self.crc(entry.bytes)
            let common =
                little(entry.flags) + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(33)) + little(crc)
                + little(UInt32(entry.bytes.count)) + little(UInt32(entry.bytes.count))
                + little(UInt16(entry.name.count)) + little(UInt16(0))
            body += [0x50, 0x4b, 3, 4] + little(UInt16(20)) + common + entry.name + entry.bytes
            directory +=
                [0x50, 0x4b, 1, 2] + little(UInt16(0x031e)) + little(UInt16(20)) + common + little(UInt16(0))
                + little(UInt16(0)) + little(UInt16(0)) + little(entry.attributes) + little(offset) + entry.name
        }
        let count = little(UInt16(entries.count))
        return body + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count
            + little(UInt32(directory.count)) + little(UInt32(body.count)) + [0, 0]
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
