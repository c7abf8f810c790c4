import CommonExpressions
import TestSupport
import Testing

@Suite struct CheckingTests {
    private static let spec = ValueType.object(
        ObjectType(fields: [
            "replicas": .int, "name": .string, "tags": .list(.string), "labels": .map(.string, .string),
            "items": .list(.object(ObjectType(fields: ["key": .string]))), "any": .dyn, "__namespace__": .string,
        ]))

    /// What Kubernetes refuses when a definition is applied.
    @Test(arguments: [
        ("self.nothing", "undefined field 'nothing'"), ("self.items.all(x, x.kex == '')", "undefined field 'kex'"),
        ("other == 1", "undeclared reference to 'other' (in container '')"),
        ("frobnicate(self)", "undeclared reference to 'frobnicate' (in container '')"),
        ("self.name.frobnicate()", "undeclared reference to 'frobnicate' (in container '')"),
        ("self.name + 1", "found no matching overload for '_+_' applied to '(string, int)'"),
        ("self.name > 1", "found no matching overload for '_>_' applied to '(string, int)'"),
        ("self.replicas == '1'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.name && true", "found no matching overload for '_&&_' applied to '(string)'"),
        ("1 in self.tags", "found no matching overload for '@in' applied to '(int, list(string))'"),
        ("self.name.startsWith(1)", "found no matching overload for 'startsWith' applied to '(string, int)'"),
        ("startsWith(self.name, 'a')", "found no matching overload for 'startsWith' applied to '(string, string)'"),
        ("self.replicas.x", "type 'int' does not support field selection"),
        (
            "self.replicas.all(x, true)",
            "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"
        ),
        ("self.tags.all(x, x)", "expected type 'bool' but found 'string'"),
        ("has(self)", "invalid argument to has() macro"), ("has(self.tags[0])", "invalid argument to has() macro"),
        ("self.tags.all(1, true)", "argument must be a simple name"),
        ("true ? 1 : 'a'", "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
        ("self.name.matches('(')", "invalid matches argument: missing )"),
        ("self.name.matches('\\\\p{L}')", "invalid matches argument: \\p is not supported"),
        ("1 +", "Syntax error: unexpected '<EOF>'"), ("'a", "Syntax error: unterminated string"),
        ("(1", "Syntax error: unexpected '<EOF>', expected ')'"),
        ("1 = 1", "Syntax error: token recognition error at: '='"), ("if", "Syntax error: reserved identifier: if"),
        ("Msg{a: 1}", "messages cannot be made here"),
        ("9223372036854775808", "invalid int literal"), ("'\\q'", "Syntax error: invalid escape \\q"),
        ("{1.5: 1}", "unsupported key type: double"),
        ("-self.name", "found no matching overload for '-_' applied to '(string)'"),
        ("self.tags['a']", "found no matching overload for '_[_]' applied to '(list(string), string)'"),
    ])
    func `what cannot be evaluated is refused before`(source: String, message: String) {
        #expect(refusal(of: source, ["self": Self.spec]) == message)
    }

    @Test(arguments: [
        "self.any.whatever[3].x == 1", "self.labels.anything == ''", "self.labels['a'] == ''",
        "self.__namespace__ == 'x'",
        "self.name == null", "self.any > 1", "self.tags.map(x, x + 'a').size() > 0", "self.items.map(x, x.key) == []",
        "(self.any == 1 ? self.name : 'x').size() > 0", "self.tags[self.replicas] == 'a'",
    ])
    func `what may be right is left to the evaluation`(source: String) {
        #expect(refusal(of: source, ["self": Self.spec], result: .bool) == nil)
    }

    @Test func `a rule must be a bool, and says where it is not`() throws {
        #expect(refusal(of: "self.name", ["self": Self.spec], result: .bool) == "must evaluate to bool, but is string")
        #expect(throws: CompileError.self) {
            try Program("true &&\n self.x", variables: ["self": Self.spec], result: .bool)
        }
        do {
            _ = try Program("true &&\n self.x", variables: ["self": Self.spec], result: .bool)
        } catch {
            #expect(error.description == "ERROR: <input>:2:6: undefined field 'x'\n |  self.x\n | .....^")
        }
    }

    @Test func `the variables that are used are known`() throws {
        let types: [String: ValueType] = ["self": .int, "oldSelf": .int]
        #expect(try Program("self > 1", variables: types, result: .bool).usedVariables == ["self"])
        #expect(
            try Program("[1].all(x, x < oldSelf)", variables: types, result: .bool).usedVariables.contains("oldSelf"))
    }

    @Test(
        arguments: [
            ("namespace", "__namespace__"), ("foo.bar", "foo__dot__bar"), ("foo-bar/baz", "foo__dash__bar__slash__baz"),
            ("a__b", "a__underscores__b"), ("a_b", "a_b"), ("spaced out", nil), ("1st", nil), ("ok", "ok"),
        ] as [(String, String?)])
    func `fields are escaped as Kubernetes does`(property: String, name: String?) {
        #expect(Field.escaped(property) == name)
    }
}

