import KubernetesModel
import NetTypes
import TestSupport
import Testing

@testable import PodNetwork

/// The rules of the specification that need no kernel.
@Suite struct RequestTests {
    private func parse(
        _ verb: String, _ configuration: String = #"{"cniVersion":"1.1.0","name":"net"}"#,
        _ changes: [String: String?] = [:]
    ) throws(CNIError) -> CNIRequest {
        var environment: [String: String] = [
            "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": "/run/netns/x", "CNI_IFNAME": "eth0",
            "CNI_PATH": "/opt/cni/bin",
        ]
        for (key, value) in changes { environment[key] = value }
        return try CNIRequest(CNIInvocation(environment: environment, configuration: Array(configuration.utf8)))
    }

    private func code(
        _ verb: String, _ configuration: String? = nil, _ changes: [String: String?] = [:]
    ) -> CNIError.Code? {
        do {
            _ =
                try configuration.map { try parse(verb, $0, changes) }
                ?? parse(verb, #"{"cniVersion":"1.1.0","name":"net"}"#, changes)
            return nil
        } catch {
            return (error as? CNIError)?.code
        }
    }

    @Test func eachVerbNeedsItsVariables() {
        #expect(code("ADD", nil, ["CNI_NETNS": nil]) == .invalidEnvironment)
        #expect(code("ADD", nil, ["CNI_IFNAME": ""]) == .invalidEnvironment)
        #expect(code("CHECK", nil, ["CNI_CONTAINERID": nil]) == .invalidEnvironment)
        #expect(code("DEL", nil, ["CNI_NETNS": nil]) == nil)
        #expect(code("DEL", nil, ["CNI_IFNAME": nil]) == .invalidEnvironment)
        #expect(code("GC", nil, ["CNI_PATH": nil]) == .invalidEnvironment)
        #expect(code("STATUS", nil, ["CNI_CONTAINERID": nil, "CNI_NETNS": nil, "CNI_IFNAME": nil]) == nil)
        #expect(code("", nil) == .invalidEnvironment)
        #expect(code("add", nil) == .invalidEnvironment)
    }

    @Test(arguments: ["", "-x", "a b", "a/b", "..", "ümlaut", String(repeating: "a", count: 300)])
    func containerIDsFollowThePattern(_ id: String) {
        #expect(code("DEL", nil, ["CNI_CONTAINERID": id]) == .invalidEnvironment)
    }

    @Test(arguments: [".", "..", "a/b", "a:b", "with space", "sixteencharacter", "eth\u{7f}"])
    func interfaceNamesFollowTheKernel(_ name: String) {
        #expect(code("ADD", nil, ["CNI_IFNAME": name]) == .invalidEnvironment)
    }

    @Test func versionsAreCheckedAgainstVerbs() {
        for version in CNIVersion.allCases {
            let text = #"{"cniVersion":"\#(version.rawValue)","name":"net"}"#
            #expect(code("ADD", text) == nil)
            #expect(code("DEL", text) == nil)
            #expect(code("CHECK", text) == (version < .v040 ? .incompatibleVersion : nil))
            #expect(code("GC", text) == (version < .v110 ? .incompatibleVersion : nil))
            #expect(code("STATUS", text) == (version < .v110 ? .incompatibleVersion : nil))
        }
        for text in [
            #"{"name":"net"}"#, #"{"cniVersion":"0.2.0","name":"net"}"#, #"{"cniVersion":"2.0.0","name":"net"}"#,
        ] {
            #expect(code("ADD", text) == .incompatibleVersion)
        }
        #expect(code("VERSION", #"{"cniVersion":"9.9.9"}"#) == nil)
        #expect(code("VERSION", "{}") == nil)
    }

    @Test func configurationsThatMakeNoSenseAreRefused() {
        #expect(code("ADD", "") == .decodingFailure)
        #expect(code("ADD", "[]") == .decodingFailure)
        #expect(code("ADD", String(repeating: "[", count: 200_000)) == .decodingFailure)
        #expect(code("ADD", String(repeating: " ", count: 2 << 20)) == .decodingFailure)
        let wrong = [
            #""name":"""#, #""name":"a/b""#, #""name":7"#, #""name":"n","mtu":-1"#, #""name":"n","mtu":"x""#,
            #""name":"n","prevResult":[]"#, #""name":"n","prevResult":{"ips":[{"address":"x"}]}"#,
            #""name":"n","runtimeConfig":{"portMappings":{}}"#,
            #""name":"n","runtimeConfig":{"portMappings":[{"hostPort":70000,"containerPort":1}]}"#,
            #""name":"n","runtimeConfig":{"portMappings":[{"hostPort":1}]}"#,
            #""name":"n","runtimeConfig":{"portMappings":[{"hostPort":1,"containerPort":1,"protocol":"icmp"}]}"#,
            #""name":"n","runtimeConfig":{"portMappings":[{"hostPort":1,"containerPort":1,"hostIP":"x"}]}"#,
            #""name":"n","runtimeConfig":{"ips":["nonsense"]}"#,
            #""name":"n","runtimeConfig":{"mac":"01:00:00:00:00:00"}"#,
            #""name":"n","runtimeConfig":{"bandwidth":{"ingressRate":"fast"}}"#,
        ]
        for fields in wrong {
            #expect(code("ADD", #"{"cniVersion":"1.0.0",\#(fields)}"#) == .invalidConfiguration, "\(fields)")
        }
        // What DEL does not need cannot keep it from working.
        #expect(code("DEL", #"{"cniVersion":"1.0.0","name":"n","prevResult":[]}"#) == nil)
    }

    @Test func unknownArgumentsAreErrorsUnlessTheyShallBeIgnored() throws {
        #expect(code("ADD", nil, ["CNI_ARGS": "FOO=1"]) == .invalidEnvironment)
        #expect(code("ADD", nil, ["CNI_ARGS": "FOO"]) == .invalidEnvironment)
        #expect(code("ADD", nil, ["CNI_ARGS": "IP=nonsense"]) == .invalidEnvironment)
        let arguments =
            "IgnoreUnknown=1;FOO=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;IP=10.0.0.9;MAC=02:00:00:00:00:09"
        let request = try parse("ADD", #"{"cniVersion":"1.1.0","name":"net"}"#, ["CNI_ARGS": arguments])
        #expect(request.arguments.podNamespace == "shop" && request.arguments.podName == "web-0")
        #expect(request.arguments.address == .v4(10, 0, 0, 9))
    }

    @Test func addressesOfRuntimeConfigComeBeforeThoseOfArgs() throws {
        let both =
            #"{"cniVersion":"1.0.0","name":"n","runtimeConfig":{"ips":["10.0.0.1/24"]},"args":{"cni":{"ips":["10.0.0.2"]}}}"#
        #expect(try parse("ADD", both).configuration.wants.addresses == [.v4(10, 0, 0, 1)])
        let args = #"{"cniVersion":"1.0.0","name":"n","args":{"cni":{"ips":["10.0.0.2"]}}}"#
        #expect(try parse("ADD", args).configuration.wants.addresses == [.v4(10, 0, 0, 2)])
    }

    @Test func theListOfValidAttachmentsIsReadUnderBothItsNames() throws {
        for name in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
            let text = #"{"cniVersion":"1.1.0","name":"n","\#(name)":[{"containerID":"a","ifname":"eth0"}]}"#
            #expect(try parse("GC", text).configuration.validAttachments == [key("a")])
        }
        #expect(
            try parse("GC", #"{"cniVersion":"1.1.0","name":"n","cni.dev/valid-attachments":null}"#).configuration
                .validAttachments == [])
        #expect(try parse("GC", #"{"cniVersion":"1.1.0","name":"n"}"#).configuration.validAttachments == nil)
    }

    @Test(arguments: [21, 22])
    func hostileInputNeverTraps(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole = Array(
            #"{"cniVersion":"1.1.0","name":"n","mtu":1500,"prevResult":{"ips":[{"address":"10.0.0.1/24","interface":0}],"interfaces":[{"name":"eth0","sandbox":"x"}]},"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":8080,"protocol":"tcp"}],"ips":["fd00::1"],"mac":"02:00:00:00:00:01","bandwidth":{"ingressRate":1}},"cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]}"#
                .utf8)
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(place + 5, bytes.count - 1))
                default: bytes.insert(contentsOf: [UInt8.random(in: 0...255, using: &random)], at: place)
                }
            }
            for verb in CNIVerb.allCases {
                let environment = [
                    "CNI_COMMAND": verb.rawValue, "CNI_CONTAINERID": "a", "CNI_NETNS": "/x", "CNI_IFNAME": "eth0",
                    "CNI_PATH": "/", "CNI_ARGS": String(decoding: bytes.prefix(20), as: UTF8.self),
                ]
                _ = try? CNIRequest(CNIInvocation(environment: environment, configuration: bytes))
                _ = NetworkConfiguration.answerVersion(bytes)
            }
        }
    }

    @Test func linkNamesAreValidAndDiffer() {
        var names: Set<String> = []
        for index in 0..<2_000 {
            let link = PodLink(AttachmentKey(container: "container-\(index)", interface: "eth0"))
            #expect(CNIName.isValidInterface(link.hostName) && PodLink.isOurs(link.hostName))
            #expect(!link.podHardwareAddress.isMulticast && link.podHardwareAddress != link.hostHardwareAddress)
            names.insert(link.hostName)
        }
        #expect(names.count == 2_000)
    }
}
