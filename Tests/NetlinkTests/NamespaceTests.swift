import Foundation
import Netlink
import TestSupport
import Testing

@Suite(.enabled(if: NetworkAbility.isWanted && Tool.ip.isWanted, "needs root and ip(8)"))
struct NamespaceTests {
    @Test func aNamedNamespaceIsSeenByIPAndGoesWithItsName() async throws {
        let name = "fwt-named-\(getpid())"
        let folder = NamedNamespaces.system
        let namespace = try folder.create(name)
        #expect(try folder.list().contains(name))
        #expect(try folder.open(name).identity == namespace.identity)
        let twice = #expect(throws: KernelError.self) { try folder.create(name) }
        #expect(twice?.isAlreadyThere == true)
        try folder.remove(name)
        #expect(try !folder.list().contains(name))
        let gone = #expect(throws: KernelError.self) { try folder.open(name) }
        #expect(gone?.isNotFound == true)
    }

    @Test func aFileThatIsNoNamespaceIsRefused() throws {
        let refused = #expect(throws: KernelError.self) { try NetworkNamespace(path: "/etc/hostname") }
        #expect(refused?.detail?.contains("not a network namespace") == true)
    }

    @Test func workInsideSeesTheNamespaceAndTheCallerStaysOutside() async throws {
        let before = try NetworkNamespace.current().identity
        try await Scratch.with { scratch in
            func blocking() throws -> NetworkNamespace.Identity {
                try scratch.namespace.run { try NetworkNamespace.current().identity }
            }
            let inside = try blocking()
            #expect(inside == scratch.namespace.identity && inside != before)
            let suspended = try await scratch.namespace.run { try NetworkNamespace.current().identity }
            #expect(suspended == inside)
            #expect(try NetworkNamespace.current().identity == before)
        }
    }

    @Test func settingsAreTheNamespacesOwn() async throws {
        let before = try Sysctl.read("net/ipv4/ip_forward")
        try await Scratch.with { scratch in
            let changed = try await scratch.namespace.run {
                let old = try Sysctl.read("net/ipv4/ip_forward")
                return try Sysctl.ensure(old == "1" ? "0" : "1", at: "net/ipv4/ip_forward")
            }
            #expect(changed)
            #expect(try Sysctl.read("net/ipv4/ip_forward") == before)
            let missing = await #expect(throws: (any Error).self) {
                try await scratch.namespace.run { try Sysctl.read("net/ipv4/conf/nope/forwarding") }
            }
            #expect((missing as? KernelError)?.isNotFound == true)
        }
    }

    @Test func anActorOnItsOwnThreadAlwaysRunsThere() async throws {
        actor Worker {
            let thread = BlockingThread(name: "worker")
            nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
            func threadNumber() -> UInt { UInt(pthread_self()) }
        }
        let worker = Worker()
        let first = await worker.threadNumber()
        for _ in 0..<50 { #expect(await worker.threadNumber() == first) }
        #expect(UInt(pthread_self()) != first)
    }
}
