import EchoServer
import KubernetesModel
import Logging

/// Backends that come and go while a test runs, as pods do.
final class BackendFleet: Sendable {
    private typealias Order = (server: EchoServer, opened: AsyncStream<EchoPorts>.Continuation)

    private let orders: AsyncStream<Order>.Continuation

    private init(orders: AsyncStream<Order>.Continuation) { self.orders = orders }

    /// Backends that still run when `body` returns are stopped.
    static func run<Result: Sendable>(
        _ body: (BackendFleet) async throws -> Result
    ) async throws -> Result {
        let (incoming, orders) = AsyncStream<Order>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await serve(incoming) }
            defer { orders.finish() }
            return try await body(BackendFleet(orders: orders))
        }
    }

    private static func serve(_ incoming: AsyncStream<Order>) async {
        await withDiscardingTaskGroup { group in
            for await order in incoming {
                group.addTask {
                    // One that cannot listen yields no port, which `start` tells.
                    try? await order.server.run { order.opened.yield($0) }
                    order.opened.finish()
                }
            }
            group.cancelAll()
        }
    }

    struct DidNotStart: Error {}

    /// After `server.stop()` it goes on for a moment, as a pod with a preStop hook, then finishes what is in flight.
    func start(_ name: String) async throws -> Backend {
        let server = EchoServer(
            configuration: EchoConfiguration(identity: EchoIdentity(name: name), stopDelay: .seconds(1)),
            logger: Logger(label: "echo"))
        let (ports, opened) = AsyncStream<EchoPorts>.makeStream()
        orders.yield((server, opened))
        guard let port = await ports.first(where: { _ in true })?.plain else { throw DidNotStart() }
        return Backend(name: name, port: port, server: server)
    }
}

extension Manifest {
    /// An endpoint's way through its life, as the endpoint controller writes it.
    enum EndpointState {
        case ready
        case terminating

        fileprivate var conditions: JSONValue {
            switch self {
            case .ready: ["ready": true, "serving": true, "terminating": false]
            case .terminating: ["ready": false, "serving": true, "terminating": true]
            }
        }
    }

    /// A Service that means what its slices say.
    static func bareService(_ name: String) -> JSONValue {
        object("v1", "Service", name, ["spec": ["ports": [["name": "http", "port": 80]]]])
    }

    /// The slice of one backend, with the backend's name.
    static func slice(of service: String, _ backend: Backend, _ state: EndpointState = .ready) -> JSONValue {
        object(
            "discovery.k8s.io/v1", "EndpointSlice", backend.name, labels: [EndpointSlice.serviceLabel: service],
            [
                "addressType": "IPv4",
                "endpoints": [["addresses": ["127.0.0.1"], "conditions": state.conditions]],
                "ports": [["name": "http", "protocol": "TCP", "port": .integer(Int64(backend.port))]],
            ])
    }
}
