import Glibc
import NetTypes
import Netlink

extension DurableLedger.ReserveFailure {
    /// It could end as soon as links that are going away are gone.
    var mayPass: Bool {
        guard case .refused(let refusal) = self else { return false }
        switch refusal {
        case .exhausted(_, _, let waiting): return waiting > 0
        case .addressTaken(_, _, let state): return state == .releasing
        case .noPools, .outsidePools, .notForPods, .twoOfOneFamily, .alreadyThere, .hostPortTaken: return false
        }
    }
}

extension CNIError {
    init(refusal: DurableLedger.ReserveFailure) {
        switch refusal {
        case .notWritten(let failure): self.init(.ioFailure, "an address could not be reserved: \(failure)")
        case .refused(let refusal): self.init(refusal: refusal)
        }
    }

    private init(refusal: ReservationRefusal) {
        switch refusal {
        case .noPools:
            self.init(.tryAgainLater, "the node has no pod CIDR yet; see .spec.podCIDRs of its Node object")
        case .exhausted(let pool, let held, let waiting) where waiting > 0:
            self.init(
                .tryAgainLater, "no address of \(pool) is free",
                details: "\(held) are in use, of which \(waiting) belong to pods that are going")
        case .exhausted(let pool, let held, _):
            self.init(
                .notAvailable, "no address of \(pool) is free: all \(held) are in use by pods of this node",
                details:
                    "run fewer pods here, or give the node a larger pod CIDR; `fairway node addresses` lists who has which"
            )
        case .outsidePools(let address, let pools):
            let list = pools.map(\.description).joined(separator: ", ")
            self.init(
                .invalidConfiguration, "the wanted address \(address) lies in none of the node's pod CIDRs \(list)")
        case .notForPods(let address, let pool):
            self.init(
                .invalidConfiguration,
                "the wanted address \(address) is set apart in \(pool): network, node or broadcast")
        case .addressTaken(let address, let holder, let state):
            self.init(
                state == .releasing ? .tryAgainLater : .conflict,
                "the wanted address \(address) belongs to container \(holder.container) (\(holder.interface), \(state.rawValue))"
            )
        case .twoOfOneFamily(let one, let other):
            self.init(.invalidConfiguration, "\(one) and \(other) are wanted, but a pod has one address of each family")
        case .alreadyThere(let key, let state):
            self.init(.interfaceExists, "container \(key.container) already has \(key.interface) (\(state.rawValue))")
        case .hostPortTaken(let mapping, let holder):
            self.init(.conflict, "the host port \(mapping) belongs to container \(holder.container)")
        }
    }

    /// A kernel's refusal while a pod was wired.
    init(wiring error: KernelError) {
        switch error.code {
        case EEXIST:
            self.init(.interfaceExists, "the pod already has an interface of this name", details: "\(error)")
        case ENODEV, ESRCH, EBADF, ENOENT:
            self.init(.unknownContainer, "the pod's network namespace vanished while it was wired", details: "\(error)")
        default:
            self.init(.kernelRefused, "the pod could not be wired", details: "\(error)")
        }
    }
}
