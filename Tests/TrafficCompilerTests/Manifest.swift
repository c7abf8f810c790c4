import Foundation
import KubernetesModel
import Synchronization
import TLSMaterial
import Yams

@testable import TrafficCompiler

/// The objects of a YAML text, as changes in the order in which they stand there.
///
/// A Secret's value `@chain NAME,NAME` or `@key NAME,NAME` stands for one half of a certificate for these names.
enum Manifest {
    struct Unknown: Error {
        var kind: String
    }

    static func changes(in text: String) throws -> [SourceChange] {
        try Yams.load_all(yaml: text).map { try change(from: try Yams.dump(object: $0)) }
    }

    private static func change(from yaml: String) throws -> SourceChange {
        let decoder = YAMLDecoder()
        let kind = try decoder.decode(Kind.self, from: yaml).kind
        switch kind {
        case "Ingress":
            let object = try decoder.decode(Ingress.self, from: yaml)
            return .ingress(object.objectName, object)
        case "IngressClass":
            let object = try decoder.decode(IngressClass.self, from: yaml)
            return .ingressClass(object.objectName, object)
        case "Service":
            let object = try decoder.decode(Service.self, from: yaml)
            return .service(object.objectName, object)
        case "EndpointSlice":
            let object = try decoder.decode(EndpointSlice.self, from: yaml)
            return .endpointSlice(object.objectName, object)
        case "Secret":
            var object = try decoder.decode(Secret.self, from: yaml)
            object.data = try object.data?.mapValues(TestCertificates.expand)
            return .secret(object.objectName, object)
        case "RateLimitPolicy":
            let object = try decoder.decode(RateLimitPolicy.self, from: yaml)
            return .rateLimitPolicy(object.objectName, object)
        case "ClientPolicy":
            let object = try decoder.decode(ClientPolicy.self, from: yaml)
            return .clientPolicy(object.objectName, object)
        default: throw Unknown(kind: kind)
        }
    }

    private struct Kind: Decodable {
        var kind: String
    }
}

/// Certificates for tests, made when first asked for.
enum TestCertificates {
    static let now: Int64 = 1_790_000_000
    private static let cache = Cache()

    static func pair(_ names: String, valid: Duration = .seconds(86_400 * 90)) throws -> IssuedCertificate {
        try cache.pair(names, valid: valid)
    }

    static func expand(_ value: SecretValue) throws -> SecretValue {
        let text = value.base64
        if let names = text.hasPrefix("@chain ") ? text.dropFirst(7) : nil {
            return SecretValue(base64: Data(try pair(String(names)).chain.utf8).base64EncodedString())
        }
        if let names = text.hasPrefix("@key ") ? text.dropFirst(5) : nil {
            return SecretValue(base64: Data(try pair(String(names)).key.text.utf8).base64EncodedString())
        }
        if text == "@expired chain" { return try encoded(expired().chain) }
        if text == "@expired key" { return try encoded(expired().key.text) }
        return value
    }

    private static func expired() throws -> IssuedCertificate { try pair("expired.example", valid: .seconds(-60)) }

    private static func encoded(_ text: String) throws -> SecretValue {
        SecretValue(base64: Data(text.utf8).base64EncodedString())
    }

    private final class Cache: Sendable {
        private let pairs = Mutex<[String: IssuedCertificate]>([:])

        func pair(_ names: String, valid: Duration) throws -> IssuedCertificate {
            try pairs.withLock { pairs in
                if let known = pairs[names] { return known }
                let made = try SelfSigned.certificate(
                    CertificateRequest(
                        commonName: "test", dnsNames: names.split(separator: ",").map(String.init), validity: valid),
                    now: now)
                pairs[names] = made
                return made
            }
        }
    }
}
