import CommonExpressions
import Testing

@Suite struct LanguageTests {
    /// From the semantics of the CEL specification; every expression is true.
    @Test(arguments: [
        // Numbers.
        "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 / 2 == 3", "-7 / 2 == -3", "-7 % 2 == -1", "7u / 2u == 3u",
        "0x1F == 31", "1.5 + 1.5 == 3.0", "1e3 == 1000.0", ".5 == 0.5", "-9223372036854775808 < 0", "--1 == 1",
        "10 - 3 - 2 == 5", "1.0 / 0.0 > 1e308", "-(-5) == 5", "2 * -3 == -6",
        // Numbers of different types compare by value.
        "dyn(1) == dyn(1u)", "dyn(1) == dyn(1.0)", "1 < 2u", "1u > -1", "2.5 > 2",
        "dyn(9007199254740993) == 9007199254740992.0",
        "1 in [1.0, 2.0]", "dyn(3u) in [1, 2, 3]",
        // Texts.
        "'a' + 'b' == \"ab\"", "r'\\n' == '\\\\n'", "'''a\nb''' == 'a\\nb'", "'\\x41\\u00e9\\U0001F600\\101' == 'Aé😀A'",
        "b'\\xff' == b'\\377'", "b'é' == b'\\xc3\\xa9'", "'é'.size() == 1", "size(b'é') == 2", "'a' < 'b'", "'B' < 'a'",
        "'e\\u0301' != '\\u00e9'", "'' in ['']", "'a' + 'é' == 'aé'",
        // Logic.
        "!false", "!!true", "true || false && false", "(1 < 2) == true", "true ? (false ? false : true) : false",
        "false || true ? true : false",
        // Lists and maps.
        "[1, 2] + [3] == [1, 2, 3]", "[1, 2][1] == 2", "{'a': 1}['a'] == 1", "{'a': 1}.a == 1", "{1: 'x'}[1u] == 'x'",
        "size([1, 2, 3,]) == 3", "size({}) == 0", "'a' in {'a': 1}", "!('b' in {'a': 1})",
        "dyn([[1], [2]]) == [[1.0], [2.0]]", "[1, 'a', null].size() == 3",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "has({'a': 1}.a)", "!has({'a': 1}.b)",
        // Types.
        "type(1) == int", "type('') == string", "type(null) == null_type", "type([]) == list", "type(type(1)) == type",
        "null == null", "dyn(null) != 0",
        // Comments and space.
        "1 == // one\n 1",
    ])
    func `an expression means what the specification says`(source: String) throws {
        #expect(try value(of: source) == .bool(true))
    }

    @Test(arguments: [
        ("9223372036854775807 + 1", "integer overflow"), ("-9223372036854775808 - 1", "integer overflow"),
        ("9223372036854775807 * 2", "integer overflow"), ("-(-9223372036854775808)", "integer overflow"),
        ("-9223372036854775808 / -1", "integer overflow"), ("0u - 1u", "unsigned integer overflow"),
        ("1 / 0", "division by zero"), ("1 % 0", "modulus by zero"), ("1u / 0u", "division by zero"),
        ("[1][1]", "index out of bounds: 1"), ("[1][-1]", "index out of bounds: -1"), ("{'a': 1}.b", "no such key: b"),
        ("{'a': 1}['b']", "no such key: b"), ("dyn(1) + dyn('a')", "no such overload"),
        ("dyn(1) && true", "no such overload"),
        ("{'a': 1, 'a': 2}", "Failed with repeated key: a"),
        ("int('x')", "type conversion error from 'string' to 'int': x"),
        ("int(1e19)", "integer overflow"), ("uint(-1)", "unsigned integer overflow"),
        ("'abc'.matches(dyn('('))", "error parsing regexp: missing ): `(`"),
    ])
    func `what has no value says why`(source: String, message: String) throws {
        #expect(try failure(of: source) == message)
    }

