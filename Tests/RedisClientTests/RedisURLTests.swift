import Testing

@testable import RedisClient

@Suite struct RedisURLTests {
    @Test("one server")
    func standalone() throws {
        let plain = try RedisConfiguration(url: "redis://cache")
        #expect(plain.topology == .standalone(RedisAddress(host: "cache", port: 6379)))
        #expect(plain.login == nil && plain.tls == nil && plain.database == 0)
        let full = try RedisConfiguration(
            url: "rediss://limiter:p%40ss%2F%25@[::1]:7000/3?ca=/etc/ca.pem&timeout=100&connections=4")
        #expect(full.topology == .standalone(RedisAddress(host: "::1", port: 7000)))
        #expect(full.login == .init(user: "limiter", password: "p@ss/%"))
        #expect(full.tls == .init(authorities: "/etc/ca.pem"))
        #expect(full.database == 3 && full.timeout == .milliseconds(100) && full.connections == 4)
        #expect(try RedisConfiguration(url: "redis://:secret@h").login == .init(password: "secret"))
        #expect(try RedisConfiguration(url: "redis://secret@h").login == .init(password: "secret"))
    }

    @Test("sentinels and clusters")
    func others() throws {
        let sentinel = try RedisConfiguration(
            url: "redis+sentinel://u:p@s1,s2:7,[fd00::1]/mymaster/2?sentinel-user=w&sentinel-password=x")
        #expect(
            sentinel.topology
                == .sentinel(
                    [.init(host: "s1", port: 26379), .init(host: "s2", port: 7), .init(host: "fd00::1", port: 26379)],
                    name: "mymaster"))
        #expect(sentinel.sentinelLogin == .init(user: "w", password: "x") && sentinel.database == 2)
        let cluster = try RedisConfiguration(url: "rediss+cluster://a:1,b:2")
        #expect(cluster.topology == .cluster([.init(host: "a", port: 1), .init(host: "b", port: 2)]))
        #expect(cluster.tls != nil)
    }

    @Test(
        "what cannot be meant is refused in words that repeat no password",
        arguments: [
            "cache:6379", "http://:hunter2@h", "redis://:hunter2@", "redis://:hunter2@h:0", "redis://:hunter2@h:70000",
            "redis://:hunter2@h/a", "redis://:hunter2@h/1/2", "redis://:hunter2%@h", "redis://:hunter2@h?ca=/x",
            "redis://:hunter2@h?colour=red", "redis://:hunter2@h?timeout=0", "redis+sentinel://:hunter2@h",
            "redis+cluster://:hunter2@h/1", "redis://a,b", "redis://:hunter2@h?timeout",
        ])
    func refused(url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
    }

    @Test("hash slots are those of the cluster's specification")
    func slots() {
        #expect(HashSlot(of: "123456789").number == 0x31c3)
        #expect(HashSlot(of: "foo").number == 12182)
        #expect(HashSlot(of: "{user1000}.following") == HashSlot(of: "{user1000}.followers"))
        #expect(HashSlot(of: "foo{}{bar}") != HashSlot(of: "bar"))
        #expect(HashSlot(of: "foo{{bar}}zap") == HashSlot(of: "{bar"))
        #expect(HashSlot(of: "foo{bar}{zap}") == HashSlot(of: "bar"))
    }

    @Test("a cluster's map and its redirections are read; what is broken in them is left out")
    func slotMap() throws {
        let node = { (host: RESPValue, port: Int64) in RESPValue.array([host, .integer(port), .simple("id")]) }
        let asked = RedisAddress(host: "seed", port: 1)
        let answer = RESPValue.array([
            .array([.integer(0), .integer(99), node(.simple("a"), 7000), node(.simple("replica"), 7001)]),
            .array([.integer(100), .integer(16383), node(.null, 7002)]),
            .array([.integer(5), .integer(20000), node(.simple("x"), 7003)]), .array([.integer(5)]), .null,
        ])
        let map = try #require(SlotMap(answer: answer, asked: asked))
        #expect(map[HashSlot(number: 99)] == RedisAddress(host: "a", port: 7000))
        #expect(map[HashSlot(number: 100)] == RedisAddress(host: "seed", port: 7002))
        #expect(map.isComplete && map.masters.count == 2)
        #expect(SlotMap(answer: .simple("OK"), asked: asked) == nil)

        let moved = Redirection(.server("MOVED 3999 127.0.0.1:6381"), from: asked)
        #expect(moved?.address == RedisAddress(host: "127.0.0.1", port: 6381) && moved?.isAsk == false)
        #expect(Redirection(.server("ASK 1 :6381"), from: asked)?.address == RedisAddress(host: "seed", port: 6381))
        #expect(Redirection(.server("ASK 1 ::1:6381"), from: asked)?.address == RedisAddress(host: "::1", port: 6381))
        for text in ["MOVED", "MOVED x h:1", "MOVED 99999 h:1", "MOVED 1 h", "ERR"] {
            #expect(Redirection(.server(text), from: asked) == nil)
        }
    }
}
