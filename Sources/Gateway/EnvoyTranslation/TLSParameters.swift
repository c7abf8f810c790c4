import EnvoyAPI
import SwiftProtobuf

enum TLSParameters {
    /// TLS 1.2 with forward secrecy and authenticated encryption only, or 1.3 (whose suites are all modern).
    static let modern = Envoy_Extensions_TransportSockets_Tls_V3_TlsParameters.with {
        $0.tlsMinimumProtocolVersion = .tlsv12
        $0.tlsMaximumProtocolVersion = .tlsv13
        // In brackets: equal preference, the client's choice.
        $0.cipherSuites = [
            "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
            "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
        ]
        $0.ecdhCurves = ["X25519MLKEM768", "X25519", "P-256"]
    }
}
