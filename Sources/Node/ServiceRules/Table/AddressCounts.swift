import NetTypes

/// How many more, or fewer, Services ask for an address that several may share.
struct AddressCounts {
    var clusterAddresses = Difference()
    var hairpins = Difference()

    mutating func add(_ old: ServiceProgram, _ new: ServiceProgram) {
        clusterAddresses.add(old.clusterAddresses, new.clusterAddresses)
        hairpins.add(old.hairpins, new.hairpins)
    }

    struct Difference {
        private var delta: [IPAddress: Int] = [:]

        mutating func add(_ old: [IPAddress], _ new: [IPAddress]) {
            guard old != new else { return }
            for address in old { delta[address, default: 0] -= 1 }
            for address in new { delta[address, default: 0] += 1 }
        }

        /// Brings the counts up to date; an address comes with its first Service and goes with its last.
        func settle(
            _ counts: inout [IPAddress: Int], _ element: (IPAddress) -> RuleElement, _ result: inout RuleChange
        ) {
            for (address, change) in delta where change != 0 {
                let before = counts[address] ?? 0
                let after = before + change
                counts[address] = after > 0 ? after : nil
                if before == 0, after > 0 { result.added.append(element(address)) }
                if before > 0, after <= 0 { result.removed.append(element(address)) }
            }
        }
    }
}
