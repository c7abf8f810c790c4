import EnvoyAPI
import NetTypes
import SwiftProtobuf
import TrafficPlan

/// Proxies in front that are known by their addresses.
enum TrustedProxies {
    /// The client is the last entry of `X-Forwarded-For` that is none of them, where the connection comes from one.
    static func detection(_ prefixes: [IPPrefix]) -> Envoy_Config_Core_V3_TypedExtensionConfig {
        .init(
            name: "envoy.http.original_ip_detection.xff",
            Envoy_Extensions_Http_OriginalIpDetection_Xff_V3_XffConfig.with {
                $0.xffTrustedCidrs.cidrs = prefixes.map { prefix in
                    .with {
                        $0.addressPrefix = prefix.address.description
                        $0.prefixLen = .init(UInt32(prefix.length))
                    }
                }
                $0.skipXffAppend.value = false
            })
    }
}

extension ClientSettings {
    /// Whether anybody in front may speak for a client.
    var trustsProxies: Bool { trustedHops > 0 || !trustedProxies.isEmpty }
}
