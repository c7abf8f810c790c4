import TestSupport
import Testing
import TrafficPlan

/// What clients and backends see through a real Envoy.
@Suite(.serialized, .enabled(if: Tool.envoy.isWanted, "Envoy is not installed")) struct `Through Envoy` {
    @Test func `strangers cannot speak for others, and answers tell nothing about the proxy`() async throws {
        var rig = try Rig()
        rig.serve(.exact("a.example"), Rig.forward())
        try await rig.run { client in
            let answer = try client.get(
                "/x/../y//z%2Fw?q=1", host: "a.example",
                headers: [
                    "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil",
                    "Forwarded: for=6.6.6.6",
                    "X-Real-IP: 6.6.6.6", "X-Original-URL: /admin", "X-Envoy-Retry-On: 5xx", "X_Tenant: evil",
                ])
            #expect(answer.status == 200)
            #expect(answer.body == "backend\n")
            #expect(answer.headers["x-saw-path"] == "/y/z%2Fw?q=1")
            #expect(answer.headers["x-saw-authority"] == "a.example")
            // For a peer on loopback Envoy writes the machine's own address.
            let client = answer.headers["x-saw-x-forwarded-for"] ?? ""
            #expect(!client.isEmpty && !client.contains("6.6.6.6") && !client.contains(","))
            #expect(answer.headers["x-saw-x-forwarded-proto"] == "http")
            #expect(answer.headers["x-saw-x-forwarded-port"] == "\(rig.port)")
            for lie in [
                "x-forwarded-host", "forwarded", "x-real-ip", "x-original-url", "x-envoy-retry-on",
                "x-envoy-expected-rq-timeout-ms", "x_tenant", "x-tenant",
            ] {
                #expect(answer.headers["x-saw-\(lie)"] == nil, "\(lie) reached the backend")
            }
            #expect(answer.headers.keys.filter { $0.hasPrefix("x-envoy") }.isEmpty)
        }
    }

    @Test func `the narrowest host answers, and a wildcard takes one label`() async throws {
        var rig = try Rig()
        rig.serve(.exact("a.example"), Rig.answer(.prefix("/"), "exact"))
        rig.serve(.wildcard(suffix: "example"), Rig.answer(.prefix("/"), "wildcard"))
        rig.serve(.wildcard(suffix: "b.example"), Rig.answer(.prefix("/only"), "nested"))
        rig.serve(.any, Rig.answer(.prefix("/any"), "any"))
        try await rig.run { client in
            let cases = [
                ("a.example", "/", "exact"), ("A.Example.:8080", "/", "exact"), ("b.example", "/", "wildcard"),
                ("B.EXAMPLE:80", "/", "wildcard"), ("c.d.example", "/any/x", "any"), ("c.d.EXAMPLE:80", "/any", "any"),
                ("x.b.example", "/only", "nested"), ("y.x.b.example", "/any", "any"), ("other", "/any", "any"),
                (".example", "/any", "any"),
            ]
            for (host, path, body) in cases {
                try #expect(client.get(path, host: host).body == body, "\(host)\(path)")
            }
            let missing = [
                ("c.d.example", "/"), ("x.b.example", "/any"), ("y.x.b.example", "/only"), ("other", "/"),
                ("other", "/anything"),
            ]
            for (host, path) in missing {
                let answer = try client.get(path, host: host)
                #expect(answer.status == 404, "\(host)\(path)")
                #expect(answer.body == "no route for this host and path\n")
            }
            try #expect(client.get("/", host: "other").headers["server"] == nil)
        }
    }

    @Test func `a host that requires TLS redirects, deeper names of a wildcard do as the host for any name`()
        async throws
    {
        var rig = try Rig()
        rig.serve(.exact("a.example"), requiresTLS: true, Rig.answer(.prefix("/"), "a"))
        rig.serve(.wildcard(suffix: "b.example"), requiresTLS: true, Rig.answer(.prefix("/"), "b"))
        rig.serve(.any, Rig.answer(.prefix("/"), "any"))
        rig.plan.virtualHosts[.exact("c.example")] = VirtualHost(
            hostname: .exact("c.example"), routes: [], requiresTLS: true, httpsPort: 8443)
        try await rig.run { client in
            let cases = [
                ("a.example", "https://a.example/p?q"), ("a.example:8080", "https://a.example/p?q"),
                ("x.b.example", "https://x.b.example/p?q"), ("x.b.example:8080", "https://x.b.example:443/p?q"),
                ("c.example:8080", "https://c.example:8443/p?q"),
            ]
            for (host, location) in cases {
                let answer = try client.get("/p?q", host: host, headers: ["X-Forwarded-Proto: https"])
                #expect(answer.status == 301)
                #expect(answer.headers["location"] == location)
            }
            try #expect(client.get("/p", host: "y.x.b.example").body == "any")
        }
    }

    @Test func `a backend that refuses connections loses no request while another one lives`() async throws {
        var rig = try Rig()
        rig.serve(.any, Rig.forward())
        let dead = try freePort()
        rig.plan.endpoints[Rig.name] = EndpointSet([
            Endpoint(address: Rig.local(rig.backendPort)), Endpoint(address: Rig.local(dead)),
        ])
        try await rig.run { client in
            for _ in 0..<40 { try #expect(client.get("/", host: "a").status == 200) }
        }
    }

    @Test func `draining endpoints get requests only when no other is left`() async throws {
        var rig = try Rig()
        rig.serve(.any, Rig.forward())
        let dead = try freePort()
        let live = Rig.local(rig.backendPort)
        rig.plan.endpoints[Rig.name] = EndpointSet([Endpoint(address: live, state: .draining)])
        let draining = (1...3).map { Endpoint(address: Rig.local(dead + UInt16($0) - 1), state: .draining) }
        let other = BackendName(namespace: "test", service: "rolled", port: 80)
        rig.plan.backends[other] = Backend(name: other, origin: .builtIn)
        rig.plan.endpoints[other] = EndpointSet(draining + [Endpoint(address: live)])
        rig.serve(.exact("rolled"), SamplePlan.forward(.prefix("/"), to: other, origin: .builtIn))
        try await rig.run { client in
            try #expect(client.get("/", host: "a").status == 200)
            for _ in 0..<20 { try #expect(client.get("/", host: "rolled").status == 200) }
        }
    }

    @Test func `a service without endpoints, or out of reach, answers 503 and says so`() async throws {
        var rig = try Rig()
        rig.serve(.any, Rig.forward())
        rig.plan.endpoints[Rig.name] = EndpointSet()
        let other = BackendName(namespace: "test", service: "away", port: 80)
        rig.plan.backends[other] = Backend(name: other, origin: .builtIn)
        rig.plan.endpoints[other] = EndpointSet([Endpoint(address: Rig.local(try freePort()))])
        rig.serve(.exact("away"), SamplePlan.forward(.prefix("/"), to: other, origin: .builtIn))
        try await rig.run { client in
            let empty = try client.get("/", host: "a")
            #expect(empty.status == 503)
            #expect(empty.body == "the service has no ready endpoint\n")
            let away = try client.get("/", host: "away")
            #expect(away.status == 503)
            #expect(away.body == "the service cannot be reached\n")
        }
    }
}
