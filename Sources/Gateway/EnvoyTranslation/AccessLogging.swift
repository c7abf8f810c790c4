import EnvoyAPI
import SwiftProtobuf

/// One line a request on the proxy's standard output. The path is logged without its query, which may hold secrets.
enum AccessLogging {
    static func loggers(_ kind: TranslationSettings.AccessLog) -> [Envoy_Config_Accesslog_V3_AccessLog] {
        switch kind {
        case .off: []
        case .json: [stdout { $0.jsonFormat = json }]
        case .text: [stdout { $0.textFormat = text }]
        }
    }

    private static func stdout(
        _ setFormat: (inout Envoy_Config_Core_V3_SubstitutionFormatString) -> Void
    ) -> Envoy_Config_Accesslog_V3_AccessLog {
        .with {
            $0.name = "envoy.access_loggers.stdout"
            $0.typedConfig =
                Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog.with {
                    setFormat(&$0.logFormat)
                    if case .jsonFormat = $0.logFormat.format { $0.logFormat.omitEmptyValues = true }
                }.packed
        }
    }

    private static let fields: [(name: String, command: String)] = [
        ("time", "%START_TIME%"),
        ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("method", "%REQ(:METHOD)%"),
        ("host", "%REQ(:AUTHORITY)%"),
        ("path", "%PATH(NQ:ORIG_OR_PATH)%"),
        ("protocol", "%PROTOCOL%"),
        ("status", "%RESPONSE_CODE%"),
        ("flags", "%RESPONSE_FLAGS%"),
        ("details", "%RESPONSE_CODE_DETAILS%"),
        ("limited_by", limited(LimitDescriptor.limitedBy)),
        ("shadowed_by", limited(LimitDescriptor.shadowedBy)),
        ("bytes_in", "%BYTES_RECEIVED%"),
        ("bytes_out", "%BYTES_SENT%"),
        ("duration_ms", "%DURATION%"),
        ("route", "%ROUTE_NAME%"),
        ("backend", "%UPSTREAM_CLUSTER_RAW%"),
        ("endpoint", "%UPSTREAM_HOST%"),
        ("failure", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
        ("server_name", "%REQUESTED_SERVER_NAME%"),
        ("request_id", "%REQ(X-REQUEST-ID)%"),
        ("user_agent", "%REQ(USER-AGENT)%"),
    ]

    /// What the limiter said; empty for most requests.
    private static func limited(_ key: String) -> String {
        "%DYNAMIC_METADATA(\(LimitDescriptor.metadataNamespace):\(key))%"
    }

    private static let json = Google_Protobuf_Struct.with {
        for (name, command) in fields { $0.fields[name] = .init(stringValue: command) }
    }

    private static let text =
        "%START_TIME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:METHOD)% %REQ(:AUTHORITY)%%PATH(NQ:ORIG_OR_PATH)% "
        + "%PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %DURATION%ms "
        + "backend=%UPSTREAM_CLUSTER_RAW% endpoint=%UPSTREAM_HOST% route=\"%ROUTE_NAME%\" "
        + "limited_by=\(limited(LimitDescriptor.limitedBy)) shadowed_by=\(limited(LimitDescriptor.shadowedBy))\n"
}