@Suite struct BoundsTests {
    @Test(arguments: [
        String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000),
        String(repeating: "[", count: 5000),
        String(repeating: "!", count: 5001) + "true.x", "1" + String(repeating: "+1", count: 5000),
        "a" + String(repeating: ".a", count: 5000), "a" + String(repeating: "[0]", count: 5000),
        String(repeating: "a.map(x,", count: 2000),
        String(repeating: "true ? ", count: 2000), String(repeating: "{1:", count: 5000),
        String(repeating: "x", count: 20_000),
        String(repeating: "has(", count: 3000), String(repeating: "optional.of(", count: 1300),
    ])
    func `hostile depth and length are refused`(source: String) { #expect(refusal(of: source, ["a": .dyn]) != nil) }

    @Test func `long chains of and and or are fine`() throws {
        #expect(try value(of: Array(repeating: "true", count: 2000).joined(separator: "&&")) == .bool(true))
    }

    @Test(arguments: [
        "l.all(a, l.all(b, l.all(c, l.all(d, true))))", "l.all(a, l.all(b, l == l))",
        "l.map(a, s).join(s).size() > 0", "l.exists(x, l.all(y, l.all(z, 1 / 0 > 0)) || false)",
        "[0].map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a])"
            + ".map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a])"
            + ".map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]) == dyn([0])",
        "l.all(x, s.matches('(a*)*b') == false)",
    ])
    func `what would take forever ends, and is not absorbed`(source: String) throws {
        let list = Value.list((0..<200).map { .int($0) })
        let program = try Program(source, variables: ["l": .dyn, "s": .dyn], result: .dyn)
        let text = Value.string(String(repeating: "a", count: 20_000))
        let time = ContinuousClock().measure {
            var budget: UInt64 = 200_000
            #expect(throws: EvaluationError.self) { try program.evaluate(["l": list, "s": text], budget: &budget) }
            #expect(budget == 0)
        }
        #expect(time < .seconds(10))
    }

    @Test func `one expression may not spend all that there is`() throws {
        let program = try Program("l.all(a, l.all(b, l.all(c, true)))", variables: ["l": .dyn], result: .bool)
        var budget: UInt64 = 10_000_000
        let list = Value.list((0..<200).map { .int($0) })
        #expect(throws: EvaluationError.self) { try program.evaluate(["l": list], budget: &budget) }
        #expect((8_900_000...9_000_000).contains(budget))
    }

    @Test func `a budget is shared by those who spend it`() throws {
        let program = try Program("[1, 2, 3].all(x, x > 0)", variables: [:], result: .bool)
        var budget: UInt64 = 50
        #expect(try program.evaluate([:], budget: &budget) == .bool(true))
        #expect(budget < 50)
        #expect(throws: EvaluationError.self) { for _ in 0..<10 { _ = try program.evaluate([:], budget: &budget) } }
    }

    private static let seeds = [
        "self.a.all(x, x.b == 'c' && has(x.d)) || size(self.e) > 3", "'%s-%d'.format([self.a, 1u + 2u])",
        "{'a': [1, 2.5e3][?0]}.?a.orValue(b'\\x00')",
        "self.a.map(x, x > 1, -x).filter(y, y in {1: 2}) == [] ? r'''a''' : \"b\\u00e9\"",
        "cidr('10.0.0.0/8').containsIP(self.a) && !(self.a.matches('^[a-z]+$'))",
        "timestamp('2024-01-01T00:00:00Z') - duration('1h') < timestamp(self.a)",
        "quantity('1.5Gi').add(quantity('1m')).sign() == 1",
        "url('https://a.b:1/c?d=e').getQuery()['d'][0].split('', -1).join('.')",
        "optional.of(self).optMap(v, v.a).hasValue()",
    ]

    @Test(arguments: 0..<400)
    func `mutated expressions never crash`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var scalars = Array(Self.seeds[Int(seed) % Self.seeds.count].unicodeScalars)
        let alphabet = Array("().[]{}?:,+-*/%!<>=&|'\"\\`rbux01.9eE self_aé\n".unicodeScalars)
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let place = Int.random(in: 0..<scalars.count, using: &generator)
            switch Int.random(in: 0...3, using: &generator) {
            case 0: scalars[place] = alphabet.randomElement(using: &generator) ?? "x"
            case 1: scalars.insert(alphabet.randomElement(using: &generator) ?? "x", at: place)
            case 2 where scalars.count > 1: scalars.remove(at: place)
            default: scalars.insert(contentsOf: scalars[place..<min(scalars.count, place + 9)], at: place)
            }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        guard let program = try? Program(String(text), variables: ["self": .dyn], result: .dyn) else { return }
        for given: Value in [.object(["a": .list(["x", 1, .null]), "e": "10.1.2.3"]), .null, .object(["a": "é"]), 7] {
            var budget: UInt64 = 20_000
            _ = try? program.evaluate(["self": given], budget: &budget)
        }
    }

    @Test(arguments: 0..<300)
    func `random words never crash`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            "self", "1", "2u", "1.5", "'a'", "b'b'", "true", "null", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?",
            "+", "-", "*", "/", "%", "!", "&&",
            "||", "==", "<", "in", ".all(x,", ".map(x,", "has(", "size(", ".?", "[?", "x", "dyn(", ".size()",
            ".orValue(", "-9223372036854775808",
        ]
        let text = (0..<Int.random(in: 1...25, using: &generator)).compactMap { _ in
            words.randomElement(using: &generator)
        }.joined(separator: " ")
        guard let program = try? Program(text, variables: ["self": .dyn], result: .dyn) else { return }
        var budget: UInt64 = 20_000
        _ = try? program.evaluate(["self": .list([1, "a", .map(["a": 1])])], budget: &budget)
    }
}
