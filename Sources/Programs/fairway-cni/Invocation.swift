import Glibc

/// What the container runtime gives to a CNI executable: environment variables and a configuration on standard input.
struct Invocation {
    /// The variables of the CNI specification that are set, in the specification's order.
    var variables: [(name: String, value: [UInt8])]
    var configuration: [UInt8]
    /// The configuration was longer than `maximumConfiguration`, or could not be read.
    var inputFailure: String?

    /// A configuration holds at most the results of a chain of plugins: a few KiB.
    static let maximumConfiguration = 1 << 20
    static let names = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"]

    var command: String {
        variables.first { $0.name == "CNI_COMMAND" }.map { String(decoding: $0.value, as: UTF8.self) } ?? ""
    }

    static func fromProcess() -> Invocation {
        var invocation = Invocation(variables: [], configuration: [], inputFailure: nil)
        for name in names {
            guard let value = getenv(name) else { continue }
            let bytes = UnsafeRawBufferPointer(start: value, count: strlen(value))
            invocation.variables.append((name, Array(bytes)))
        }
        invocation.readConfiguration()
        return invocation
    }

    /// A terminal is not read: somebody who runs the program by hand should get an answer instead of silence.
    private mutating func readConfiguration() {
        guard isatty(0) == 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
            if count == 0 { return }
            guard count > 0 else {
                if errno == EINTR { continue }
                inputFailure = "cannot read the configuration from standard input: \(describe(errno))"
                return
            }
            guard configuration.count + count <= Invocation.maximumConfiguration else {
                inputFailure = "the configuration on standard input is longer than 1 MiB"
                return
            }
            configuration.append(contentsOf: chunk[..<count])
        }
    }
}

/// All of `bytes`; a reader that went away is not an error worth more than the exit code.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        sent += count
    }
}

func exitProcess(_ code: Int32) -> Never {
    exit(code)
}

func describe(_ code: Int32) -> String {
    // The program has one thread, so the text that strerror keeps is ours.
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}
