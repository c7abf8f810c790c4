import KubernetesModel
import Yams

/// What a file holds: the objects that could be read, and why the others could not. A broken document does not hide
/// its neighbours.
package struct ManifestFile: Hashable, Sendable {
    package var manifests: [Manifest] = []
    package var errors: [ManifestError] = []

    package static let maximumBytes = 16 << 20

    /// Reads YAML or JSON text with any number of documents; a `List` is taken apart.
    package init(parsing text: String, file: String) {
        guard text.utf8.count <= Self.maximumBytes else {
            errors = [
                ManifestError(
                    place: Place(file: file, line: 1),
                    message: "the file has \(text.utf8.count) bytes; at most \(Self.maximumBytes) are read")
            ]
            return
        }
        for (line, document) in Self.documents(in: text) {
            let place = Place(file: file, line: line)
            do throws(ManifestError) {
                guard let value = try Self.value(of: document, at: place) else { continue }
                for object in Self.items(of: value) {
                    manifests.append(try Self.manifest(object, at: place))
                }
            } catch {
                errors.append(error)
            }
        }
        reportDuplicates()
    }

    /// A file that could not even be read.
    init(unreadable file: String, reason: String) {
        errors = [ManifestError(place: Place(file: file, line: 1), message: reason)]
    }

    /// Documents begin after a line that starts with `---`, each with the line its text begins on.
    private static func documents(in text: String) -> [(line: Int, text: String)] {
        var documents: [(line: Int, lines: [Substring])] = [(1, [])]
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("---") {
                let rest = line.dropFirst(3)
                documents.append((index + 2, rest.allSatisfy(\.isWhitespace) ? [] : [rest]))
            } else {
                documents[documents.count - 1].lines.append(line)
            }
        }
        return documents.map { document in
            let blank = document.lines.prefix { $0.allSatisfy(\.isWhitespace) || $0.hasPrefix("#") }.count
            return (document.line + blank, document.lines.joined(separator: "\n"))
        }
    }

    private static func value(of document: String, at place: Place) throws(ManifestError) -> JSONValue? {
        let node: Yams.Node?
        do {
            node = try Yams.compose(yaml: document)
        } catch let error as YamlError {
            throw ManifestError(place: place, message: "not YAML: \(oneLine(error))")
        } catch {
            throw ManifestError(place: place, message: "not YAML: \(error)")
        }
        guard let node, node.null == nil else { return nil }
        var reader = NodeReader()
        return try reader.value(of: node, at: place)
    }

    private static func oneLine(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) (line \(mark.line), column \(mark.column) of the document)"
        default:
            "\(error)".split(separator: "\n").joined(separator: " ")
        }
    }

    private static func items(of value: JSONValue) -> [JSONValue] {
        guard let kind = value["kind"]?.string, kind.hasSuffix("List"), let items = value["items"]?.array else {
            return [value]
        }
        return items
    }

    private static func manifest(_ object: JSONValue, at place: Place) throws(ManifestError) -> Manifest {
        guard object.object != nil else {
            throw ManifestError(place: place, message: "the document is not an object with apiVersion and kind")
        }
        guard let apiVersion = object["apiVersion"]?.string, !apiVersion.isEmpty else {
            throw ManifestError(place: place, message: "apiVersion: missing, or not a text")
        }
        guard let kind = object["kind"]?.string, !kind.isEmpty else {
            throw ManifestError(place: place, message: "kind: missing, or not a text")
        }
        guard let name = object["metadata"]?["name"]?.string, !name.isEmpty else {
            throw ManifestError(place: place, message: "metadata.name: missing, or not a text (\(kind))")
        }
        let namespace = object["metadata"]?["namespace"]?.string ?? ""
        let identity = Manifest.Identity(
            apiVersion: apiVersion, kind: kind, name: ObjectName(namespace: namespace, name: name))
        return Manifest(identity: identity, object: object, place: place)
    }

    private mutating func reportDuplicates() {
        var seen: [Manifest.Identity: Place] = [:]
        manifests.removeAll { manifest in
            guard let first = seen[manifest.identity] else {
                seen[manifest.identity] = manifest.place
                return false
            }
            errors.append(
                ManifestError(
                    place: manifest.place, message: "\(manifest.identity) stands at \(first) already; that one counts"))
            return true
        }
    }
}

/// YAML nodes as JSON, with a bound on their number, because a few aliases of aliases can stand for billions.
private struct NodeReader {
    private static let maximumNodes = 200_000
    private static let maximumDepth = 100
    private var nodes = 0

    mutating func value(of node: Yams.Node, at place: Place, depth: Int = 0) throws(ManifestError) -> JSONValue {
        nodes += 1
        guard nodes <= Self.maximumNodes, depth <= Self.maximumDepth else {
            throw ManifestError(
                place: place,
                message: "the document unfolds to over \(Self.maximumNodes) values or \(Self.maximumDepth) levels")
        }
        switch node {
        case .scalar(let scalar):
            return Self.value(of: scalar, node: node)
        case .sequence(let sequence):
            var items: [JSONValue] = []
            for item in sequence { items.append(try value(of: item, at: place, depth: depth + 1)) }
            return .array(items)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, item) in mapping {
                guard let key = key.scalar?.string else {
                    throw ManifestError(place: place, message: "a key of a mapping is not a text")
                }
                members[key] = try value(of: item, at: place, depth: depth + 1)
            }
            return .object(members)
        case .alias:
            throw ManifestError(place: place, message: "an alias names an anchor that is not in this document")
        }
    }

    private static func value(of scalar: Yams.Node.Scalar, node: Yams.Node) -> JSONValue {
        // A quoted text is a text, whatever it looks like.
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil { return .null }
        if let flag = node.bool { return .bool(flag) }
        if let number = node.int { return .integer(Int64(number)) }
        if let number = node.float { return .double(number) }
        return .string(scalar.string)
    }
}
