import DiscoveryProtocol
import EnvoyAPI
import Foundation
import SwiftProtobuf

extension DeltaRequest {
    /// `nil` for a type that is not served.
    init?(_ message: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) {
        guard let type = ResourceType(rawValue: message.typeURL) else { return nil }
        self.init(
            type, node: message.hasNode ? NodeIdentity(message.node) : nil,
            subscribe: message.resourceNamesSubscribe, unsubscribe: message.resourceNamesUnsubscribe,
            initialVersions: message.initialResourceVersions, nonce: message.responseNonce,
            refusal: message.hasErrorDetail ? message.errorDetail.message : nil)
    }
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
    init(_ response: DeltaResponse) {
        self.init()
        typeURL = response.type.rawValue
        nonce = response.nonce
        systemVersionInfo = response.generation.description
        removedResources = response.removed
        resources = response.resources.map { resource in
            var message = Envoy_Service_Discovery_V3_Resource()
            message.name = resource.name
            message.version = resource.version
            message.resource.typeURL = response.type.rawValue
            message.resource.value = Data(resource.bytes)
            return message
        }
    }
}

extension NodeIdentity {
    init(_ node: Envoy_Config_Core_V3_Node) {
        self.init(id: node.id, cluster: node.cluster, version: BuildVersion.text(in: node.unknownFields.data))
    }
}

/// `Node.user_agent_build_version` (field 8), whose `version` (1) is major, minor and patch (1, 2, 3). Our subset of the
/// API does not name the field, so it is read from the bytes that the decoder kept.
enum BuildVersion {
    static func text(in fields: Data) -> String {
        guard let build = Self.fields(of: Array(fields))[8]?.bytes, let version = Self.fields(of: build)[1]?.bytes
        else {
            return ""
        }
        let numbers = Self.fields(of: version)
        return [1, 2, 3].map { String(numbers[$0]?.number ?? 0) }.joined(separator: ".")
    }

    private enum Field {
        case number(UInt64)
        case bytes([UInt8])

        var number: UInt64? {
            if case .number(let value) = self { value } else { nil }
        }

        var bytes: [UInt8]? {
            if case .bytes(let value) = self { value } else { nil }
        }
    }

    /// The fields up to the first that is not well-formed.
    private static func fields(of bytes: [UInt8]) -> [UInt64: Field] {
        var found: [UInt64: Field] = [:]
        var rest = bytes[...]
        while let tag = varint(&rest) {
            switch tag & 7 {
            case 0:
                guard let value = varint(&rest) else { return found }
                found[tag >> 3] = .number(value)
            case 2:
                guard let length = varint(&rest), length <= UInt64(rest.count) else { return found }
                found[tag >> 3] = .bytes(Array(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            case 1: rest = rest.dropFirst(8)
            case 5: rest = rest.dropFirst(4)
            default: return found
            }
        }
        return found
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
