import Foundation
import Logging
import NetTypes
import TestSupport
import Testing

@testable import EnvoyProcess

@Suite struct `Restart backoff` {
    @Test func `the first restart is at once, then waits double up to the longest`() {
        var backoff = RestartBackoff()
        let waits = (0..<10).map { _ in backoff.ended(ranFor: .seconds(1), jitter: 0.5) }
        #expect(
            waits == [
                .zero, .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
                .milliseconds(1600), .milliseconds(3200), .milliseconds(6400), .milliseconds(12800), .seconds(15),
            ])
    }

    @Test func `a long healthy run forgives, and jitter spreads by a fifth`() {
        var backoff = RestartBackoff()
        for _ in 0..<5 { _ = backoff.ended(ranFor: .zero, jitter: 0) }
        #expect(backoff.ended(ranFor: .seconds(30), jitter: 0) == .zero)
        #expect(backoff.ended(ranFor: .zero, jitter: 0) == .milliseconds(80))
        #expect(backoff.ended(ranFor: .zero, jitter: 1) > .milliseconds(239))
    }
}

@Suite struct `Envoy's log` {
    @Test(arguments: [
        ("[info][main] all dependencies initialized", Logger.Level.debug, "main", "all dependencies initialized"),
        ("[warning][config] a [b] c", .warning, "config", "a [b] c"),
        ("[critical][backtrace] Caught Aborted", .critical, "backtrace", "Caught Aborted"),
    ])
    func `level, component and text are read`(line: String, level: Logger.Level, component: String, text: String) {
        #expect(EnvoyLogLine(line) == EnvoyLogLine(level: level, component: component, text: text))
    }

    @Test(arguments: ["", "[", "terminate called after throwing", "[x][y] z", "[info]"])
    func `other lines are kept whole`(line: String) {
        #expect(EnvoyLogLine(line) == EnvoyLogLine(level: .warning, component: nil, text: line))
    }

    @Test func `lines come out the same whatever the chunks' borders, and long ones are cut`() {
        let bytes = Array("one\ntwo\n\nthree-is-long\nend".utf8)
        for size in 1...bytes.count {
            var splitter = LineSplitter(limit: 8)
            var lines: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += splitter.received(bytes[start..<min(start + size, bytes.count)])
            }
            lines += [splitter.ended()].compactMap(\.self)
            #expect(lines == ["one", "two", "", "three-is", "-long", "end"], "chunks of \(size)")
        }
    }

    @Test func `a pipe is read again by a second reader, and a writer without reader is not blocked`() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder + "/pipe"
            let first = try LogPipe(path: path)
            let writer = try first.openWriter()
            let line = Array("hello\n".utf8)
            #expect(write(writer, line, line.count) == line.count)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await first.forEachLine { line in
                        #expect(line == "hello")
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                }
                while (try? await group.next()) != nil {}  // Cancelled by itself.
            }
            signal(SIGPIPE, SIG_IGN)
            try await eventually("the pipe has no reader") { write(writer, line, line.count) == -1 && errno == EPIPE }
            let second = try LogPipe(path: path)
            #expect(write(writer, line, line.count) == line.count)
            close(writer)
            var seen: [String] = []
            try await second.forEachLine { seen.append($0) }
            #expect(seen == ["hello"])
        }
    }
}

@Suite struct `Envoy's numbers` {
    @Test func `requests in flight are those of the listeners, not of the admin interface`() {
        let text = """
            http.admin.downstream_rq_active: 1
            http.ingress_http.downstream_rq_active: 3
            http.ingress.https.downstream_rq_active: 4
            http.ingress_http.downstream_cx_active: 9
            cluster.x.downstream_rq_active: 5

            """
        #expect(EnvoyAdmin.activeRequests(inStats: text) == 7)
        #expect(EnvoyAdmin.activeRequests(inStats: "") == 0)
    }
}

@Suite struct `Envoy's executable` {
    @Test(arguments: [
        ("/opt/a/envoy  version: 6c5d/1.40.0/Clean/RELEASE/BoringSSL", "1.40.0"),
        ("envoy  version: x/1.41.2-dev/Clean", "1.41.2"), ("", nil as String?), ("version: abc", nil),
        ("version: a/1.2/b", nil),
    ])
    func `the version is the second part`(line: String, version: String?) {
        #expect(EnvoyVersion(versionLine: line)?.description == version)
    }

