import FoundationEssentials

/// The blocks of a PEM text (RFC 7468), read as leniently as OpenSSL does: any line length, text between blocks.
///
/// Bounded: a longer text, or more blocks, is an error and no work.
struct PEMText {
    struct Block {
        /// As in `-----BEGIN CERTIFICATE-----`.
        var label: String
        var der: [UInt8]
    }

    static let maxBytes = 1 << 20
    static let maxBlocks = 32

    var blocks: [Block] = []

    /// - Parameter field: what the text is called in errors, such as `tls.crt`.
    init(_ text: String, field: String) throws(TLSMaterialError) {
        guard text.utf8.count <= Self.maxBytes else { throw .tooLong(field: field, limit: Self.maxBytes) }
        var label: String?
        var body: [UInt8] = []
        for line in text.utf8.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let line = Self.trimmed(line)
            if let open = label {
                if let closed = Self.label(of: line, after: "-----END ") {
                    guard closed == open else { throw .notPEM(field: field, reason: "BEGIN and END differ") }
                    guard blocks.count < Self.maxBlocks else {
                        throw .tooManyBlocks(field: field, limit: Self.maxBlocks)
                    }
                    blocks.append(Block(label: open, der: try Self.decoded(body, field: field)))
                    label = nil
                    body = []
                } else if !line.contains(UInt8(ascii: ":")) {
                    // A line with a colon is an RFC 1421 header such as `Proc-Type: 4,ENCRYPTED`.
                    body.append(contentsOf: line)
                } else if line.elementsEqual("Proc-Type: 4,ENCRYPTED".utf8) {
                    throw .encryptedKey(field: field)
                }
            } else if let opened = Self.label(of: line, after: "-----BEGIN ") {
                label = opened
            }
        }
        guard label == nil else { throw .notPEM(field: field, reason: "a block has no END line") }
        guard !blocks.isEmpty else { throw .notPEM(field: field, reason: "it has no BEGIN line") }
    }

    private static func trimmed(_ line: Substring.UTF8View) -> Substring.UTF8View {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        return line
    }

    private static func label(of line: Substring.UTF8View, after marker: String) -> String? {
        guard line.starts(with: marker.utf8), line.reversed().starts(with: "-----".utf8),
            line.count >= marker.utf8.count + 5
        else { return nil }
        return String(Substring(line.dropFirst(marker.utf8.count).dropLast(5)))
    }

    private static func decoded(_ body: [UInt8], field: String) throws(TLSMaterialError) -> [UInt8] {
        guard let data = Data(base64Encoded: Data(body)), !data.isEmpty else {
            throw .notPEM(field: field, reason: "a block is not base64")
        }
        return [UInt8](data)
    }
}
