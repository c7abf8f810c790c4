import Glibc

/// Where the agent listens when the configuration names no `socket`.
private let defaultSocket = "/run/fairway/cni.sock"

/// How long an agent that restarts may be away before the runtime is told to try again.
private let patience: Int64 = 3_000
/// How long a connected agent may think. Runtimes give up earlier or later by their own clocks.
private let answerTimeout: Int64 = 90_000

/// Asks the agent, and turns its absence into the errors that the specification has for it.
func forward(_ invocation: Invocation) -> Answer {
    let glance = ConfigurationGlance(invocation.configuration)
    if invocation.command == "VERSION" { return .versions(glance.version) }
    if invocation.command.isEmpty {
        return .failure(
            .invalidEnvironment, "CNI_COMMAND is not set: fairway-cni is started by a container runtime",
            version: glance.version)
    }
    if let failure = invocation.inputFailure {
        return .failure(.ioFailure, failure, version: glance.version)
    }
    let socket = glance.socket ?? defaultSocket
    // STATUS runs every few seconds and asks about now; and an ADD that broke off halfway must not be sent twice, for
    // the first may have succeeded.
    let isStatus = invocation.command == "STATUS"
    let mayResend = invocation.command != "ADD" && !isStatus
    let deadline = milliseconds() + (isStatus ? 0 : patience)
    while true {
        switch AgentConnection.ask(socket, request(for: invocation), timeout: answerTimeout) {
        case .answered(let answer):
            return answer
        case .notReached(let why):
            if milliseconds() >= deadline { return .absent(isStatus, socket, why, glance.version) }
        case .brokenOff(let why):
            if !mayResend || milliseconds() >= deadline { return .absent(isStatus, socket, why, glance.version) }
        }
        usleep(20_000)
    }
}

extension Answer {
    fileprivate static func absent(_ isStatus: Bool, _ socket: String, _ why: String, _ version: String?) -> Answer {
        let code: ErrorCode = isStatus ? .notAvailable : .tryAgainLater
        return .failure(
            code,
            "the node agent does not answer on \(socket) (\(why)): it is down or restarting; see that `fairway node` runs",
            version: version)
    }
}

/// The frame that the agent reads: "FWC1", the length of the rest, the count of variables and each as `NAME=value` after
/// its length, then the configuration. All lengths are 32 bits in network order.
func request(for invocation: Invocation) -> [UInt8] {
    var body: [UInt8] = []
    append(UInt32(invocation.variables.count), to: &body)
    for variable in invocation.variables {
        append(UInt32(variable.name.utf8.count + 1 + variable.value.count), to: &body)
        body.append(contentsOf: variable.name.utf8)
        body.append(UInt8(ascii: "="))
        body.append(contentsOf: variable.value)
    }
    body.append(contentsOf: invocation.configuration)
    var frame = Array("FWC1".utf8)
    append(UInt32(body.count), to: &frame)
    return frame + body
}

private func append(_ value: UInt32, to bytes: inout [UInt8]) {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
}

/// Of the monotonic clock.
func milliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
