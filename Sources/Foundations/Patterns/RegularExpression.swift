/// A regular expression in the part of RE2's syntax whose meaning we know exactly. Left out, and refused: `\p{…}`,
/// `\C`, octal escapes, and ignoring the case of characters outside ASCII. Look-around and back-references do not exist
/// in RE2.
///
/// Matching follows all threads at once (Thompson, Pike), so its time is length times program size whatever the
/// expression.
package struct RegularExpression: Sendable {
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    /// What an expression from outside may cost us.
    package struct Limits: Hashable, Sendable {
        /// Bytes of the expression's text.
        package var length: Int
        /// Steps of the compiled program, counted repetitions written out.
        package var steps: Int
        /// Groups within groups.
        package var depth: Int

        package init(length: Int = 4096, steps: Int = 10_000, depth: Int = 50) {
            self.length = length
            self.steps = steps
            self.depth = depth
        }
    }

    let program: [Step]

    package init(_ text: String, limits: Limits = Limits()) throws(Failure) {
        guard text.utf8.count <= limits.length else {
            throw Failure(description: "longer than \(limits.length) bytes")
        }
        var parser = PatternParser(text, maxDepth: limits.depth)
        var builder = ProgramBuilder(maxSteps: limits.steps)
        try builder.append(try parser.parse())
        try builder.emit(.accept)
        program = builder.steps
    }

    /// The size of the compiled program.
    package var stepCount: Int { program.count }

    enum Step: Sendable {
        case character(ScalarSet)
        case assert(Assertion)
        /// Goes on at both places, and would rather at the first.
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    enum Assertion: Sendable {
        case start
        case end
        case lineStart
        case lineEnd
        case wordBoundary
        case noWordBoundary
    }
}

// MARK: - Matching

extension RegularExpression {
    /// Whether the whole of `text` matches.
    package func matchesWhole(_ text: String) -> Bool {
        var search = PatternSearch(program, in: Array(text.unicodeScalars))
        return search.matchesWhole()
    }

    /// Whether some part of `text` matches.
    package func isFound(in text: String) -> Bool {
        var search = PatternSearch(program, in: Array(text.unicodeScalars))
        return search.first(from: 0, anyWillDo: true) != nil
    }

    /// The first part of `text` that matches, as Perl chooses among several that begin at one place.
    package func firstMatch(in text: String) -> String? { matches(in: text, limit: 1).first }

    /// All parts that match and do not overlap, from the left, `limit` at most.
    package func matches(in text: String, limit: Int = .max) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var search = PatternSearch(program, in: scalars)
        var found: [String] = []
        var position = 0
        var end: Int?
        while position <= scalars.count, found.count < limit, let match = search.first(from: position) {
            // An empty match right behind another one is none, as in Go.
            if !match.isEmpty || match.lowerBound != end {
                found.append(String(String.UnicodeScalarView(scalars[match])))
            }
            end = match.upperBound
            position = match.isEmpty ? match.upperBound + 1 : match.upperBound
        }
        return found
    }
}
