import NIOSSL

/// A WebSocket client (RFC 6455), as small as echoing short texts needs.
struct WebSocketConnection {
    private var raw: RawConnection

    struct Refused: Error {
        var head: String
    }

    /// Opens `/` on a host, gives the socket to `body`, and closes it.
    static func open<Result>(
        port: UInt16, host: String, tls: TLSConfiguration? = nil,
        _ body: (inout WebSocketConnection) async throws -> Result
    ) async throws -> Result {
        try await RawConnection.open(port: port, serverName: tls.map { _ in host }, tls: tls) { raw in
            try await raw.write(
                "GET / HTTP/1.1\r\nHost: \(host)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            let head = try await raw.read(through: "\r\n\r\n")
            // The answer to the key of RFC 6455 section 1.3.
            guard head.hasPrefix("HTTP/1.1 101"), head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") else {
                throw Refused(head: head)
            }
            var socket = WebSocketConnection(raw: raw)
            return try await body(&socket)
        }
    }

    /// Sends a text of less than 126 bytes and gives the text that comes back.
    mutating func echo(_ text: String) async throws -> String {
        let mask: [UInt8] = [1, 2, 3, 4]
        let payload = zip(text.utf8, 0...).map { byte, index in byte ^ mask[index % 4] }
        try await raw.write([0x81, 0x80 | UInt8(payload.count)] + mask + payload)
        let head = try await raw.read(count: 2)
        return String(decoding: try await raw.read(count: Int(head[1] & 0x7f)), as: UTF8.self)
    }
}
