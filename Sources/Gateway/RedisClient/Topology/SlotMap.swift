/// Which master has which slot. A value; the cluster's answers go in.
struct SlotMap: Hashable, Sendable {
    private var owners: [RedisAddress?] = Array(repeating: nil, count: HashSlot.count)

    var masters: Set<RedisAddress> { Set(owners.compactMap(\.self)) }

    /// Every slot has a master.
    var isComplete: Bool { !owners.contains(nil) }

    subscript(_ slot: HashSlot) -> RedisAddress? {
        get { owners[slot.number] }
        set { owners[slot.number] = newValue }
    }

    init() {}

    /// Reads the answer to `CLUSTER SLOTS`: ranges, each with its master first. Entries that cannot be read are left out.
    /// - Parameter asked: whom; a node that does not know its own address leaves it empty.
    init?(answer: RESPValue, asked: RedisAddress) {
        guard let ranges = answer.elements else { return nil }
        for range in ranges {
            guard let parts = range.elements, parts.count >= 3, let first = parts[0].int, let last = parts[1].int,
                first >= 0, first <= last, last < HashSlot.count, let master = parts[2].elements, master.count >= 2,
                let port = master[1].int, (1...65_535).contains(port)
            else { continue }
            let host = master[0].text.flatMap { $0.isEmpty || $0 == "?" ? nil : $0 } ?? asked.host
            let address = RedisAddress(host: host, port: Int(port))
            for slot in Int(first)...Int(last) { owners[slot] = address }
        }
    }
}

/// `MOVED 3999 127.0.0.1:6381` or `ASK 3999 127.0.0.1:6381`.
struct Redirection: Hashable {
    var isAsk: Bool
    var slot: HashSlot
    var address: RedisAddress

    /// - Parameter server: who answered; an address without a host means the same one.
    init?(_ error: RedisError, from server: RedisAddress) {
        guard case .server(let text) = error else { return nil }
        let words = text.split(separator: " ")
        guard words.count >= 3, words[0] == "MOVED" || words[0] == "ASK", let number = Int(words[1]),
            (0..<HashSlot.count).contains(number)
        else { return nil }
        let target = words[2]
        let address: RedisAddress?
        if target.hasPrefix(":"), let port = Int(target.dropFirst()) {
            address = RedisAddress("[\(server.host)]:\(port)")
        } else {
            address = RedisAddress(target)
        }
        guard let address else { return nil }
        self.init(isAsk: words[0] == "ASK", slot: HashSlot(number: number), address: address)
    }

    private init(isAsk: Bool, slot: HashSlot, address: RedisAddress) {
        self.isAsk = isAsk
        self.slot = slot
        self.address = address
    }
}
