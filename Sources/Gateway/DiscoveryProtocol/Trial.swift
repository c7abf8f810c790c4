/// The search for what Envoy refuses among the pieces of a refused response.
///
/// Group testing: a group is sent without the others; a refused group is halved until one piece is left, which is
/// guilty. `n` pieces with `k` culprits take about `2k log n` responses.
struct Trial: Sendable {
    struct Suspect: Hashable, Sendable {
        /// As the proxy asks for it; a secret answers under many names.
        var name: String
        var piece: ResourcePiece
        var hash: ContentHash
    }

    struct Group: Sendable {
        var suspects: [Suspect]
        /// Known to hold a culprit.
        var isGuilty = false
        /// Envoy's latest words about a response that these pieces were in.
        var message: String
        /// The next group in the queue is guilty, should this one be accepted.
        var clearsSibling = false
    }

    enum Step {
        case send([Suspect])
        case guilty(Suspect, message: String)
        case finished
    }

    private var queue: [Group]
    private var underTest: Group?
    let since: Generation

    /// - Parameter named: those that Envoy's words seem to name; they are tested last, on their own.
    init(suspects: [Suspect], named: Set<Suspect>, message: String, since: Generation) {
        self.since = since
        let unnamed = suspects.filter { !named.contains($0) }
        let hinted = suspects.filter(named.contains)
        if unnamed.isEmpty || hinted.isEmpty {
            queue = [Group(suspects: suspects, isGuilty: true, message: message)]
            splitFirst()
        } else {
            queue = [
                Group(suspects: unnamed, message: message, clearsSibling: true),
                Group(suspects: hinted, message: message),
            ]
        }
    }

    /// - Parameter isCurrent: whether the suspect's form is still what should be sent.
    mutating func next(isCurrent: (Suspect) -> Bool) -> Step {
        while var group = queue.first {
            queue.removeFirst()
            let before = group.suspects.count
            group.suspects.removeAll { !isCurrent($0) }
            if group.suspects.count != before {
                group.isGuilty = false
                group.clearsSibling = false
            }
            guard let only = group.suspects.first else { continue }
            if group.isGuilty, group.suspects.count == 1 { return .guilty(only, message: group.message) }
            underTest = group
            return .send(group.suspects)
        }
        return .finished
    }

    mutating func accepted() {
        guard let group = underTest else { return }
        underTest = nil
        if group.clearsSibling, !queue.isEmpty { queue[0].isGuilty = true }
    }

    /// The guilty piece, when the refused group was one piece.
    mutating func refused(message: String) -> Suspect? {
        guard var group = underTest else { return nil }
        underTest = nil
        group.message = message
        group.isGuilty = true
        if group.suspects.count == 1 { return group.suspects.first }
        queue.insert(group, at: 0)
        splitFirst()
        return nil
    }

    private mutating func splitFirst() {
        guard let group = queue.first, group.suspects.count > 1 else { return }
        let middle = group.suspects.count / 2
        queue.replaceSubrange(
            0..<1,
            with: [
                Group(suspects: Array(group.suspects[..<middle]), message: group.message, clearsSibling: true),
                Group(suspects: Array(group.suspects[middle...]), message: group.message),
            ])
    }
}
