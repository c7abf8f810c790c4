import Foundation
import KubernetesModel
import Synchronization

/// Where a pod runs.
struct PodPlace: Sendable {
    let pod: Pod
    let namespace: LabNamespace
    let node: LabNamespace
    let nodeName: String
    /// For the logs of its containers.
    let directory: String
    let mark: LabMark

    func log(of container: String) -> String { "\(directory)/\(container).log" }

    /// A line of ours in a container's log.
    func note(_ text: String, container: String) {
        guard let file = FileHandle(forWritingAtPath: log(of: container)) ?? created(log(of: container)) else { return }
        defer { file.closeFile() }
        file.seekToEndOfFile()
        file.write(Data("fairway lab: \(text)\n".utf8))
    }

    private func created(_ path: String) -> FileHandle? {
        FileManager.default.createFile(atPath: path, contents: nil) ? FileHandle(forWritingAtPath: path) : nil
    }
}

/// The request that a pod stops, and how long it may take. May be repeated with less time.
final class PodStop: Sendable {
    let latch = Latch()
    private let time = Mutex<Duration>(.seconds(30))

    var isAsked: Bool { latch.isOpen }
    var grace: Duration { time.withLock { $0 } }

    func ask(grace: Duration) {
        if !latch.isOpen { time.withLock { $0 = grace } }
        latch.open()
    }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970)) }
}
