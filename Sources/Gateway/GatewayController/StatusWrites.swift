/// Writing many objects' status: a few at a time, for an API server has others to serve.
enum StatusWrites {
    private static let atOnce = 8

    /// Returns whether all succeeded.
    static func all<Write: Sendable>(_ writes: [Write], _ body: @escaping @Sendable (Write) async -> Bool) async -> Bool
    {
        await withTaskGroup(of: Bool.self) { group in
            var rest = writes[...]
            for _ in 0..<atOnce {
                guard let write = rest.popFirst() else { break }
                group.addTask { await body(write) }
            }
            var allSucceeded = true
            for await succeeded in group {
                allSucceeded = allSucceeded && succeeded
                if let write = rest.popFirst() { group.addTask { await body(write) } }
            }
            return allSucceeded
        }
    }
}
