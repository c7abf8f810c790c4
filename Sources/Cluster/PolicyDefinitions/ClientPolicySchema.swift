extension PolicyDefinitions {
    static let clientPolicySchema = Schema.object(
        "ClientPolicy says how the edge treats those who connect to it: whose word on a client's address is taken, and "
            + "whether connections begin with a PROXY protocol header. Attached to an IngressClass by the operator.",
        required: ["spec"],
        [
            "spec": .object(
                "What is wanted.", required: ["targetRefs"],
                [
                    "targetRefs": PolicySchema.targets(
                        kinds: [("IngressClass", "networking.k8s.io")],
                        "The IngressClasses whose gateway this is for."),
                    "clientAddress": .object(
                        "Whose word on the client's address is taken. Without this the address is the connection's, and "
                            + "X-Forwarded-For from outside is not believed. Exactly one of trustedHops and trustedCIDRs.",
                        rules: [
                            Schema.Rule(
                                "has(self.trustedHops) != has(self.trustedCIDRs)",
                                "give exactly one of trustedHops and trustedCIDRs")
                        ],
                        [
                            "trustedHops": .integer(
                                "How many proxies stand in front and append to X-Forwarded-For. The client is the entry "
                                    + "that the farthest of them wrote. 0 believes nobody.", 0...32),
                            "trustedCIDRs": .list(
                                "The addresses of the proxies in front. The client is the last entry of X-Forwarded-For "
                                    + "that is none of them.",
                                of: cidr("A range such as 10.0.0.0/8 or 2001:db8::/32."), 1...256),
                        ]),
                    "proxyProtocol": .object(
                        "HAProxy's PROXY protocol, versions 1 and 2, on every listener. What it says is the "
                            + "connection's address.", required: ["mode"],
                        [
                            "mode": .string(
                                "Required refuses connections without the header. Optional lets them pass as their own "
                                    + "client; use it only while a load balancer is being changed over, for anybody who "
                                    + "can connect may then write any address.", one: ["Required", "Optional"])
                        ]),
                ]),
            "status": PolicySchema.status,
        ])

    /// A CIDR without bits behind its prefix.
    static func cidr(_ description: String) -> Schema {
        .string(
            description, length: 1...43,
            rules: [
                Schema.Rule(
                    "isCIDR(self) && cidr(self) == cidr(self).masked()",
                    "must be a CIDR such as 10.0.0.0/8 or 2001:db8::/32, without bits after the prefix")
            ])
    }
}
