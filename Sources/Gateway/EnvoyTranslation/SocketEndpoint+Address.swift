import EnvoyAPI
import NetTypes
import SwiftProtobuf

extension Envoy_Config_Core_V3_Address {
    init(_ endpoint: SocketEndpoint) {
        self.init()
        socketAddress = .with {
            $0.address = endpoint.address.description
            $0.portValue = UInt32(endpoint.port)
        }
    }

    /// To listen on; `::` stands for every address of both families.
    init(binding endpoint: SocketEndpoint) {
        self.init(endpoint)
        if endpoint.address.family == .v6, endpoint.address.isUnspecified { socketAddress.ipv4Compat = true }
    }

    init(host: String, port: UInt16) {
        self.init()
        socketAddress = .with {
            $0.address = host
            $0.portValue = UInt32(port)
        }
    }
}
