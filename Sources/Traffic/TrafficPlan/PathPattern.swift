import Patterns

/// A regular expression over normalised paths, names and header values.
///
/// RE2 stays the judge in the proxy. This is the reference that `decide` uses, and the gate that keeps an expression
/// which RE2 would refuse away from it.
package struct PathPattern: Sendable {
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// Longer expressions are refused.
    package static let maxLength = 1024
    /// Steps of the compiled program, counted repetitions written out. Each is up to about 15 of RE2's; the proxy
    /// needs `re2.max_program_size.error_level` to be 16,384 or more, for its own default is 100.
    package static let maxSteps = 1000

    private let expression: RegularExpression

    package init(_ text: String) throws(Failure) {
        let limits = RegularExpression.Limits(length: Self.maxLength, steps: Self.maxSteps)
        do throws(RegularExpression.Failure) {
            expression = try RegularExpression(text, limits: limits)
        } catch {
            throw Failure(description: error.description)
        }
    }

    var stepCount: Int { expression.stepCount }

    /// Whether the whole of `text` matches.
    package func matches(_ text: String) -> Bool { expression.matchesWhole(text) }
}
