import FoundationEssentials
import KubernetesModel

/// One request as the API server takes it, before credentials.
struct APIRequest: Sendable {
    var method = "GET"
    var path: String
    var query: [(name: String, value: String)] = []
    var body: Data?
    var contentType: String?
    /// For errors.
    var operation: String
    var subject: String

    var target: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\($0.name)=\($0.value.queryEncoded)" }.joined(separator: "&")
    }

    /// Sending it twice does no harm.
    var isIdempotent: Bool { method == "GET" || contentType == PatchType.apply.rawValue }
}

extension ResourceKind {
    /// `/apis/networking.k8s.io/v1/namespaces/default/ingresses/web/status`; without a name, the collection.
    func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(namespace.segmentEncoded)" }
        path += "/\(plural)"
        if let name { path += "/\(name.segmentEncoded)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

extension String {
    /// As one path segment: a name can never step out of its place.
    fileprivate var segmentEncoded: String {
        self == "." || self == ".." ? replacing(".", with: "%2E") : queryEncoded
    }

    /// RFC 3986: everything but the unreserved characters becomes `%XX`.
    fileprivate var queryEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// How a patch's body is to be read.
package struct PatchType: Hashable, Sendable {
    package var rawValue: String

    package static let json = PatchType(rawValue: "application/json-patch+json")
    package static let merge = PatchType(rawValue: "application/merge-patch+json")
    package static let strategicMerge = PatchType(rawValue: "application/strategic-merge-patch+json")
    /// Server-side apply. JSON is YAML, too.
    package static let apply = PatchType(rawValue: "application/apply-patch+yaml")
}
