import Glibc

/// One request over a connection of its own, byte for byte as the test wants it.
struct RawClient {
    struct Answer {
        var status = 0
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body = ""
    }

    struct Failure: Error {
        var step: String
        var code: Int32
    }

    var port: UInt16

    func get(_ target: String, host: String, headers: [String] = []) throws -> Answer {
        let lines = ["GET \(target) HTTP/1.1", "Host: \(host)", "Connection: close"] + headers + ["", ""]
        return Self.parse(try exchange(lines.joined(separator: "\r\n")))
    }

    private func exchange(_ request: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket", code: errno) }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(step: "connect", code: errno) }
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(step: "send", code: errno)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw Failure(step: "recv", code: errno) }
            answer += chunk[..<count]
            let text = String(decoding: answer, as: UTF8.self)
            // Envoy delays the close by a second, so the end is told by the length.
            if count == 0 || Self.isWhole(text) { return text }
        }
    }

    private static func isWhole(_ text: String) -> Bool {
        guard text.contains("\r\n\r\n") else { return false }
        let answer = parse(text)
        return answer.headers["content-length"].flatMap { Int($0) } == answer.body.utf8.count
    }

    private static func parse(_ text: String) -> Answer {
        let halves = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        var answer = Answer(body: halves.count > 1 ? String(halves[1]) : "")
        let lines = (halves.first ?? "").split(separator: "\r\n")
        answer.status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answer.headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return answer
    }
}
