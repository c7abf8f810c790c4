/// One entry of an `Accept` header, or a `Content-Type`: a media type with its parameters.
struct MediaRange: Hashable, Sendable {
    var type: String
    var parameters: [String: String]

    /// The entries of a header's value, in order. Kubernetes' clients put their order of preference first and use no
    /// weights; so does this.
    static func list(_ header: String) -> [MediaRange] {
        header.split(separator: ",").prefix(32).map { entry in
            let parts = entry.split(separator: ";").map { $0.trimmingSpaces() }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let sides = part.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { parameters[String(sides[0])] = String(sides[1]) }
            }
            return MediaRange(type: parts.first?.lowercased() ?? "", parameters: parameters)
        }
    }
}

extension StringProtocol {
    func trimmingSpaces() -> String {
        var text = Substring(self)
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return String(text)
    }
}

/// How a client wants objects.
enum Representation: Hashable, Sendable {
    case object
    /// What `kubectl get` prints, made by the server.
    case table(version: String)
    /// `metadata` alone.
    case metadata(version: String)

    /// The first form in the header that this server can make; `nil` if there is none.
    init?(accept header: String?) {
        guard let header, !header.isEmpty else {
            self = .object
            return
        }
        for range in MediaRange.list(header) {
            guard ["application/json", "application/*", "*/*"].contains(range.type) else { continue }
            let version = range.parameters["v"] ?? "v1"
            switch range.parameters["as"] {
            case nil:
                self = .object
                return
            case "Table" where range.parameters["g"] == "meta.k8s.io":
                self = .table(version: version)
                return
            case "PartialObjectMetadata", "PartialObjectMetadataList":
                self = .metadata(version: version)
                return
            default: continue
            }
        }
        return nil
    }
}
