import CommonExpressions
import Testing

@Suite struct LibraryTests {
    @Test(arguments: [
        "int('42') == 42", "int(3.9) == 3", "int(-3.9) == -3", "uint('7') == 7u", "double('1.5') == 1.5",
        "string(42) == '42'",
        "string(1.0) == '1'", "string(0.1) == '0.1'", "string(1e21) == '1e+21'", "string(1234567.5) == '1234567.5'",
        "string(true) == 'true'", "string(b'ab') == 'ab'", "bytes('é') == b'\\xc3\\xa9'", "bool('true')", "!bool('0')",
        "string(1e-7) == '1e-07'", "dyn(1) == 1",
    ])
    func `values are converted`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        "'hello'.startsWith('he')", "'hello'.endsWith('lo')", "'hello'.contains('ell')", "''.contains('')",
        "'hello'.matches('l+')", "!'hello'.matches('^l')", "matches('a\\nb', 'a.b') == false",
        "'héé'.matches('^h[é]{2}$')",
        "'tacocat'.charAt(3) == 'o'", "'tacocat'.charAt(7) == ''", "'hello mellow'.indexOf('ello') == 1",
        "'hello mellow'.indexOf('ello', 2) == 7", "'hello'.indexOf('x') == -1", "'hello'.indexOf('') == 0",
        "'hello mellow'.lastIndexOf('ello') == 7", "'hello mellow'.lastIndexOf('ello', 6) == 1",
        "'TacoCÆt'.lowerAscii() == 'tacocÆt'", "'TacoCæt'.upperAscii() == 'TACOCæT'", "' \\n a \\t'.trim() == 'a'",
        "'hello hello'.replace('he', 'we') == 'wello wello'", "'hello hello'.replace('he', 'we', 1) == 'wello hello'",
        "'abc'.replace('', '-') == '-a-b-c-'", "'a b c'.split(' ') == ['a', 'b', 'c']",
        "'a b c'.split(' ', 2) == ['a', 'b c']",
        "'a b'.split(' ', 0) == []", "'abc'.split('') == ['a', 'b', 'c']", "''.split(',') == ['']",
        "'tacocat'.substring(4) == 'cat'", "'tacocat'.substring(0, 4) == 'taco'", "['a', 'b'].join() == 'ab'",
        "['a', 'b'].join('-') == 'a-b'", "strings.quote('a\"b') == '\"a\\\\\"b\"'", "'abc 123'.find('[0-9]+') == '123'",
        "'abc'.find('[0-9]+') == ''", "'1 2 3'.findAll('[0-9]') == ['1', '2', '3']",
        "'1 2 3'.findAll('[0-9]', 2) == ['1', '2']",
        "'e\\u0301'.size() == 2", "'e\\u0301'.contains('e')",
    ])
    func `texts`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        ("'%s has %d'.format(['a', 3])", "a has 3"), ("'%.2f'.format([1.005])", "1.00"),
        ("'%f'.format([2.5])", "2.500000"),
        ("'%.0f'.format([2.5])", "2"), ("'%.1f'.format([0.25])", "0.2"), ("'%e'.format([1234.5678])", "1.234568e+03"),
        ("'%.1e'.format([9.99])", "1.0e+01"), ("'%x %X %o %b'.format([255, 255u, 8, 5])", "ff FF 10 101"),
        ("'%x'.format(['hi'])", "6869"), ("'%s'.format([[1, 'a', true, null]])", "[1, a, true, null]"),
        ("'%s'.format([{'a': 1}])", "{a: 1}"), ("'100%%'.format([])", "100%"), ("'%b'.format([true])", "1"),
        ("'%s'.format([duration('90s')])", "90s"), ("'%d'.format([-7])", "-7"),
    ])
    func `texts are formatted`(source: String, text: String) throws { #expect(try value(of: source) == .string(text)) }

    @Test(arguments: [
        "[1, 2, 2].isSorted()", "!['b', 'a'].isSorted()", "[1, 2].sum() == 3", "[1.5, 1.5].sum() == 3.0",
        "[].sum() == 0",
        "[duration('1m'), duration('1s')].sum() == duration('61s')", "[3, 1, 2].min() == 1", "['a', 'c'].max() == 'c'",
        "[1, 2, 2].indexOf(2) == 1", "[1, 2, 2].lastIndexOf(2) == 2", "[1].indexOf(5) == -1",
        "sets.contains([1, 2], [2])", "sets.equivalent([1, 1, 2], [2, 1])", "sets.intersects([1], [2, 1])",
        "!sets.intersects([1], [])",
    ])
    func `lists and sets`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        "duration('1h30m') == duration('5400s')", "string(duration('1.5s')) == '1.5s'",
        "duration('-1m') < duration('0')",
        "duration('1h').getMinutes() == 60", "duration('1500ms').getMilliseconds() == 500",
        "int(duration('1s')) == 1000000000",
        "timestamp('2024-02-29T12:00:00Z') + duration('24h') == timestamp('2024-03-01T12:00:00Z')",
        "timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T00:00:00Z') == duration('24h')",
        "timestamp('2024-05-06T07:08:09.25+02:00') == timestamp('2024-05-06T05:08:09.25Z')",
        "string(timestamp('2024-05-06T07:08:09.250Z')) == '2024-05-06T07:08:09.25Z'",
        "int(timestamp('1970-01-02T00:00:00Z')) == 86400",
        "timestamp(0) == timestamp('1970-01-01T00:00:00Z')", "timestamp('2024-05-06T07:08:09Z').getFullYear() == 2024",
        "timestamp('2024-05-06T07:08:09Z').getMonth() == 4", "timestamp('2024-05-06T07:08:09Z').getDate() == 6",
        "timestamp('2024-05-06T07:08:09Z').getDayOfMonth() == 5",
        "timestamp('2024-05-06T07:08:09Z').getDayOfWeek() == 1",
        "timestamp('2024-12-31T00:00:00Z').getDayOfYear() == 365",
        "timestamp('2024-05-06T23:08:09Z').getHours('+02:00') == 1",
        "timestamp('2024-05-06T23:08:09Z').getHours('UTC') == 23",
        "timestamp('0001-01-01T00:00:00Z').getFullYear() == 1",
        "timestamp('1969-12-31T23:59:59Z').getDayOfWeek() == 3",
        "timestamp('1969-12-31T23:59:59.5Z').getMilliseconds() == 500",
    ])
    func `times`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        "isIP('10.0.0.1')", "!isIP('10.0.0.256')", "!isIP('010.0.0.1')", "isIP('::1')", "!isIP('::ffff:1.2.3.4')",
        "!isIP('fe80::1%eth0')",
        "ip('10.0.0.1').family() == 4", "ip('::1').isLoopback()", "ip('0.0.0.0').isUnspecified()",
        "ip('169.254.1.1').isLinkLocalUnicast()",
        "ip('224.0.0.1').isLinkLocalMulticast()", "ip('8.8.8.8').isGlobalUnicast()",
        "!ip('255.255.255.255').isGlobalUnicast()",
        "ip.isCanonical('::1')", "!ip.isCanonical('0:0::1')", "ip('::1') == ip('0:0:0:0:0:0:0:1')",
        "string(ip('0:0::1')) == '::1'",
        "isCIDR('10.0.0.0/8')", "isCIDR('10.1.2.3/8')", "!isCIDR('10.0.0.0/33')", "!isCIDR('10.0.0.0')",
        "!isCIDR('10.0.0.0/08')",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3')", "!cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", "!cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')", "cidr('10.0.0.0/8').prefixLength() == 8",
        "cidr('10.1.2.3/8').ip() == ip('10.1.2.3')", "string(cidr('::/0')) == '::/0'", "cidr('::/0').containsIP('::1')",
        "isURL('https://example.com:80/a?b=c')", "!isURL('example')", "isURL('/path')",
        "!isURL('https://exa mple.com')",
        "url('https://example.com:80/a/b?q=1&q=2').getHost() == 'example.com:80'",
        "url('https://[::1]:80/').getHostname() == '::1'",
        "url('https://example.com:80/').getPort() == '80'", "url('https://example.com/').getPort() == ''",
        "url('https://example.com/a/b?x=1').getEscapedPath() == '/a/b'",
        "url('https://e.com/?q=1&q=%202').getQuery() == {'q': ['1', ' 2']}",
        "url('HTTPS://e.com').getScheme() == 'https'", "url('/a').getHost() == ''",
    ])
    func `addresses and URLs`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        "isQuantity('1.5Gi')", "!isQuantity('1.5 Gi')", "isQuantity('100m')", "!isQuantity('x')",
        "quantity('1k') == quantity('1000')",
        "quantity('1Ki').asInteger() == 1024", "quantity('1.5').isInteger() == false",
        "quantity('500m').asApproximateFloat() == 0.5",
        "quantity('1Gi').isGreaterThan(quantity('1G'))", "quantity('50k').compareTo(quantity('50000')) == 0",
        "quantity('1').add(quantity('500m')) == quantity('1.5')", "quantity('2').sub(1) == quantity('1')",
        "quantity('-1').sign() == -1",
        "quantity('1e3') == quantity('1k')", "quantity('0.5Ki').asInteger() == 512",
    ])
    func `quantities`(source: String) throws { #expect(try value(of: source) == .bool(true)) }

    @Test(arguments: [
        "duration('x')", "timestamp('2024-02-30T00:00:00Z')", "ip('x')", "cidr('1.2.3.4')", "url('x y')",
        "quantity('')", "[].min()",
        "'abc'.charAt(4)", "'abc'.substring(2, 1)", "'abc'.substring(-1)", "'%d'.format(['a'])", "'%s'.format([])",
        "'%q'.format([1])",
        "optional.none().value()", "timestamp('2024-05-06T00:00:00Z').getHours('Europe/Paris')", "string(b'\\xff')",
        "timestamp('9999-12-31T23:59:59Z') + duration('1s')", "quantity('1.5').asInteger()", "ip.isCanonical('x')",
    ])
    func `what a function cannot do is an error`(source: String) throws { #expect(try failure(of: source) != nil) }
}
