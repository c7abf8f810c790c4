import Foundation
import KubernetesModel
package import Manifests
import TrafficCompiler
import TrafficPlan

/// `fairway lint`: what would be told about manifests if they were applied.
package struct ManifestLint: Sendable {
    /// One line for each finding, errors of reading first.
    package private(set) var lines: [String] = []
    package private(set) var errors = 0
    package private(set) var objects = 0

    /// Reads files and folders and compiles what they hold; needs no cluster.
    package init(paths: [String]) throws(ManifestFollower.MissingPath) {
        let files = try ManifestFile.all(at: paths)
        let manifests = files.flatMap(\.manifests)
        objects = manifests.count
        for error in files.flatMap(\.errors) { add("error", "\(error)") }
        var places: [Manifest.Identity: Place] = [:]
        var changes: [SourceChange] = []
        for manifest in manifests {
            places[manifest.identity] = manifest.place
            do {
                if let change = try SourceChange(manifest) { changes.append(change) }
            } catch {
                add("error", "\(manifest.place): \(manifest.identity): \(Self.words(for: error))")
            }
        }
        let now = Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
        let settings = CompilerSettings(listeners: [], defaultCertificate: nil)
        for diagnostic in Lint.run(changes, settings: settings, now: now) {
            let place = Self.place(of: diagnostic.origin, in: places).map { "\($0): " } ?? ""
            add(
                diagnostic.severity.rawValue,
                "\(place)\(diagnostic.origin): \(diagnostic.message) (\(diagnostic.reason))")
        }
    }

    private mutating func add(_ severity: String, _ text: String) {
        lines.append("\(severity): \(text)")
        if severity == "error" { errors += 1 }
    }

    private static func place(of origin: Origin, in places: [Manifest.Identity: Place]) -> Place? {
        places.first { identity, _ in
            let namespace = identity.name.namespace.isEmpty ? "default" : identity.name.namespace
            return identity.kind == origin.kind && identity.name.name == origin.name
                && (origin.namespace.isEmpty || namespace == origin.namespace)
        }?.value
    }

    private static func words(for error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return "\(path.drop { $0 == "." }): \(context.debugDescription)"
        @unknown default:
            return "\(error)"
        }
    }
}

extension SourceChange {
    /// `nil` for a kind that routing does not read.
    fileprivate init?(_ manifest: Manifest) throws {
        var object = manifest.object
        var name = manifest.identity.name
        if manifest.identity.kind != IngressClass.resource.kind, name.namespace.isEmpty {
            name.namespace = "default"
            object["metadata"]?["namespace"] = "default"
        }
        func decoded<O: KubernetesObject>(_ type: O.Type) throws -> O? {
            guard manifest.identity.kind == O.resource.kind, manifest.identity.apiVersion == O.resource.apiVersion
            else {
                return nil
            }
            return try JSONDecoder().decode(O.self, from: JSONEncoder().encode(object))
        }
        if let ingress = try decoded(Ingress.self) {
            self = .ingress(name, ingress)
        } else if let ingressClass = try decoded(IngressClass.self) {
            self = .ingressClass(name, ingressClass)
        } else if let service = try decoded(Service.self) {
            self = .service(name, service)
        } else if let slice = try decoded(EndpointSlice.self) {
            self = .endpointSlice(name, slice)
        } else if let secret = try decoded(Secret.self) {
            self = .secret(name, secret)
        } else if let policy = try decoded(RateLimitPolicy.self) {
            self = .rateLimitPolicy(name, policy)
        } else if let policy = try decoded(ClientPolicy.self) {
            self = .clientPolicy(name, policy)
        } else {
            return nil
        }
    }
}
