/// nftables text in the shape that kube-proxy 1.36 writes: a chain, an anonymous map and a few elements for each Service.
struct KubeProxyLayout {
    static let base = """
        add table ip kube-proxy
        add set ip kube-proxy cluster-ips { type ipv4_addr; }
        add set ip kube-proxy hairpin-connections { type ipv4_addr . ipv4_addr . inet_proto . inet_service; }
        add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
        add chain ip kube-proxy services
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100; }
        add chain ip kube-proxy nat-output { type nat hook output priority -100; }
        add chain ip kube-proxy mark-for-masquerade
        add chain ip kube-proxy nat-postrouting { type nat hook postrouting priority 100; }
        add rule ip kube-proxy mark-for-masquerade meta mark set meta mark or 0x4000
        add rule ip kube-proxy nat-postrouting meta mark and 0x4000 == 0x4000 meta mark set meta mark xor 0x4000 masquerade fully-random
        add rule ip kube-proxy nat-prerouting jump services
        add rule ip kube-proxy nat-output jump services
        add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips

        """

    static func services(_ numbers: Range<Int>) -> String {
        var text = ""
        for number in numbers {
            let chain = "service-ABCDEFGH-ns/svc\(number)/tcp/"
            let endpoints = Sample.endpoints(number)
            let map = endpoints.enumerated().map { "\($0) : \($1) . 8080" }.joined(separator: ", ")
            text += "add chain ip kube-proxy \(chain)\n"
            text += "flush chain ip kube-proxy \(chain)\n"
            text +=
                "add rule ip kube-proxy \(chain) ip daddr \(Sample.address(number)) ip saddr != 10.128.0.0/9 jump mark-for-masquerade\n"
            text +=
                "add rule ip kube-proxy \(chain) meta l4proto tcp dnat ip addr . port to numgen random mod \(endpoints.count) map { \(map) }\n"
        }
        for number in numbers {
            let chain = "service-ABCDEFGH-ns/svc\(number)/tcp/"
            text += "add element ip kube-proxy cluster-ips { \(Sample.address(number)) }\n"
            text += "add element ip kube-proxy service-ips { \(Sample.address(number)) . tcp . 80 : goto \(chain) }\n"
        }
        return text
    }
}
