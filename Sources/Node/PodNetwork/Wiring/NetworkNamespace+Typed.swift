import Glibc
import Netlink

extension NetworkNamespace {
    /// As `run`, for work that fails with the kernel's errors alone.
    func inside<Value: Sendable>(
        _ body: @escaping @Sendable () throws(KernelError) -> Value
    ) throws(KernelError) -> Value {
        let outcome: Result<Value, KernelError>
        do {
            outcome = try run { Result { () throws(KernelError) in try body() } }
        } catch {
            throw error as? KernelError ?? KernelError("enter \(path)", code: EIO, detail: "\(error)")
        }
        return try outcome.get()
    }
}
