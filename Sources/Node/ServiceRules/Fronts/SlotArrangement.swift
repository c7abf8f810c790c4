package import NetTypes

/// Gives endpoints their slots so that as few as possible change: who stays keeps its slot, newcomers fill the gaps, and what then
/// hangs over the end moves down.
package func arranged(_ endpoints: [SocketEndpoint], keeping slots: [SocketEndpoint]) -> [SocketEndpoint] {
    if slots.isEmpty || endpoints == slots { return endpoints }
    let wanted = Set(endpoints)
    var result: [SocketEndpoint?] = []
    var placed: Set<SocketEndpoint> = []
    for endpoint in slots {
        result.append(wanted.contains(endpoint) && placed.insert(endpoint).inserted ? endpoint : nil)
    }
    var newcomers = endpoints.filter { !placed.contains($0) }.reversed() as [SocketEndpoint]
    for slot in result.indices where result[slot] == nil {
        guard let endpoint = newcomers.popLast() else { break }
        result[slot] = endpoint
    }
    result += newcomers.reversed().map { $0 }
    // Close the gaps that are left with endpoints from the end.
    var last = result.count - 1
    var slot = 0
    while slot <= last {
        if result[slot] != nil {
            slot += 1
        } else {
            while last > slot, result[last] == nil { last -= 1 }
            result.swapAt(slot, last)
            last -= 1
        }
    }
    return result.compactMap(\.self)
}
