/// An endpoint that a program adds to its admin port.
package struct AdminEndpoint: Sendable {
    package enum Method: Hashable, Sendable {
        case get
        /// Changes something.
        case post
    }

    package var method: Method
    /// Absolute, such as `/api/routes`.
    package var path: String
    package var handler: @Sendable (AdminRequest) async throws -> AdminAnswer

    package init(
        _ method: Method = .get, path: String, handler: @escaping @Sendable (AdminRequest) async throws -> AdminAnswer
    ) {
        self.method = method
        self.path = path
        self.handler = handler
    }
}

package struct AdminRequest: Hashable, Sendable {
    package var path: String
    /// Decoded, in the order of the URL; a name may come several times.
    package var query: [QueryItem]

    package struct QueryItem: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    package init(path: String, query: [QueryItem] = []) {
        self.path = path
        self.query = query
    }

    /// The first value of that name.
    package func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    package func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

    /// Splits and decodes what stands behind the `?`; `+` is a space (application/x-www-form-urlencoded).
    static func items(ofQuery query: String?) -> [QueryItem] {
        (query ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return QueryItem(name: decoded(parts[0]), value: parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"),
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

package struct AdminAnswer: Hashable, Sendable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    package static func json(_ body: [UInt8], status: Int = 200) -> AdminAnswer {
        AdminAnswer(status: status, contentType: "application/json", body: body)
    }

    package static func text(_ text: String, status: Int = 200) -> AdminAnswer {
        AdminAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}
