import KubernetesModel

/// The text of the ledger's log: one event per line, each behind the CRC-32 of its JSON, so that it can be read with `cat` and a
/// torn or damaged line is known. The first line says to which boot and which namespace of the node it belongs.
enum LedgerLogFormat {
    /// Which life of which kernel a log tells of.
    struct Header: Hashable {
        /// `/proc/sys/kernel/random/boot_id`: links do not outlive it, so neither do reservations.
        var boot: String
        /// Identity of the node's own network namespace: on a machine with several (a lab), links belong to one.
        var node: String

        var json: JSONValue { ["format": 1, "boot": .string(boot), "node": .string(node)] }

        init(boot: String, node: String) {
            self.boot = boot
            self.node = node
        }

        init?(json: JSONValue) {
            guard json["format"] == 1, let boot = json["boot"]?.string, let node = json["node"]?.string else {
                return nil
            }
            self.init(boot: boot, node: node)
        }
    }

    struct Content {
        var header: Header?
        var events: [LedgerEvent] = []
        /// Bytes of the part that could be read; what is behind them is a torn write.
        var validBytes = 0
        var lines = 0
    }

    static let maximumLine = 1 << 20

    static func line(_ json: JSONValue) -> [UInt8] {
        let text = json.serialized()
        return hex(checksum(text[...])) + [UInt8(ascii: " ")] + text + [UInt8(ascii: "\n")]
    }

    /// Reads as far as lines are whole. A line that is damaged ends the log: what was written behind it relied on it.
    static func read(_ bytes: [UInt8]) -> Content {
        var content = Content()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            guard let json = parse(line) else { break }
            if content.lines == 0 {
                guard let header = Header(json: json) else { break }
                content.header = header
            } else if let event = LedgerEvent(json: json) {
                content.events.append(event)
            }
            content.lines += 1
            rest = rest[(end + 1)...]
            content.validBytes = end + 1
        }
        return content
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> JSONValue? {
        guard line.count > 9, line.count <= maximumLine, line[line.startIndex + 8] == UInt8(ascii: " ") else {
            return nil
        }
        let text = line.dropFirst(9)
        guard Array(line.prefix(8)) == hex(checksum(text)) else { return nil }
        // The checksum is right, so this fails only for what somebody else wrote.
        return try? JSONValue(parsing: text)
    }

    private static func hex(_ value: UInt32) -> [UInt8] {
        (0..<8).map { index in
            let digit = UInt8(truncatingIfNeeded: value >> UInt32(28 - 4 * index)) & 0xf
            return digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }

    /// CRC-32 of IEEE 802.3, reflected.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var value: UInt32 = .max
        for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
        return ~value
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
    }
}