    /// An operand that decides makes errors beside it unimportant, on either side.
    @Test(arguments: [
        ("false && 1 / 0 > 0", false), ("1 / 0 > 0 && false", false), ("true || 1 / 0 > 0", true),
        ("1 / 0 > 0 || true", true), ("1 / 0 > 0 || 1 / 0 > 0 || true", true), ("true ? true : 1 / 0 > 0", true),
        ("[0, 1].exists(x, 1 / x > 0)", true), ("[0, 1].all(x, 1 / x > 1)", false),
        ("[1, 0].exists(x, 1 / x > 0)", true),
        ("dyn('a') || true", true), ("dyn('a') && false", false),
    ])
    func `an error is absorbed by what decides`(source: String, result: Bool) throws {
        #expect(try value(of: source) == .bool(result))
    }

    @Test(arguments: [
        "true && 1 / 0 > 0", "1 / 0 > 0 && true", "false || 1 / 0 > 0", "[0, 1].all(x, 1 / x > 0)",
        "[0, -1].exists(x, 1 / x > 0)", "[0].exists_one(x, 1 / x > 0)", "[0].map(x, 1 / x) == []",
        "[0, 1].filter(x, 1 / x > 0) == []", "1 / 0 > 0 ? true : true",
    ])
    func `an error that nothing decides stays`(source: String) throws {
        #expect(try failure(of: source) == "division by zero")
    }

    @Test(arguments: [
        "[1, 2, 3].all(x, x > 0)", "![1, 2, 3].all(x, x > 1)", "[].all(x, false)", "[1, 2].exists(x, x == 2)",
        "![].exists(x, true)", "[1, 2, 2].exists_one(x, x == 1)", "![1, 2, 2].exists_one(x, x == 2)",
        "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]", "[1, 2].map(x, x * x) == [1, 4]",
        "[1, 2, 3].map(x, x > 1, x * 10) == [20, 30]", "{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])",
        "{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", "[5, 6].all(i, x, x == i + 5)",
        "[1, 2].transformList(i, x, i + x) == [1, 3]", "[1, 2, 3].transformList(i, x, i > 0, x) == [2, 3]",
        "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}", "{'a': 1, 'b': 2}.map(k, k) == ['a', 'b']",
        "[1, 2].all(x, [3, 4].all(y, x < y))", "[[1, 2], [3]].all(x, x.all(x, x > 0))",
        "[1, 1].existsOne(i, x, i == 0 && x == 1)",
    ])
    func `macros look at every element`(source: String) throws {
        #expect(try value(of: source) == .bool(true))
    }

    @Test(arguments: [
        "optional.of(1).hasValue()", "!optional.none().hasValue()", "optional.none().orValue(5) == 5",
        "optional.of(1).orValue(1 / 0) == 1", "optional.of(1).value() == 1", "{'a': 1}.?a.hasValue()",
        "!{'a': 1}.?b.hasValue()", "{'a': {'b': 2}}.?a.b.orValue(0) == 2", "{'a': {'b': 2}}.?c.b.orValue(0) == 0",
        "[1, 2][?5].orValue(9) == 9", "[?optional.none(), 1] == [1]", "{?'a': optional.of(1)} == {'a': 1}",
        "optional.of(2).optMap(x, x * 2).value() == 4", "!optional.none().optMap(x, x).hasValue()",
        "optional.of(2).optFlatMap(x, optional.of(x + 1)).value() == 3", "!optional.ofNonZeroValue(0).hasValue()",
        "optional.none().or(optional.of(3)).value() == 3", "optional.of(1) == optional.of(1)",
        "has({'a': {'b': 1}}.?a.b)",
    ])
    func `optional values stand for what may be absent`(source: String) throws {
        #expect(try value(of: source) == .bool(true))
    }

    @Test func `lists without an order compare and add as such`() throws {
        let a = Value.list(ListValue(["x", "y"], topology: .set))
        let b = Value.list(ListValue(["y", "x"], topology: .set))
        #expect(try value(of: "a == b", ["a": a, "b": b]) == .bool(true))
        #expect(try value(of: "(a + b).size()", ["a": a, "b": b]) == 2)
        func item(_ name: String, _ port: Int64) -> Value { .object(["name": .string(name), "port": .int(port)]) }
        let map = Value.list(ListValue([item("a", 1), item("b", 2)], topology: .map(keys: ["name"])))
        let other = Value.list(ListValue([item("b", 3)], topology: .map(keys: ["name"])))
        #expect(try value(of: "(a + b).map(x, x.port) == [1, 3]", ["a": map, "b": other]) == .bool(true))
    }
}
