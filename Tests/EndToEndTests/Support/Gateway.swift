import Foundation
import KubernetesModel
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

/// What the tests of a suite share: one `fairway up`, and one backend for each Service that its tests route to.
///
/// Tests of a suite run at the same time, so each takes hosts and object names of its own.
struct Gateway: Sendable {
    @TaskLocal private static var shared: Gateway?

    let fairway: FairwayProcess

    static var current: Gateway {
        get throws { try #require(shared, "the suite lacks the .gateway trait") }
    }

    /// Starts the backends, then Fairway with a Service for each of them among its manifests.
    static func start<Result: Sendable>(
        services: [String], objects: [JSONValue] = [],
        _ body: @escaping @Sendable (Gateway) async throws -> Result
    ) async throws -> Result {
        try await Backend.run(services) { backends in
            let all = backends.flatMap { Manifest.service($0.name, to: [$0]) } + objects
            return try await FairwayProcess.up(manifests: ["objects.yaml": Manifest.text(all)]) { fairway in
                try await body(Gateway(fairway: fairway))
            }
        }
    }

    /// Runs a suite's tests with one shared gateway.
    struct Trait: SuiteTrait, TestScoping {
        var services: [String]
        var objects: [JSONValue]

        func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
        ) async throws {
            try await withoutActuallyEscaping(function) { function in
                try await Gateway.start(services: services, objects: objects) { gateway in
                    try await Gateway.$shared.withValue(gateway) { try await function() }
                }
            }
        }
    }
}

extension Trait where Self == Gateway.Trait {
    /// - Parameters:
    ///   - services: names of Services, each with one backend that says this name.
    ///   - objects: what Fairway is started with besides.
    static func gateway(services: [String], objects: [JSONValue] = []) -> Self {
        Gateway.Trait(services: services, objects: objects)
    }
}

extension Gateway {
    typealias Answer = HTTPConnection.Answer

    func get(
        _ host: String, _ target: String = "/", headers: [(String, String)] = [], tls: TLSConfiguration? = nil,
        serverName: String? = nil
    ) async throws -> Answer {
        try await send("GET", host, target, headers: headers, tls: tls, serverName: serverName)
    }

    /// Sends one request on a connection of its own, to the HTTP port or, with `tls`, to the HTTPS port.
    func send(
        _ method: String, _ host: String, _ target: String, headers: [(String, String)] = [], body: String? = nil,
        tls: TLSConfiguration? = nil, serverName: String? = nil
    ) async throws -> Answer {
        let port = tls == nil ? fairway.httpPort : fairway.httpsPort
        return try await HTTPConnection.open(port: port, serverName: serverName, tls: tls) { connection in
            try await connection.send(method, target, host: host, headers: headers, body: body)
        }
    }

    /// Applies objects and waits until a request is answered as `condition` asks. Every route of an Ingress takes
    /// effect at once, so that what follows may assert what is *not* served.
    @discardableResult
    func serve(
        _ objects: [JSONValue], until host: String, _ target: String = "/",
        answers condition: @Sendable (Answer) -> Bool = { $0.status == 200 }
    ) async throws -> Answer {
        try await fairway.apply(objects)
        return try await wait(host, target, answers: condition)
    }

    @discardableResult
    func wait(
        _ host: String, _ target: String = "/", answers condition: @Sendable (Answer) -> Bool = { $0.status == 200 }
    ) async throws -> Answer {
        var last: Answer?
        do {
            return try await eventually("http://\(host)\(target) answers as wanted") {
                let answer = try await get(host, target)
                last = answer
                return condition(answer) ? answer : nil
            }
        } catch let error as DeadlineExceeded {
            throw NeverAnswered(error: error, last: last.map { "\($0.status) \($0.body)" } ?? "nothing", log: log)
        }
    }

    /// The end of what Fairway printed.
    private var log: String { fairway.log.text.split(separator: "\n").suffix(40).joined(separator: "\n") }

    struct NeverAnswered: Error, CustomStringConvertible {
        var error: DeadlineExceeded
        var last: String
        var log: String
        var description: String { "\(error); the last answer was: \(last)\n\(log)" }
    }
}

extension Gateway {
    struct EventText: Sendable, CustomStringConvertible {
        var reason: String
        var message: String
        var description: String { "\(reason): \(message)" }
    }

    /// The Events about an Ingress of the default namespace.
    func events(of ingress: String) async throws -> [EventText] {
        let text = try await fairway.kubectl(
            "get", "events", "-o", "json", "--field-selector",
            "involvedObject.kind=Ingress,involvedObject.name=\(ingress)")
        let list = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        return (list["items"]?.array ?? []).map { event in
            EventText(reason: event["reason"]?.string ?? "", message: event["message"]?.string ?? "")
        }
    }

    /// Waits for an Event of this reason whose message holds all the texts.
    func expectEvent(
        of ingress: String, _ reason: String, saying texts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var seen: [EventText] = []
        do {
            try await eventually("an Event \(reason)", every: .milliseconds(200)) {
                seen = try await events(of: ingress)
                return seen.contains { event in
                    event.reason == reason && texts.allSatisfy(event.message.contains)
                }
            }
        } catch is DeadlineExceeded {
            Issue.record(
                "no Event \(reason) saying \(texts) on \(ingress), only \(seen)", sourceLocation: sourceLocation)
        }
    }

    /// What stands in `status.loadBalancer.ingress` of an Ingress: addresses and host names.
    func addresses(of ingress: String) async throws -> [String] {
        let text = try await fairway.kubectl("get", "ingress", ingress, "-o", "json")
        let object = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        let points = object[path: "status", "loadBalancer", "ingress"]?.array ?? []
        return points.compactMap { ($0["ip"] ?? $0["hostname"])?.string }
    }
}
