import AsyncHTTPClient
import KubernetesModel
import LocalCluster
import NIOCore
import NIOHTTP1
import NIOSSL

/// Talks plain HTTP to a local cluster, as a test needs it: every answer, also a refusal, is a value.
struct APIClient: Sendable {
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    struct Answer: Sendable {
        var status: Int
        var warnings: [String]
        var body: JSONValue
    }

    var http: HTTPClient
    var address: String
    var token: String?

    func send(
        _ method: Method, _ path: String, _ body: JSONValue? = nil, type: String = "application/json",
        accept: String? = nil
    ) async throws -> Answer {
        try await send(method, path, bytes: body.map { $0.serialized() }, type: type, accept: accept)
    }

    func send(
        _ method: Method, _ path: String, bytes: [UInt8]?, type: String, accept: String? = nil
    ) async throws -> Answer {
        let response = try await http.execute(
            request(method, path, bytes: bytes, type: type, accept: accept), timeout: .seconds(30))
        let buffer = try await response.body.collect(upTo: 64 << 20)
        let body = (try? JSONValue(parsing: buffer.readableBytesView)) ?? .string(String(buffer: buffer))
        return Answer(status: Int(response.status.code), warnings: response.headers["Warning"], body: body)
    }

    private func request(
        _ method: Method, _ path: String, bytes: [UInt8]?, type: String, accept: String?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address + path)
        request.method = .init(rawValue: method.rawValue)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.headers.add(name: "User-Agent", value: "tests/1")
        if let accept { request.headers.add(name: "Accept", value: accept) }
        if let bytes {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(ByteBuffer(bytes: bytes))
        }
        return request
    }

    /// The events of a watch until `isEnough` or its end.
    func watch(
        _ path: String, accept: String? = nil, until isEnough: ([JSONValue]) async throws -> Bool
    ) async throws -> [JSONValue] {
        let response = try await http.execute(
            request(.get, path, bytes: nil, type: "", accept: accept), timeout: .seconds(30))
        var events: [JSONValue] = []
        var rest = ByteBuffer()
        for try await part in response.body {
            rest.writeImmutableBuffer(part)
            while let end = rest.readableBytesView.firstIndex(of: 0x0a) {
                let line = rest.readSlice(length: end - rest.readerIndex + 1) ?? ByteBuffer()
                events.append(try JSONValue(parsing: line.readableBytesView))
            }
            if try await isEnough(events) { break }
        }
        return events
    }
}

/// A cluster in memory and a client for it.
func withAPI<Result: Sendable>(
    _ configuration: LocalClusterConfiguration = LocalClusterConfiguration(),
    _ body: @Sendable (APIClient, LocalCluster) async throws -> Result
) async throws -> Result {
    try await withLocalCluster(configuration) { cluster in
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(cluster.authorityCertificate.utf8)))
        var settings = HTTPClient.Configuration(tlsConfiguration: tls)
        settings.httpVersion = .http1Only
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        let client = APIClient(http: http, address: cluster.address, token: cluster.token)
        do {
            let result = try await body(client, cluster)
            try await http.shutdown()
            return result
        } catch {
            try await http.shutdown()
            throw error
        }
    }
}

let ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
let configMaps = "/api/v1/namespaces/default/configmaps"

func configMap(_ name: String, labels: JSONValue = [:], data: JSONValue = [:]) -> JSONValue {
    [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "labels": labels], "data": data,
    ]
}

func ingress(_ name: String, host: String = "a.example.com") -> JSONValue {
    [
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": ["name": .string(name)],
        "spec": [
            "ingressClassName": "fairway",
            "rules": [
                [
                    "host": .string(host),
                    "http": [
                        "paths": [
                            [
                                "path": "/", "pathType": "Prefix",
                                "backend": ["service": ["name": "web", "port": ["number": 80]]],
                            ]
                        ]
                    ],
                ]
            ],
        ],
    ]
}

extension JSONValue {
    var name: String { self[path: "metadata", "name"]?.string ?? "" }
    var resourceVersion: String { self[path: "metadata", "resourceVersion"]?.string ?? "" }
    var items: [JSONValue] { self["items"]?.array ?? [] }
}
