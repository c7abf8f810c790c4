import EchoServer
import KubernetesModel
import TLSMaterial
import TestSupport
import Testing

/// What stands behind the gateway during the load test, and the changes it goes through.
struct Scenery: Sendable {
    /// Serves `rolled.load.test`; replaced each round.
    private var rolled: Backend
    /// Serves new WebSockets of `sockets.load.test`; those it no longer serves keep their backend.
    private var sockets: Backend
    private let blue: Backend
    private let green: Backend

    private static let hosts = ["rolled.load.test", "swapped.load.test", "sockets.load.test"]

    static func start(_ fleet: BackendFleet) async throws -> Scenery {
        Scenery(
            rolled: try await fleet.start("rolled-0"), sockets: try await fleet.start("sockets-0"),
            blue: try await fleet.start("swapped-blue"), green: try await fleet.start("swapped-green"))
    }

    func objects(_ authority: CertificateAuthority) throws -> [JSONValue] {
        [
            Manifest.bareService("rolled"), Manifest.slice(of: "rolled", rolled),
            Manifest.bareService("sockets"), Manifest.slice(of: "sockets", sockets),
            Manifest.bareService("blue"), Manifest.slice(of: "blue", blue),
            Manifest.bareService("green"), Manifest.slice(of: "green", green),
            try certificate(authority), ingress(round: 0),
        ]
    }

    private func certificate(_ authority: CertificateAuthority) throws -> JSONValue {
        Manifest.tlsSecret("load", try authority.issue("*.load.test"))
    }

    /// The hosts under load. Their paths stand in another order each round, and one host changes its Service.
    private func ingress(round: Int) -> JSONValue {
        func paths(_ service: String) -> [Manifest.Path] {
            let paths: [Manifest.Path] = [
                .prefix("/", service), .exact("/load", service), .prefix("/other", service),
                .specific("/numbers/[0-9]+", service),
            ]
            let shift = round % paths.count
            return Array(paths[shift...] + paths[..<shift])
        }
        return Manifest.ingress(
            "load",
            [
                Manifest.Rule(Self.hosts[0], paths("rolled")),
                Manifest.Rule(Self.hosts[1], paths(round.isMultiple(of: 2) ? "blue" : "green")),
                Manifest.Rule(Self.hosts[2], paths("sockets")),
            ],
            tls: [(hosts: Self.hosts, secret: "load")])
    }

    /// One round of everything that may change.
    mutating func change(
        _ fairway: FairwayProcess, _ fleet: BackendFleet, _ authority: CertificateAuthority, round: Int
    ) async throws {
        let name = "passing-\(round)"
        let host = "\(name).load.test"
        let newRolled = try await fleet.start("rolled-\(round)")
        let newSockets = try await fleet.start("sockets-\(round)")
        // A route comes; a certificate is renewed; the new backends stand beside the old.
        try await fairway.apply([
            Manifest.route(name, host, to: "blue"), try certificate(authority),
            Manifest.slice(of: "rolled", newRolled), Manifest.slice(of: "sockets", newSockets),
        ])
        try await fairway.wait(host) { $0.echo?.name == "swapped-blue" }
        // It moves; the hosts under load are reordered and one is swapped; the old backends are on their way out.
        try await fairway.apply([
            Manifest.route(name, host, to: "green"), ingress(round: round),
            Manifest.slice(of: "rolled", rolled, .terminating), Manifest.slice(of: "sockets", sockets, .terminating),
        ])
        try await fairway.wait(host) { $0.echo?.name == "swapped-green" }
        // Route and old endpoints go; then the backend itself, but not one that may still have WebSockets.
        try await fairway.delete("ingress", name)
        try await fairway.delete("endpointslice", rolled.name, sockets.name)
        rolled.server?.stop()
        (rolled, sockets) = (newRolled, newSockets)
        try await fairway.wait(host) { $0.status == 404 }
    }
}
