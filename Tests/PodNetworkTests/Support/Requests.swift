import KubernetesModel
import NetTypes
import Testing

@testable import PodNetwork

func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }
func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

func request(
    _ container: String, interface: String = "eth0", addresses: [IPAddress] = [], ports: [PortMapping] = []
) -> ReservationRequest {
    ReservationRequest(
        key: AttachmentKey(container: container, interface: interface), network: "fairway",
        namespace: NamespaceReference(path: "/run/netns/\(container)", device: 4, inode: 4_026_532_000),
        pod: PodIdentity(namespace: "default", name: container, uid: "u-\(container)"), addresses: addresses,
        portMappings: ports, hardwareAddress: .locallyAdministered(7), mtu: 1500, now: 1_700_000_000)
}

func key(_ container: String) -> AttachmentKey { AttachmentKey(container: container, interface: "eth0") }
