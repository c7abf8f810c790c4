import Foundation
import NIOCore
import NetTypes
import TLSMaterial
import TestSupport
import Testing

@testable import RedisClient

@Suite(.enabled(if: Tool.redis.isWanted, "redis-server is not installed: run Scripts/install-tools test"))
struct ServerTests {
    @Test("thousands of commands at once each get their own answer over two connections")
    func pipelining() async throws {
        try await withRedis { server in
            try await withClient(RedisConfiguration(server)) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<5000 {
                        group.addTask {
                            let answer = try await client.send(RedisCommand("ECHO", "number \(number)"))
                            #expect(answer.text == "number \(number)")
                        }
                    }
                    try await group.waitForAll()
                }
                let clients = try await client.send(RedisCommand("CLIENT", "LIST")).text ?? ""
                #expect(clients.split(separator: "\n").count == 2)
            }
        }
    }

    @Test("values of a megabyte and of any bytes go through")
    func largeValues() async throws {
        try await withRedis { server in
            try await withClient(RedisConfiguration(server)) { client in
                let large = String(repeating: "é\r\n$", count: 200_000)
                _ = try await client.send(RedisCommand("SET", "k", large))
                #expect(try await client.send(RedisCommand("GET", "k")).text == large)
            }
        }
    }

    @Test("users, passwords and databases", arguments: [true, false])
    func login(speaksVersion3: Bool) async throws {
        try await withRedis(["--requirepass", "for all", "--user", "limiter", "on", ">s3cret", "~*", "+@all"]) {
            server in
            var settings = RedisConnectionSettings(timeout: .seconds(2), prefersVersion3: speaksVersion3)
            let address = RedisAddress(host: "127.0.0.1", port: Int(server.port))
            for login in [nil, .init(password: "wrong"), .init(user: "limiter", password: "for all")]
                as [RedisConfiguration.Login?]
            {
                settings.login = login
                let refused = settings
                let error = await #expect(throws: RedisError.self) {
                    try await RedisConnection.connect(to: address, refused)
                }
                #expect(error.map { !"\($0)".contains("for all") } == true)
            }
            settings.login = .init(user: "limiter", password: "s3cret")
            settings.database = 5
            let connection = try await RedisConnection.connect(to: address, settings)
            let info = try await connection.send(RedisCommand("CLIENT", "INFO")).text ?? ""
            #expect(info.contains("user=limiter") && info.contains("db=5"))
            #expect(info.contains(speaksVersion3 ? "resp=3" : "resp=2"))
            await connection.close()
        }
    }

    @Test("TLS with an authority of one's own; a stranger's certificate, or one for another name, is refused")
    func tls() async throws {
        try await withTemporaryDirectory { folder in
            let now = Int64(Date().timeIntervalSince1970)
            let authority = try CertificateAuthority(commonName: "tests", now: now)
            let strangers = try CertificateAuthority(commonName: "stranger", now: now)
            let issued = try authority.issue(
                CertificateRequest(commonName: "redis", dnsNames: ["redis.example", "localhost"]), now: now)
            for (name, text) in [
                ("ca", authority.certificate), ("stranger", strangers.certificate), ("cert", issued.chain),
                ("key", issued.key.text),
            ] { try text.write(toFile: "\(folder)/\(name).pem", atomically: true, encoding: .utf8) }
            let tlsPort = try freePort()
            let server = try RedisProcess(
                folder: folder,
                arguments: [
                    "--tls-port", "\(tlsPort)", "--tls-cert-file", "\(folder)/cert.pem", "--tls-key-file",
                    "\(folder)/key.pem", "--tls-ca-cert-file", "\(folder)/ca.pem", "--tls-auth-clients", "no",
                ])
            try await server.start()
            defer { server.stop() }
            func connect(_ host: String, _ tls: RedisConfiguration.TLS) async throws -> RedisConnection {
                let settings = RedisConnectionSettings(tls: try RedisTLS(tls), timeout: .seconds(2))
                return try await RedisConnection.connect(to: RedisAddress(host: host, port: Int(tlsPort)), settings)
            }
            let own = RedisConfiguration.TLS(authorities: "\(folder)/ca.pem")
            var named = own
            named.serverName = "redis.example"
            var misnamed = own
            misnamed.serverName = "other.example"
            for (host, tls) in [("localhost", own), ("127.0.0.1", named)] {
                let connection = try await connect(host, tls)
                try await connection.ping()
                await connection.close()
            }
            let stranger = RedisConfiguration.TLS(authorities: "\(folder)/stranger.pem")
            for (host, tls) in [
                ("localhost", stranger), ("localhost", .init()), ("localhost", misnamed), ("127.0.0.1", own),
            ] {
                await #expect(throws: RedisError.self, "\(tls)") { try await connect(host, tls) }
            }
            #expect(throws: RedisError.self) { try RedisTLS(.init(authorities: "\(folder)/none.pem")) }
        }
    }

    @Test("a server that is gone fails commands at once; when it is back, so are the connections")
    func restart() async throws {
        try await withRedis { server in
            try await withClient(RedisConfiguration(server)) { client in
                server.stop()
                try await eventually("the loss is noticed") { !client.isReady }
                let started = ContinuousClock.now
                for _ in 0..<1000 {
                    await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                }
                #expect(ContinuousClock.now - started < .seconds(2))
                try await server.start()
                try await eventually("the connections are back") { client.isReady }
                #expect(try await client.send(RedisCommand("PING")).text == "PONG")
            }
        }
    }

    @Test("a server that answers nothing costs one timeout, then fails at once, then comes back")
    func hanging() async throws {
        try await withRedis { server in
            var configuration = RedisConfiguration(server)
            configuration.timeout = .milliseconds(200)
            try await withClient(configuration) { client in
                server.pause()
                defer { server.resume() }
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error == .timedOut(.milliseconds(200)))
                try await eventually("both connections are given up") {
                    _ = try? await client.send(RedisCommand("PING"))
                    return !client.isReady
                }
                let started = ContinuousClock.now
                await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(ContinuousClock.now - started < .milliseconds(150))
                server.resume()
                try await eventually("the connections are back") { client.isReady }
                #expect(try await client.send(RedisCommand("PING")).text == "PONG")
            }
        }
    }

    @Test("an idle connection whose server hangs is found out by itself")
    func idle() async throws {
        try await withRedis { server in
            var configuration = RedisConfiguration(server)
            configuration.timeout = .milliseconds(200)
            configuration.pingInterval = .milliseconds(50)
            try await withClient(configuration) { client in
                server.pause()
                defer { server.resume() }
                try await eventually("no command is needed to notice") { !client.isReady }
            }
        }
    }

    @Test("more commands than may wait are refused, the others are answered")
    func overload() async throws {
        try await withRedis { server in
            var configuration = RedisConfiguration(server)
            configuration.mostWaiting = 100
            configuration.connections = 1
            configuration.timeout = .seconds(10)
            try await withClient(configuration) { client in
                server.pause()
                defer { server.resume() }
                let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<300 {
                        group.addTask {
                            do throws(RedisError) {
                                _ = try await client.send(RedisCommand("PING"))
                                return false
                            } catch {
                                return error == .overloaded(100)
                            }
                        }
                    }
                    var refused = 0
                    var ended = 0
                    for try await isRefused in group {
                        ended += 1
                        refused += isRefused ? 1 : 0
                        if ended == 200 { server.resume() }
                    }
                    return refused
                }
                #expect(refused == 200)
            }
        }
    }

    @Test("a server that speaks no Redis is told so, and the connection ends")
    func strangers() async throws {
        try await ScriptedServer.run({ _, reply in try await reply.bytes("HTTP/1.1 400 Bad Request\r\n\r\n") }) {
            port in
            let settings = RedisConnectionSettings(timeout: .milliseconds(300))
            await #expect(throws: RedisError.self) {
                try await RedisConnection.connect(to: RedisAddress(host: "127.0.0.1", port: port), settings)
            }
        }
    }
}