    @Test func `tools of the checkout come before PATH`() {
        let places = EnvoyBinary.searchPlaces(
            path: "/usr/bin:/opt", program: "/src/fairway/.build/debug/fairway", workingDirectory: "/home/me")
        #expect(places.prefix(3).contains("/src/fairway/.build/.tools/bin/envoy"))
        #expect(places.contains("/src/fairway/.tools/bin/envoy"))
        #expect(places.contains("/home/me/.tools/bin/envoy"))
        #expect(places.suffix(2) == ["/usr/bin/envoy", "/opt/envoy"])
    }

    @Test func `one that is not there, does not say a version or is too old is refused with what to do`() async throws {
        try await withTemporaryDirectory { folder in
            let none = await #expect(throws: EnvoyProcessError.self) {
                try await EnvoyBinary.located(at: nil, environment: ["FAIRWAY_ENVOY": folder + "/none"])
            }
            #expect(none?.code == .binaryNotFound && none?.description.contains("FAIRWAY_ENVOY") == true)
            for (script, code) in [
                ("echo hello", EnvoyProcessError.Code.binaryUnusable),
                ("echo 'envoy  version: abc/1.31.0/Clean/RELEASE/BoringSSL'", .binaryTooOld),
            ] {
                let path = folder + "/envoy"
                try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
                chmod(path, 0o755)
                let error = await #expect(throws: EnvoyProcessError.self) {
                    try await EnvoyBinary.located(at: path, environment: [:])
                }
                #expect(error?.code == code, "\(String(describing: error))")
            }
        }
    }
}

@Suite struct `Ports before Envoy` {
    private let loopback = IPAddress.v4(127, 0, 0, 1)

    @Test func `a free port passes, a taken one is said with its owner and flag`() throws {
        let port = try freePort()
        let claim = PortClaim(address: loopback, port: port, flag: "--http-port")
        try Ports.check([claim])
        let holder = try ListeningSocket(port: port)
        defer { holder.close() }
        let error = #expect(throws: EnvoyProcessError.self) { try Ports.check([claim]) }
        #expect(error?.code == .portTaken)
        let text = error?.description ?? ""
        #expect(text.hasPrefix("cannot listen on 127.0.0.1:\(port): another program ("), "\(text)")
        #expect(text.hasSuffix(", process \(getpid())) listens there; choose a free port with --http-port"), "\(text)")
    }

    @Test func `an address of another machine is said`() throws {
        let claim = PortClaim(address: .v4(192, 0, 2, 1), port: 8080, flag: "--bind")
        let error = #expect(throws: EnvoyProcessError.self) { try Ports.check([claim]) }
        #expect(error?.code == .addressUnavailable)
    }
}

@Suite struct `Folder of an Envoy` {
    @Test func `sockets of a deep data directory go to a short private folder`() async throws {
        try await withTemporaryDirectory { folder in
            let deep = folder + "/" + String(repeating: "d", count: 120)
            let run = try RunFolder(dataDirectory: deep, temporaryDirectory: folder)
            #expect(run.adminSocket(String(repeating: "f", count: 17)).utf8.count < 108)
            #expect(run.socketDirectory != deep)
            chmod(run.socketDirectory, 0o755)
            let error = #expect(throws: EnvoyProcessError.self) {
                try RunFolder(dataDirectory: deep, temporaryDirectory: folder)
            }
            #expect(error?.code == .folderUnusable)
            let shallow = try RunFolder(dataDirectory: folder)
            #expect(shallow.socketDirectory == folder)
        }
    }

    @Test func `two supervisors cannot share it`() async throws {
        try await withTemporaryDirectory { folder in
            let first = try FolderLock(path: folder + "/lock")
            let error = #expect(throws: EnvoyProcessError.self) { try FolderLock(path: folder + "/lock") }
            #expect(error?.code == .alreadySupervised)
            first.release()
            try FolderLock(path: folder + "/lock").release()
        }
    }

    @Test func `a process is told from a later one with its number`() throws {
        var mine = try #require(ProcessIdentity(pid: getpid()))
        #expect(mine.isAlive)
        mine.startTicks -= 1
        #expect(!mine.isAlive)
        #expect(ProcessIdentity(pid: Int32.max) == nil)
    }
}
