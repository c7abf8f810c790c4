import Glibc

/// Why the kernel did not do what was asked, or why its answer could not be read.
package struct KernelError: Error, Hashable, Sendable {
    /// What was attempted on which object, as in "create link veth1".
    package var operation: String
    /// The error number, positive (`ENODEV`).
    package var code: Int32
    /// The kernel's own words (extended acknowledgement), or what was wrong with its answer.
    package var detail: String?

    package init(_ operation: String, code: Int32, detail: String? = nil) {
        self.operation = operation
        self.code = code
        self.detail = detail
    }

    /// The object, or one that it refers to, does not exist.
    package var isNotFound: Bool { [ENOENT, ENODEV, ESRCH, ENXIO, EADDRNOTAVAIL].contains(code) }
    package var isAlreadyThere: Bool { code == EEXIST }
    package var isBusy: Bool { code == EBUSY }
    /// No right to do so; for nftables also: the table belongs to another process.
    package var isForbidden: Bool { code == EPERM || code == EACCES }
    /// The ruleset changed between reading it and this batch (`NFNL_BATCH_GENID`).
    package var isStale: Bool { code == ERESTART }
    /// The kernel lacks the feature, or refuses the arguments.
    package var isUnsupported: Bool { [EOPNOTSUPP, EINVAL, EAFNOSUPPORT, EPROTONOSUPPORT].contains(code) }
}

extension KernelError: CustomStringConvertible {
    package var description: String {
        let reason = String(cString: strerror(code))
        guard let detail else { return "could not \(operation): \(reason)" }
        return "could not \(operation): \(reason): \(detail)"
    }
}

/// A system call's answer in the manner of `CLinux`: what it gives, or minus the error number.
func checked(_ result: Int32, _ operation: @autoclosure () -> String) throws(KernelError) -> Int32 {
    guard result >= 0 else { throw KernelError(operation(), code: -result) }
    return result
}
