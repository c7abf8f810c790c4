import KubernetesModel
import Testing

@testable import LocalCluster

@Suite struct IngressValidationTests {
    private func errors(_ spec: String, resource: ResourceKind = Kinds.ingress) throws -> [String] {
        let object = try json(#"{"metadata":{"name":"i","namespace":"n"},"spec":\#(spec)}"#)
        return Admission.validate(Admission.defaulted(object, resource: resource), old: nil, resource: resource)
            .map(\.description)
    }

    private func path(_ fields: String, backend: String = #"{"service":{"name":"s","port":{"number":80}}}"#) -> String {
        #"{"rules":[{"http":{"paths":[{\#(fields),"backend":\#(backend)}]}}]}"#
    }

    @Test(arguments: [
        #""path":"/","pathType":"Prefix""#, #""path":"/a/b.c","pathType":"Exact""#,
        #""path":"/a(/|$)(.*)","pathType":"ImplementationSpecific""#, #""pathType":"ImplementationSpecific""#,
    ])
    func `takes good paths`(fields: String) throws {
        #expect(try errors(path(fields)) == [])
    }

    @Test(arguments: [
        (#""path":"/""#, "pathType: Required value: pathType must be specified"),
        (
            #""path":"/","pathType":"Regex""#,
            #"pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix""#
        ),
        (#""path":"a","pathType":"Prefix""#, #"path: Invalid value: "a": must be an absolute path"#),
        (#""path":"/a//b","pathType":"Exact""#, #"path: Invalid value: "/a//b": must not contain '//'"#),
        (#""path":"/a/./b","pathType":"Exact""#, #"path: Invalid value: "/a/./b": must not contain '/./'"#),
        (#""path":"/a/../b","pathType":"Prefix""#, #"path: Invalid value: "/a/../b": must not contain '/../'"#),
        (#""path":"/a%2fb","pathType":"Prefix""#, #"path: Invalid value: "/a%2fb": must not contain '%2f'"#),
        (#""path":"/a/..","pathType":"Prefix""#, #"path: Invalid value: "/a/..": cannot end with '/..'"#),
        (#""path":"x","pathType":"ImplementationSpecific""#, #"path: Invalid value: "x": must be an absolute path"#),
    ])
    func `refuses bad paths`(fields: String, expected: String) throws {
        #expect(try errors(path(fields)) == ["spec.rules[0].http.paths[0].\(expected)"])
    }

    @Test(arguments: [
        ("{}", ": Required value: resource or service backend is required"),
        (#"{"service":{"name":"s"}}"#, ".service: Required value: port name or number is required"),
        (
            #"{"service":{"name":"s","port":{"name":"a","number":1}}}"#,
            #".service.port: Invalid value: "": cannot set both port name & port number"#
        ),
        (
            #"{"service":{"name":"s","port":{"number":70000}}}"#,
            ".service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ),
        (#"{"service":{"port":{"number":7}}}"#, ".service.name: Required value"),
        (
            #"{"service":{"name":"s","port":{"number":7}},"resource":{"kind":"K","name":"n"}}"#,
            #": Invalid value: "": cannot set both resource and service backends"#
        ),
        (#"{"resource":{"kind":"K"}}"#, ".resource.name: Required value: name is required"),
    ])
    func `wants exactly one kind of backend`(backend: String, expected: String) throws {
        let found = try errors(path(#""path":"/","pathType":"Prefix""#, backend: backend))
        #expect(found == ["spec.rules[0].http.paths[0].backend\(expected)"])
    }

    @Test(arguments: [
        ("a.example.com", nil), ("*.example.com", nil),
        ("10.0.0.1", #"spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address"#),
        ("a.*.com", #"spec.rules[0].host: Invalid value: "a.*.com": a wildcard DNS-1123 subdomain must start with"#),
        ("UPPER.com", #"spec.rules[0].host: Invalid value: "UPPER.com": a lowercase RFC 1123 subdomain must consist"#),
    ])
    func `hosts are names or wildcards`(host: String, expected: String?) throws {
        let found = try errors(#"{"rules":[{"host":"\#(host)"}]}"#)
        #expect(found.count == (expected == nil ? 0 : 1))
        if let expected { #expect(found.first?.hasPrefix(expected) == true, "\(found)") }
    }

    @Test func `needs rules or a default backend`() throws {
        #expect(try errors("{}").first?.contains("either `defaultBackend` or `rules` must be specified") == true)
        #expect(try errors(#"{"defaultBackend":{"service":{"name":"s","port":{"name":"http"}}}}"#) == [])
    }

    @Test func `a class names a controller and keeps it`() throws {
        #expect(try errors(#"{"controller":"example.com/x"}"#, resource: Kinds.ingressClass).count == 1)  // namespace
        let make = { (controller: String) throws in
            try json(#"{"metadata":{"name":"c"},"spec":{"controller":"\#(controller)"}}"#)
        }
        func check(_ new: JSONValue, _ old: JSONValue?) -> [String] {
            Admission.validate(new, old: old, resource: Kinds.ingressClass).map(\.description)
        }
        #expect(check(try make("example.com/a"), nil) == [])
        #expect(
            check(try make("plain"), nil) == [
                #"spec.controller: Invalid value: "plain": must be a domain-prefixed path (such as "acme.io/foo")"#
            ])
        #expect(
            check(try make("example.com/b"), try make("example.com/a")) == [
                #"spec.controller: Invalid value: "example.com/b": field is immutable"#
            ])
    }
}

@Suite struct ServiceValidationTests {
    private func errors(_ spec: String, name: String = "s", old: String? = nil) throws -> [String] {
        func object(_ spec: String) throws -> JSONValue {
            Admission.defaulted(
                try json(#"{"metadata":{"name":"\#(name)","namespace":"n"},"spec":\#(spec)}"#), resource: Kinds.service)
        }
        return Admission.validate(try object(spec), old: try old.map(object), resource: Kinds.service)
            .map(\.description)
    }

    @Test(arguments: [
        #"{"ports":[{"port":80}]}"#, #"{"clusterIP":"None"}"#,
        #"{"type":"ExternalName","externalName":"a.example.com"}"#,
        #"{"type":"ExternalName","externalName":"a.example.com."}"#,
        #"{"type":"LoadBalancer","ports":[{"port":80,"targetPort":"http"}],"loadBalancerSourceRanges":["10.0.0.0/8"]}"#,
        #"{"ports":[{"port":80,"name":"a"},{"port":80,"name":"b","protocol":"UDP"}],"sessionAffinity":"ClientIP"}"#,
    ])
    func `takes good services`(spec: String) throws {
        #expect(try errors(spec) == [])
    }

    @Test(arguments: [
        ("{}", "spec.ports: Required value"),
        (#"{"ports":[{"port":0}]}"#, "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        (#"{"ports":[{"port":1},{"port":2,"name":"b"}]}"#, "spec.ports[0].name: Required value"),
        (#"{"ports":[{"port":1,"name":"a"},{"port":2,"name":"a"}]}"#, #"spec.ports[1].name: Duplicate value: "a""#),
        (
            #"{"ports":[{"port":1,"name":"a"},{"port":1,"name":"b"}]}"#,
            #"spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}"#
        ),
        (
            #"{"ports":[{"port":1,"protocol":"ICMP"}]}"#,
            #"spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP""#
        ),
        (
            #"{"ports":[{"port":1,"nodePort":30001}]}"#,
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
        ),
        (#"{"type":"ExternalName"}"#, "spec.externalName: Required value"),
        (
            #"{"ports":[{"port":1}],"externalTrafficPolicy":"Local"}"#,
            #"spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services"#
        ),
        (
            #"{"ports":[{"port":1}],"type":"Weird"}"#,
            #"spec.type: Unsupported value: "Weird": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort""#
        ),
        (
            #"{"ports":[{"port":1}],"clusterIPs":["x"]}"#,
            #"spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#
        ),
        (
            #"{"ports":[{"port":1}],"externalIPs":["127.0.0.1"]}"#,
            #"spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)"#
        ),
        (
            #"{"ports":[{"port":1}],"ipFamilies":["IPv5"]}"#,
            #"spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6""#
        ),
    ])
    func `refuses bad services`(spec: String, expected: String) throws {
        let found = try errors(spec)
        #expect(found.contains(expected), "\(found)")
    }

    @Test func `names are DNS-1035 labels`() throws {
        #expect(
            try errors(#"{"ports":[{"port":1}]}"#, name: "1a").first?.hasPrefix(
                #"metadata.name: Invalid value: "1a": a DNS-1035 label must consist of"#) == true)
    }

    @Test func `the address may not change once set`() throws {
        let old = #"{"ports":[{"port":1}],"clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1"]}"#
        let new = #"{"ports":[{"port":1}],"clusterIP":"10.96.0.2","clusterIPs":["10.96.0.2"]}"#
        #expect(
            try errors(new, old: old) == [
                #"spec.clusterIPs[0]: Invalid value: ["10.96.0.2"]: may not change once set"#
            ])
        #expect(try errors(old, old: old) == [])
    }
}

@Suite struct ObjectValidationTests {
    private func errors(_ kind: ResourceKind, _ object: String, old: String? = nil) throws -> [String] {
        Admission.validate(
            Admission.defaulted(try json(object), resource: kind), old: try old.map(json), resource: kind
        ).map(\.description)
    }

    @Test func `a TLS secret has both keys`() throws {
        let found = try errors(
            Kinds.secret,
            #"{"metadata":{"name":"s","namespace":"n"},"type":"kubernetes.io/tls","data":{"tls.crt":"AA=="}}"#)
        #expect(found == ["data[tls.key]: Required value"])
    }

    @Test func `an immutable secret keeps its data, any secret its type`() throws {
        let old = #"{"metadata":{"name":"s","namespace":"n"},"type":"Opaque","immutable":true,"data":{"a":"AA=="}}"#
        let new = #"{"metadata":{"name":"s","namespace":"n"},"type":"x","data":{"a":"AAA="}}"#
        #expect(
            try errors(Kinds.secret, new, old: old) == [
                #"type: Invalid value: "x": field is immutable"#,
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "data: Forbidden: field is immutable when `immutable` is set",
            ])
    }

    @Test func `data is bounded at one mebibyte`() throws {
        let text = String(repeating: "A", count: 4 << 18)
        let just = #"{"metadata":{"name":"s","namespace":"n"},"data":{"a":"\#(text)"}}"#
        let over = #"{"metadata":{"name":"s","namespace":"n"},"data":{"a":"\#(text)","b":"x"}}"#
        #expect(try errors(Kinds.configMap, just) == [])
        #expect(try errors(Kinds.configMap, over) == [": Too long: may not be more than 1048576 bytes"])
    }

    @Test func `annotations are bounded at 256 KiB`() throws {
        let text = String(repeating: "A", count: 256 << 10)
        let found = try errors(
            Kinds.configMap, #"{"metadata":{"name":"s","namespace":"n","annotations":{"a":"\#(text)"}}}"#)
        #expect(found == ["metadata.annotations: Too long: may not be more than 262144 bytes"])
    }

    @Test func `labels and their keys have a form`() throws {
        let found = try errors(
            Kinds.configMap, #"{"metadata":{"name":"s","namespace":"n","labels":{"-a":"ok","b":"not ok"}}}"#)
        #expect(found.count == 2)
        #expect(found[0].hasPrefix(#"metadata.labels: Invalid value: "-a": name part must consist of"#))
        #expect(found[1].hasPrefix(#"metadata.labels: Invalid value: "not ok": a valid label must be"#))
    }

    @Test func `a name is required`() throws {
        #expect(
            try errors(Kinds.configMap, #"{"metadata":{"namespace":"n"}}"#) == [
                "metadata.name: Required value: name or generateName is required"
            ])
    }

    @Test func `an object being deleted takes no new finalizers`() throws {
        let old =
            #"{"metadata":{"name":"a","namespace":"n","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x/a"]}}"#
        let new = #"{"metadata":{"name":"a","namespace":"n","finalizers":["x/a","x/b"]}}"#
        #expect(try errors(Kinds.configMap, new, old: old).first?.hasPrefix("metadata.finalizers: Forbidden") == true)
    }

    @Test func `loopback endpoints are allowed, wrong families and unspecified addresses are not`() throws {
        func slice(_ type: String, _ address: String) throws -> [String] {
            try errors(
                Kinds.slice,
                #"{"metadata":{"name":"a","namespace":"n"},"addressType":"\#(type)","endpoints":[{"addresses":["\#(address)"]}]}"#
            )
        }
        #expect(try slice("IPv4", "127.0.0.1") == [])
        #expect(try slice("IPv6", "::1") == [])
        #expect(
            try slice("IPv4", "::1") == [
                #"endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IPv4 address"#
            ])
        #expect(try slice("IPv4", "0.0.0.0").count == 1)
        #expect(
            try slice("IP", "1.1.1.1").first
                == #"addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6""#)
    }

    @Test func `a definition's name says its plural and group`() throws {
        let good = """
            {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
            "names":{"plural":"widgets","kind":"Widget"},
            "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
            """
        #expect(try errors(Kinds.definition, good) == [])
        let bad = good.replacing("widgets.example.com", with: "widget.example.com")
        #expect(
            try errors(Kinds.definition, bad) == [
                #"metadata.name: Invalid value: "widget.example.com": must be spec.names.plural+"."+spec.group"#
            ])
    }

    @Test func `names have their forms`() {
        let cases: [(rule: (String) -> [String], good: [String], bad: [String])] = [
            (
                NameRules.dns1123Label, ["a", "a-b", "0a"],
                ["", "-a", "a-", "A", "a.b", String(repeating: "a", count: 64)]
            ),
            (NameRules.dns1123Subdomain, ["a.b", "a-1.b"], ["a..b", ".a", "a.", "a_b"]),
            (NameRules.dns1035Label, ["a1"], ["1a", "a."]),
            (NameRules.wildcardSubdomain, ["*.a"], ["*", "a.*", "*.*.a", "*a.b"]),
            (NameRules.qualifiedName, ["a", "A_.b", "x.io/a"], ["", "/a", "a/", "a/b/c", "X.io/a", "-a"]),
            (NameRules.labelValue, ["", "a", "A.b_c-d"], ["-", "a b", "é"]),
            (NameRules.portName, ["http", "h2c", "a-1"], ["1", "a--b", "-a", "A", "0123456789abcdef"]),
            (NameRules.configKey, ["a.b", ".a", "A_b-c"], ["", ".", "..", "..a", "a/b"]),
        ]
        for (rule, good, bad) in cases {
            for name in good { #expect(rule(name) == [], "\(name)") }
            for name in bad { #expect(rule(name) != [], "\(name)") }
        }
    }
}

@Suite struct DefaultingTests {
    @Test func `a Service gets what the real server gives it`() throws {
        let object = try json(#"{"spec":{"ports":[{"port":80}],"type":"LoadBalancer"}}"#)
        let expected =
            #"{"spec":{"allocateLoadBalancerNodePorts":true,"externalTrafficPolicy":"Cluster","#
            + #""internalTrafficPolicy":"Cluster","ports":[{"port":80,"protocol":"TCP","targetPort":80}],"#
            + #""sessionAffinity":"None","type":"LoadBalancer"}}"#
        #expect(Admission.defaulted(object, resource: Kinds.service).text == expected)
    }

    @Test func `stringData goes into data and wins`() throws {
        let object = try json(#"{"data":{"a":"eA==","b":"eQ=="},"stringData":{"b":"hello"}}"#)
        #expect(
            Admission.defaulted(object, resource: Kinds.secret).text
                == #"{"data":{"a":"eA==","b":"aGVsbG8="},"type":"Opaque"}"#)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `defaulting, validation and unknown fields take any JSON, and defaults are final`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for _ in 0..<40 {
            let object = random.object()
            for kind in Kinds.all {
                let once = Admission.defaulted(object, resource: kind)
                #expect(Admission.defaulted(once, resource: kind) == once, "seed \(seed)")
                _ = Admission.validate(once, old: random.object(), resource: kind)
                _ = Admission.unknownFields(object, resource: kind)
                _ = Admission.malformed(object, resource: kind)
                _ = Admission.unknownFields(object, resource: kind, schema: random.object())
            }
        }
    }
}
