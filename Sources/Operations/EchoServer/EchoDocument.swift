import Crypto
import NIOCore
import NIOHTTP1

/// The body of a request as far as it is kept: whole when short, else counted and hashed.
struct ReceivedBody {
    private(set) var size = 0
    private(set) var chunks = 0
    private var start: ByteBuffer?
    private var hash: SHA256?
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ chunk: ByteBuffer) {
        size += chunk.readableBytes
        chunks += 1
        chunk.withUnsafeReadableBytes { bytes in
            var hash = hash ?? SHA256()
            hash.update(bufferPointer: bytes)
            self.hash = hash
        }
        guard size <= limit else {
            start = nil
            return
        }
        if start == nil {
            start = chunk
        } else {
            start?.writeImmutableBuffer(chunk)
        }
    }

    /// In hexadecimal; `nil` for an empty body.
    var sha256: String? {
        hash.map { hash in
            hash.finalize().map { byte in
                let hex = String(byte, radix: 16)
                return hex.utf8.count == 1 ? "0" + hex : hex
            }.joined()
        }
    }

    /// `nil` when it is too long, or no UTF-8.
    var text: String? {
        guard size <= limit, let start else { return nil }
        return String(validating: start.readableBytesView, as: UTF8.self)
    }
}

/// The answer that tells what was received, as JSON.
struct EchoDocument {
    private var json: JSONBytes

    var bytes: ByteBuffer { json.buffer }

    /// - Parameter identity: The members that tell who answers, made once: `{"server":{…}`, to be gone on from.
    init(
        identity: ByteBuffer, request: HTTPRequestHead, body: ReceivedBody, connection: EchoConnection,
        requestOnConnection: Int
    ) {
        json = JSONBytes(buffer: identity)
        let target = request.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        json.member("method", request.method.rawValue)
        json.member("path", target.first.map(String.init) ?? "")
        json.member("query", target.count > 1 ? String(target[1]) : "")
        json.member("host", request.headers.first(name: "host"))
        json.member(
            "httpVersion", request.version.major == 2 ? "2" : "\(request.version.major).\(request.version.minor)")
        json.member("scheme", connection.tls == nil ? "http" : "https")
        appendHeaders(request.headers)
        append(body)
        append(connection, requestOnConnection)
        json.raw("}\n")
    }

    private mutating func appendHeaders(_ headers: HTTPHeaders) {
        json.name("headers")
        json.raw("{")
        var merged: [(name: String, value: String)] = []
        for (name, value) in headers {
            let name = name.lowercased()
            if let index = merged.firstIndex(where: { $0.name == name }) {
                merged[index].value += ", " + value
            } else {
                merged.append((name, value))
            }
        }
        for (name, value) in merged { json.member(name, value) }
        json.raw("}")
        json.name("headerList")
        json.raw("[")
        for (index, (name, value)) in headers.enumerated() {
            json.raw(index == 0 ? "[" : ",[")
            json.string(name)
            json.raw(",")
            json.string(value)
            json.raw("]")
        }
        json.raw("]")
    }

    private mutating func append(_ body: ReceivedBody) {
        json.name("body")
        json.raw("{")
        json.member("size", body.size)
        if body.size > 0 {
            json.member("sha256", body.sha256)
            json.member("text", body.text)
        }
        json.raw("}")
    }

    private mutating func append(_ connection: EchoConnection, _ requestOnConnection: Int) {
        json.member("remoteAddress", connection.remoteAddress)
        json.member("localAddress", connection.localAddress)
        json.name("connection")
        json.raw("{")
        json.member("id", connection.id)
        json.member("request", requestOnConnection)
        json.raw("}")
        json.name("tls")
        guard let tls = connection.tls else {
            json.raw("null")
            return
        }
        json.raw("{")
        json.member("version", tls.version)
        json.member("sni", tls.sni)
        json.member("alpn", tls.alpn)
        json.raw("}")
    }

    /// The beginning that all answers of a server share.
    static func identity(_ identity: EchoIdentity) -> ByteBuffer {
        var json = JSONBytes(buffer: ByteBuffer())
        json.raw("{")
        json.name("server")
        json.raw("{")
        json.member("name", identity.name)
        json.member("pod", identity.pod)
        json.member("namespace", identity.namespace)
        json.member("service", identity.service)
        json.raw("}")
        return json.buffer
    }

    /// What `/stream-upload` answers.
    static func summary(_ body: ReceivedBody) -> ByteBuffer {
        var json = JSONBytes(buffer: ByteBuffer())
        json.raw("{")
        json.member("bytes", body.size)
        json.member("chunks", body.chunks)
        json.member("sha256", body.sha256)
        json.raw("}\n")
        return json.buffer
    }
}
