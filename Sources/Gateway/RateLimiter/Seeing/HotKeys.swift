import TrafficPlan

/// The keys that ask most, in bounded room: the space-saving sketch (Metwally, Agrawal, El Abbadi 2005). A key that makes
/// more than one request in `capacity` is surely in it. Counts halve every ten seconds, so that what was hot cools.
struct HotKeys {
    struct Item {
        var counter: CounterReference
        /// Cut to `longestValue` bytes each.
        var values: [String?]
        var allowanceName: String?
        var requests: UInt32
        var refusals: UInt32
    }

    static let capacity = 64
    static let longestValue = 64
    private static let halving: Int64 = 10_000_000_000

    private var keys: [CounterKey] = []
    private var items: [Item] = []
    private var halvedAt: Int64 = .min

    mutating func saw(_ counter: CounterReference, _ check: LimitCheck, isRefused: Bool, at now: Int64) {
        cool(now)
        if let index = keys.firstIndex(of: counter.key) {
            items[index].requests &+= 1
            if isRefused { items[index].refusals &+= 1 }
            items[index].counter.allowance = counter.allowance
            return
        }
        var item = Item(
            counter: counter, values: check.values.map(Self.cut), allowanceName: check.allowanceName, requests: 1,
            refusals: isRefused ? 1 : 0)
        guard keys.count == Self.capacity else {
            keys.append(counter.key)
            return items.append(item)
        }
        let coldest = items.indices.reduce(0) { items[$1].requests < items[$0].requests ? $1 : $0 }
        item.requests = items[coldest].requests &+ 1
        keys[coldest] = counter.key
        items[coldest] = item
    }

    /// Hottest first.
    var hottest: [Item] { items.sorted { $0.requests > $1.requests } }

    mutating func forget(_ key: CounterKey) {
        guard let index = keys.firstIndex(of: key) else { return }
        keys.remove(at: index)
        items.remove(at: index)
    }

    private mutating func cool(_ now: Int64) {
        if halvedAt == .min { halvedAt = now }
        guard now - halvedAt >= Self.halving else { return }
        halvedAt = now
        for index in items.indices {
            items[index].requests /= 2
            items[index].refusals /= 2
        }
        let cold = items.indices.filter { items[$0].requests == 0 }
        for index in cold.reversed() {
            keys.remove(at: index)
            items.remove(at: index)
        }
    }

    /// Only what is short is kept whole.
    private static func cut(_ value: String?) -> String? {
        guard let value, value.utf8.count > longestValue else { return value }
        return String(decoding: value.utf8.prefix(longestValue - 3), as: UTF8.self) + "…"
    }
}
