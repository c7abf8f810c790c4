import Glibc

/// The way of a command into one of the lab's namespaces.
package struct LabEntry: Sendable {
    private let holder: Int32

    package init(holder: Int32) { self.holder = holder }

    /// Replaces this process by the command, inside. Returns only what kept it from that.
    package func become(_ command: [String]) throws -> LabError {
        guard LabMark.namespace(of: holder) != nil else {
            return LabError("the namespace is gone, or belongs to another user: process \(holder) cannot be seen")
        }
        var words = ["nsenter", "--target", "\(holder)", "--net"]
        // A lab that was made in a user namespace is entered through it.
        if LabMark.namespace(of: holder, "user") != LabMark.namespace(of: getpid(), "user") {
            words += ["--user", "--preserve-credentials"]
        }
        let arguments = (words + ["--"] + command).map { strdup($0) } + [nil]
        execvp("nsenter", arguments)
        return LabError("cannot run nsenter (of util-linux): \(String(cString: strerror(errno)))")
    }
}
