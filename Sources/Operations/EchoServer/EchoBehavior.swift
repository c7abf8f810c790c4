import NIOCore

/// What a request asks the server to do, read from its path, query and content type.
struct EchoBehavior: Equatable, Sendable {
    enum Answer: Equatable, Sendable {
        /// What was received, as JSON.
        case description
        /// That many bytes.
        case bytes(Int)
        /// That many bytes, one each interval.
        case drip(Int, interval: TimeAmount)
        /// Server-sent events; without a count they never end.
        case events(Int?, interval: TimeAmount)
        /// The request's body, chunk by chunk.
        case sameBody
        /// The size and hash of the request's body, which may be of any length.
        case bodySummary
        /// The request's gRPC messages, then that status.
        case grpc(status: Int)
        case health
        /// The connection (HTTP/1.1) or the stream (HTTP/2) is reset.
        case reset
        /// Nothing, ever.
        case silence
    }

    var answer: Answer
    var status = 200
    var delay = TimeAmount.zero
    /// One more header for the answer.
    var header: Header?

    struct Header: Equatable, Sendable {
        var name: String
        var value: String
    }

    private static let longestDelay = TimeAmount.hours(1)
    private static let mostBytes = 1 << 30

    init(answer: Answer, status: Int = 200, delay: TimeAmount = .zero) {
        self.answer = answer
        self.status = status
        self.delay = delay
    }

    init(uri: String, contentType: String?, grpcStatus: String?) {
        if let contentType, contentType.utf8.starts(with: "application/grpc".utf8) {
            self.init(answer: .grpc(status: grpcStatus.flatMap { Int($0) } ?? 0))
            return
        }
        guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            self.init(answer: Self.answer(path: uri[...], query: [:]))
            return
        }
        let query = Self.query(uri[uri.index(after: mark)...])
        self.init(
            answer: Self.answer(path: uri[..<mark], query: query),
            status: query["status"].flatMap { Int($0) }.flatMap { (200...599).contains($0) ? $0 : nil } ?? 200,
            delay: query["delay"].flatMap(Self.duration) ?? .zero)
        header = query["header"].flatMap(Self.header)
    }

    /// `name:value`, both of letters, digits, `-`, `_` and `.` only, so that nothing in a URL writes other headers.
    private static func header(_ text: Substring) -> Header? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty,
            parts.joined().utf8.allSatisfy({ byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            })
        else { return nil }
        return Header(name: String(parts[0]), value: String(parts[1]))
    }

    private static func answer(path: Substring, query: [Substring: Substring]) -> Answer {
        let interval = query["interval"].flatMap(duration)
        switch path {
        case "/healthz": return .health
        case "/sse": return .events(query["count"].flatMap { Int($0) }, interval: interval ?? .seconds(1))
        case "/body": return .sameBody
        case "/stream-upload": return .bodySummary
        default: break
        }
        if query["reset"] == "1" { return .reset }
        if query["hang"] == "1" { return .silence }
        if let size = query["size"].flatMap({ Int($0) }) { return .bytes(min(max(0, size), mostBytes)) }
        if let count = query["drip"].flatMap({ Int($0) }) {
            return .drip(min(max(0, count), mostBytes), interval: interval ?? .milliseconds(100))
        }
        return .description
    }

    private static func query(_ text: Substring) -> [Substring: Substring] {
        var items: [Substring: Substring] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            items[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        return items
    }

    /// `2s`, `150ms`, or a bare number of seconds; at most an hour.
    static func duration(_ text: Substring) -> TimeAmount? {
        let (number, unit) =
            text.hasSuffix("ms")
            ? (text.dropLast(2), 1e6) : (text.hasSuffix("s") ? text.dropLast() : text, 1e9)
        guard let value = Double(number), value >= 0, value.isFinite else { return nil }
        return min(longestDelay, .nanoseconds(Int64(min(value * unit, 1e18))))
    }
}
