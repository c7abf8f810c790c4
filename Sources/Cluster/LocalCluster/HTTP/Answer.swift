import HTTPTypes
import Hummingbird
import KubernetesModel
import NIOCore

/// Responses as the API words them.
enum Answer {
    static func json(
        _ body: ByteBuffer, status: HTTPResponse.Status = .ok, contentType: String = "application/json",
        warnings: [String] = []
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-cache, private"
        if let warning = HTTPField.Name("Warning") {
            for text in warnings.prefix(64) {
                headers.append(HTTPField(name: warning, value: "299 - \"\(escaped(text))\""))
            }
        }
        headers[.contentLength] = String(body.readableBytes)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        json(ByteBuffer(bytes: value.serialized()), status: status)
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        json(ByteBuffer(string: text), status: status, contentType: "text/plain; charset=utf-8")
    }

    static func failure(_ failure: APIFailure) -> Response {
        let status = HTTPResponse.Status(code: failure.code)
        return json(ByteBuffer(bytes: failure.status.serialized()), status: status)
    }

    /// A quoted-string of RFC 9110 holds neither quotes nor control characters as they are.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(2048) {
            switch scalar {
            case "\"", "\\":
                result.append("\\")
                result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: result.append(" ")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension APIFailure {
    /// As a `metav1.Status`.
    var status: JSONValue {
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "code": .integer(Int64(code)),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        guard let details else { return status }
        var members: JSONValue = [:]
        if !details.name.isEmpty { members["name"] = .string(details.name) }
        if !details.group.isEmpty { members["group"] = .string(details.group) }
        if !details.kind.isEmpty { members["kind"] = .string(details.kind) }
        if let seconds = details.retryAfterSeconds { members["retryAfterSeconds"] = .integer(Int64(seconds)) }
        if !details.causes.isEmpty {
            members["causes"] = .array(
                details.causes.map {
                    ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
                })
        }
        status["details"] = members
        return status
    }
}
