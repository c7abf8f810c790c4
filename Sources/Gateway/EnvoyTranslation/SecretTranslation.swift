import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

enum SecretTranslation {
    /// Without `name`, which is written when the secret is sent: one secret answers under every server name it covers.
    static func resource(for hostname: Hostname, certificate: Certificate) -> DiscoveryResource {
        let secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret.with {
            $0.tlsCertificate = .with {
                $0.certificateChain.inlineString = certificate.chain
                $0.privateKey.inlineString = certificate.key.pem
            }
        }
        return DiscoveryResource(
            name: ResourceName(.secret, hostname.description), head: secret.encoded(), origins: [certificate.origin])
    }
}
