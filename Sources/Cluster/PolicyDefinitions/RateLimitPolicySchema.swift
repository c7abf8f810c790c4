extension PolicyDefinitions {
    static let rateLimitPolicySchema = Schema.object(
        "RateLimitPolicy limits how many requests reach its targets. Every limit counts each request that it is about "
            + "against the budget of the request's key, and refuses those that the budget does not hold.",
        required: ["spec"],
        [
            "spec": .object(
                "What is wanted.", required: ["targetRefs"],
                rules: [
                    Schema.Rule(
                        "!has(self.limits) || !has(self.defaults)",
                        "limits is short for defaults.limits: give one of the two", field: ".limits"),
                    Schema.Rule(
                        "has(self.limits) || has(self.defaults) || has(self.overrides)",
                        "give limits, defaults or overrides"),
                    unlike("limits", "self.limits"), unlike("defaults", "self.defaults.limits"),
                ],
                [
                    "targetRefs": PolicySchema.targets(
                        kinds: [
                            ("Ingress", "networking.k8s.io"), ("IngressClass", "networking.k8s.io"), ("Service", ""),
                        ],
                        "What the limits are for: an Ingress, a Service (all routes that lead to it, or to one of its "
                            + "ports), or an IngressClass (the whole gateway)."),
                    "limits": limits(
                        "The limits; all that apply are enforced. Short for defaults.limits, and never beside it."),
                    "defaults": .object(
                        "Limits that a policy with a narrower target may replace, each by a limit of the same name.",
                        required: ["limits"], ["limits": limits("The limits.")]),
                    "overrides": .object(
                        "Limits that no policy with a narrower target may replace.", required: ["limits"],
                        ["limits": limits("The limits.")]),
                ]),
            "status": PolicySchema.status,
        ])

    /// A name stands once in the whole policy.
    private static func unlike(_ field: String, _ list: String) -> Schema.Rule {
        Schema.Rule(
            "!has(self.overrides) || !has(self.\(field)) || self.overrides.limits.all(o, "
                + "!\(list).exists(l, l.name == o.name))",
            "a limit of overrides has the name of another limit of this policy: names are unique within a policy",
            field: ".overrides")
    }

    private static func limits(_ description: String) -> Schema {
        .list(description, of: limit, 1...16, keys: ["name"])
    }

    private static let uncountable = "needs scope Global: a proxy alone cannot do this"

    private static let limit = Schema.object(
        "One limit.", required: ["name", "allow"],
        rules: [
            Schema.Rule(
                "self.scope != 'PerProxy' || !has(self.cost) || (!has(self.cost.responseHeader) && "
                    + "!has(self.cost.requestHeader))", "a cost from a header \(uncountable)", field: ".scope"),
            Schema.Rule(
                "self.scope != 'PerProxy' || !has(self.key) || !self.key.exists(k, k.type == 'JWTClaim')",
                "a JWTClaim in key \(uncountable)", field: ".scope"),
            Schema.Rule(
                "self.scope != 'PerProxy' || !has(self.allowances) || !self.allowances.exists(a, a.match.exists(m, "
                    + "m.part.type == 'JWTClaim'))", "a JWTClaim in allowances \(uncountable)", field: ".scope"),
            Schema.Rule(
                "self.scope != 'PerProxy' || !has(self.exemptions) || !self.exemptions.exists(e, e.match.exists(m, "
                    + "m.part.type == 'JWTClaim'))", "a JWTClaim in exemptions \(uncountable)", field: ".scope"),
            Schema.Rule(
                "!has(self.cost) || !has(self.cost.fixed) || self.allow.requests == 0 || self.cost.fixed <= "
                    + "(has(self.allow.burst) ? self.allow.burst : self.allow.requests)",
                "no request could ever pass: it costs more than the burst", field: ".cost"),
        ],
        [
            "name": PolicySchema.name(
                "A DNS label, unique within the policy. Limits of several levels (gateway, Ingress, Service) with one "
                    + "name are one limit; others add up."),
            "when": .list(
                "The limit counts requests for which any of these entries holds; without it, all requests.",
                of: condition, 1...16),
            "key": .list(
                "Each different combination of these values has a budget of its own. Without it all requests share one.",
                of: keyPart(isMatch: false), 1...8),
            "allow": allowance("How much a key may use."),
            "allowances": .list(
                "Other allowances for some requests: plans, tenants, partners. Tried in order before allow; the first "
                    + "whose match holds gives the allowance.",
                of: conditionalAllowance, 1...32,
                rules: [
                    Schema.Rule(
                        "self.all(a, self.exists_one(b, b.name == a.name))", "the same name stands twice"),
                    Schema.Rule(
                        "self.all(a, self.exists_one(b, b.match == a.match))",
                        "an allowance can never be reached: one before it has the same match"),
                ]),
            "exemptions": .list(
                "A request for which any of these entries holds is neither counted nor limited.",
                of: .object(
                    "Requests that are exempt.", required: ["match"],
                    ["match": matches("All of these must hold.")]), 1...16),
            "cost": cost,
            "scope": .string(
                "Global: one budget over all proxies, held by the limiter. PerProxy: one in each proxy (Envoy's token "
                    + "bucket), without asking anybody.", one: ["Global", "PerProxy"], standard: "Global"),
            "mode": .string(
                "Enforce refuses what is over the limit. Shadow counts and tells, and refuses nothing.",
                one: ["Enforce", "Shadow"], standard: "Enforce"),
            "answer": answer,
            "onLimiterFailure": .string(
                "What happens to a request while the limiter or its store cannot answer.", one: ["Allow", "Deny"],
                standard: "Allow"),
        ])

    private static func allowance(_ description: String) -> Schema {
        .object(
            description, required: ["requests", "per"],
            rules: [
                Schema.Rule(
                    "!has(self.burst) || self.requests > 0", "where requests is 0 nothing passes: leave burst out",
                    field: ".burst")
            ],
            [
                "requests": .integer(
                    "How many requests (or units of cost) per period. 0 refuses all.", 0...1_000_000_000),
                "per": .string(
                    "The period. A Month is 30 days. Budget comes back evenly over it, not at its end.",
                    one: ["Second", "Minute", "Hour", "Day", "Month"]),
                "burst": .integer(
                    "How many may come at once, when nothing was used before. As many as requests by default.",
                    1...1_000_000_000),
            ])
    }

    private static let conditionalAllowance = Schema.object(
        "An allowance for some requests. Exactly one of allow and unlimited.", required: ["name", "match"],
        rules: [
            Schema.Rule(
                "has(self.allow) != (has(self.unlimited) && self.unlimited)",
                "give exactly one of allow and unlimited: true")
        ],
        [
            "name": PolicySchema.name(
                "A DNS label, unique within the limit; shown in metrics and by `fairway limits`."),
            "match": matches("All of these must hold."),
            "allow": allowance("How much a key may use."),
            "unlimited": .boolean("No limit for these requests."),
        ])

    private static let header = "The header's name, whatever its case."
    static let token = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

    private static let cost = Schema.object(
        "What one request takes from its budget: 1 by default. Exactly one of fixed, requestHeader and responseHeader.",
        rules: [
            Schema.Rule(
                "[has(self.fixed), has(self.requestHeader), has(self.responseHeader)].filter(x, x).size() == 1",
                "give exactly one of fixed, requestHeader and responseHeader")
        ],
        [
            "fixed": .integer("The same for every request.", 1...1_000_000_000),
            "requestHeader": headerCost(
                "A header of the request says it. Take it only from clients or filters that you trust."),
            "responseHeader": headerCost(
                "A header of the response says it: a request passes while any budget is left, and is charged when its "
                    + "answer has come."),
        ])

    private static func headerCost(_ description: String) -> Schema {
        .object(
            description, required: ["name"],
            rules: [Schema.Rule("self.default <= self.max", "default must not be above max")],
            [
                "name": .string(header, length: 1...256, pattern: token),
                "default": .integer(
                    "What a request costs where the header is absent or no number.", 0...1_000_000_000, standard: 1),
                "max": .integer(
                    "What more than this counts as.", 1...1_000_000_000, standard: 1_000_000),
            ])
    }

    private static let answer = Schema.object(
        "What a refused client hears.",
        [
            "status": .integer("The HTTP status.", 400...599, standard: 429),
            "body": .string("The body, as it is.", length: 0...4096),
            "contentType": .string(
                "The media type of body.", standard: "text/plain", length: 1...256, pattern: "^[ -~]+$"),
            "headers": .list(
                "Headers to add to refusals.",
                of: .object(
                    "A header.", required: ["name", "value"],
                    [
                        "name": .string(
                            header, length: 1...256, pattern: token,
                            rules: [
                                Schema.Rule(
                                    "!(self.lowerAscii() in ['connection', 'content-length', 'content-type', 'host', "
                                        + "'keep-alive', 'ratelimit', 'ratelimit-policy', 'retry-after', 'te', 'trailer', "
                                        + "'transfer-encoding', 'upgrade'])",
                                    "this header is written by Fairway or belongs to the message's framing")
                            ]),
                        "value": .string("Its value.", length: 0...1024, pattern: "^[^\\x00-\\x1f\\x7f]*$"),
                    ]), 1...16, keys: ["name"]),
            "rateLimitHeaders": .string(
                "Draft: RateLimit and RateLimit-Policy as the IETF draft has them. None: neither.",
                one: ["Draft", "None"], standard: "Draft"),
            "retryAfter": .boolean("Whether refusals carry Retry-After, in seconds.", standard: true),
        ])
}
