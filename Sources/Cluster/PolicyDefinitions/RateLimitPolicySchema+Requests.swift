import KubernetesModel

extension PolicyDefinitions {
    static let condition = Schema.object(
        "A kind of request; all parts given must hold.",
        rules: [
            Schema.Rule(
                "has(self.path) || has(self.methods) || has(self.hosts) || has(self.headers) || has(self.queryParams)",
                "an entry that says nothing holds for every request: leave when out instead")
        ],
        [
            "path": .object(
                "The path of the request, normalised.", required: ["value"],
                rules: [
                    Schema.Rule(
                        "self.type == 'RegularExpression' || self.value.startsWith('/')",
                        "a path begins with /", field: ".value")
                ],
                [
                    "type": .string(
                        "PathPrefix: by whole elements, /a holds for /a/b and not for /ab. Exact. RegularExpression: "
                            + "RE2, over the whole path.", one: ["PathPrefix", "Exact", "RegularExpression"],
                        standard: "PathPrefix"),
                    "value": .string("The path, its prefix, or the expression.", length: 1...1024),
                ]),
            "methods": .list(
                "The method is one of these, in capitals as clients send it.",
                of: .string("A method.", length: 1...32, pattern: token), 1...16),
            "hosts": .list(
                "The host is one of these: exact names, or *.example.com for one label in place of the *.",
                of: .string(
                    "A host name without a port.", length: 1...253,
                    pattern:
                        "^(\\*\\.)?[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$"
                ), 1...16),
            "headers": .list(
                "All of these hold for the request's headers.", of: valueMatch(namePattern: token), 1...16),
            "queryParams": .list(
                "All of these hold for the request's query parameters.", of: valueMatch(namePattern: nil), 1...16),
        ])

    private static func valueMatch(namePattern: String?) -> Schema {
        .object(
            "A test of a value.", required: ["name"],
            rules: [
                Schema.Rule(
                    "(self.type in ['Exact', 'RegularExpression']) == has(self.value)",
                    "Exact and RegularExpression need a value; Present and Absent take none", field: ".value")
            ],
            [
                "type": .string(
                    "Exact, RegularExpression (RE2, over the whole value), Present or Absent.",
                    one: ["Exact", "RegularExpression", "Present", "Absent"], standard: "Exact"),
                "name": .string("What the value is called.", length: 1...256, pattern: namePattern),
                "value": .string("The value, or the expression.", length: 0...1024),
            ])
    }

    static func matches(_ description: String) -> Schema {
        .list(
            description,
            of: .object(
                "Holds when the part's value is one of values or, for a client address, within one of cidrs.",
                required: ["part"],
                rules: [
                    Schema.Rule("has(self.values) || has(self.cidrs)", "give values or cidrs"),
                    Schema.Rule(
                        "!has(self.cidrs) || self.part.type == 'ClientAddress'",
                        "only a ClientAddress is within a CIDR", field: ".cidrs"),
                ],
                [
                    "part": keyPart(isMatch: true),
                    "values": .list(
                        "The value is one of these, character by character.",
                        of: .string("A value; of a ClientAddress, an address.", length: 0...1024), 1...256),
                    "cidrs": .list(
                        "The client's address is within one of these.",
                        of: cidr("A range such as 10.0.0.0/8 or 2001:db8::/32."), 1...64),
                ]), 1...4)
    }

    private static let types = [
        "ClientAddress", "Header", "Cookie", "QueryParam", "Method", "Host", "Path", "PathSegment", "JWTClaim",
    ]

    /// - Parameter isMatch: the part stands in a match, where what is missing matches nothing.
    static func keyPart(isMatch: Bool) -> Schema {
        let missing = Schema.string(
            "What a request without this value is. Count: it counts, under a value of its own. Exempt: this limit does "
                + "not count it.", one: ["Count", "Exempt"], standard: "Count")
        let schema = Schema.object(
            "A value that a request is known by.", required: ["type"], rules: partRules,
            [
                "type": .string(
                    "Where the value comes from. ClientAddress is what the edge decided (see ClientPolicy), never a "
                        + "header that a client can write. JWTClaim reads a token.", one: types),
                "name": .string(
                    "Of the Header, Cookie, QueryParam or JWTClaim; the dots of a claim go into objects, \\. is a dot "
                        + "within a name.", length: 1...256),
                "index": .integer("Which PathSegment, from 0.", 0...31),
                "ipv4PrefixLength": .integer(
                    "How many leading bits of an IPv4 ClientAddress count: 32 by default.", 1...32),
                "ipv6PrefixLength": .integer(
                    "How many leading bits of an IPv6 ClientAddress count: 64 by default, for one client has at least "
                        + "that many addresses.", 1...128),
                "jwt": jwt, "missing": missing,
            ])
        guard isMatch else { return schema }
        var bare = schema
        bare.document["properties"]?["missing"] = nil
        return bare
    }

    private static let partRules = [
        Schema.Rule(
            "(self.type in ['Header', 'Cookie', 'QueryParam', 'JWTClaim']) == has(self.name)",
            "name belongs to a Header, Cookie, QueryParam or JWTClaim, which need it", field: ".name"),
        Schema.Rule(
            "!(self.type in ['Header', 'Cookie']) || !has(self.name) || self.name.matches(\"\(token)\")",
            "this is no name of a header or cookie", field: ".name"),
        Schema.Rule(
            "(self.type == 'PathSegment') == has(self.index)", "index belongs to a PathSegment, which needs it",
            field: ".index"),
        Schema.Rule(
            "self.type == 'ClientAddress' || (!has(self.ipv4PrefixLength) && !has(self.ipv6PrefixLength))",
            "prefix lengths belong to a ClientAddress"),
        Schema.Rule(
            "(self.type == 'JWTClaim') == has(self.jwt)", "jwt belongs to a JWTClaim, which needs it", field: ".jwt"),
    ]

    private static let jwt = Schema.object(
        "Where a claim's token stands and how far it is believed. Exactly one of unverified and jwks.",
        rules: [
            Schema.Rule(
                "(has(self.unverified) && self.unverified) != has(self.jwks)",
                "give exactly one of unverified: true and jwks"),
            Schema.Rule(
                "has(self.jwks) || (!has(self.issuer) && !has(self.audiences))",
                "issuer and audiences are only looked at in tokens verified by jwks"),
        ],
        [
            "header": .string(
                "The request header with the token; a \"Bearer \" before it is dropped.", standard: "authorization",
                length: 1...256, pattern: token),
            "unverified": .boolean("Said plainly: anyone can write any claim."),
            "jwks": .string(
                "The keys that sign tokens: an RFC 7517 key set as JSON text. A token that does not verify counts as "
                    + "missing.", length: 1...65_536),
            "issuer": .string("The token's iss must be this.", length: 1...1024),
            "audiences": .list(
                "The token's aud must name one of these.", of: .string("An audience.", length: 1...1024), 1...16),
        ])
}
