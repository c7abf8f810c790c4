/// What Envoy's words about a refused response point at.
///
/// The text is no interface: a hint only orders the search, it never convicts.
enum RefusalHints {
    /// Words longer than this are not searched further.
    private static let longestMessage = 64 * 1024

    static func named(
        in message: String, among suspects: [Trial.Suspect], sent: [String: Held]
    ) -> Set<Trial.Suspect> {
        let text = String(message.prefix(longestMessage))
        let indices = virtualHostIndices(in: text)
        let words = Set(text.split { !isNamePart($0) }.map { $0.trimming(":.,") })
        var named = suspects.filter { suspect in
            if let part = suspect.piece.part { return words.contains(part) }
            return words.contains(suspect.name)
        }
        for (name, group) in Dictionary(grouping: suspects, by: \.name) where !indices.isEmpty {
            guard var content = sent[name]?.content else { continue }
            let keys = Set(indices.compactMap { content.key(at: $0) })
            named += group.filter { $0.piece.part.map(keys.contains) ?? false }
        }
        return Set(named)
    }

    /// `VirtualHosts[3]`, as validation errors write it.
    private static func virtualHostIndices(in text: String) -> [Int] {
        var found: [Int] = []
        var rest = text[...]
        let opening = "VirtualHosts["
        while let range = rest.firstRange(of: opening) {
            let digits = rest[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
            if let index = Int(digits) { found.append(index) }
            rest = rest[range.upperBound...]
        }
        return found
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "-._/:*@|~".contains(character)
    }
}

extension Substring {
    fileprivate func trimming(_ characters: String) -> String {
        var text = self
        while let last = text.last, characters.contains(last) { text.removeLast() }
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        return String(text)
    }
}
