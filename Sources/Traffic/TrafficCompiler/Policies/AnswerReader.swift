import KubernetesModel
import TrafficPlan

/// Reads what refused requests hear.
enum AnswerReader {
    static let maxBody = 4096
    /// Names that belong to the message's framing, or that the limiter writes itself.
    static let reserved: Set = [
        "connection", "content-length", "content-type", "host", "keep-alive", "ratelimit", "ratelimit-policy",
        "retry-after", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    static func answer(_ answer: RateLimitPolicy.Answer?) throws(LimitFault) -> LimitAnswer {
        var read = LimitAnswer()
        guard let answer else { return read }
        if let status = answer.status {
            guard let status = UInt16(exactly: status), (400...599).contains(status) else {
                throw LimitFault("answer.status", "\(status) is not within 400 to 599")
            }
            read.status = status
        }
        if let body = answer.body {
            guard body.utf8.count <= maxBody else {
                throw LimitFault("answer.body", "it is longer than \(maxBody) bytes")
            }
            read.body = body
        }
        if let type = answer.contentType {
            try checkValue(type, "answer.contentType")
            read.contentType = type
        }
        for (index, header) in try LimitReader.bounded(answer.headers, "answer.headers", most: 16).enumerated() {
            let field = "answer.headers[\(index)]"
            let name = try KeyReader.headerName(header.name, "\(field).name")
            guard !reserved.contains(name) else {
                throw LimitFault("\(field).name", "\(name) is written by Fairway itself")
            }
            try checkValue(header.value, "\(field).value")
            read.headers.append(Request.Header(name: name, value: header.value))
        }
        read.tellsBudget =
            try LimitReader.word(answer.rateLimitHeaders, "answer.rateLimitHeaders", ["Draft": true, "None": false])
            ?? read.tellsBudget
        read.tellsRetryAfter = answer.retryAfter ?? read.tellsRetryAfter
        return read
    }

    /// RFC 9110, section 5.5.
    private static func checkValue(_ value: String, _ field: String) throws(LimitFault) {
        guard value.utf8.count <= KeyReader.maxText, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw LimitFault(field, "it has control characters or is longer than \(KeyReader.maxText) bytes")
        }
    }
}
