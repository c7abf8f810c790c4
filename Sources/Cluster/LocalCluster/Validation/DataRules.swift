import KubernetesModel

/// Secrets and ConfigMaps.
enum DataRules {
    static let maximumBytes = 1 << 20

    static func validateSecret(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let path = FieldPath("data")
        let data = object["data"]?.object ?? [:]
        var bytes = 0
        for (key, value) in data.sorted(by: { $0.key < $1.key }) {
            findings.invalid(path.key(key), key, NameRules.configKey(key))
            bytes += decodedSize(value.string ?? "")
        }
        if bytes > maximumBytes { findings.tooLong(path, limit: maximumBytes) }
        switch object["type"]?.string {
        case "kubernetes.io/tls":
            for key in ["tls.crt", "tls.key"] where data[key] == nil { findings.required(path.key(key)) }
        case "kubernetes.io/dockerconfigjson":
            if data[".dockerconfigjson"] == nil { findings.required(path.key(".dockerconfigjson")) }
        case "kubernetes.io/ssh-auth":
            if (data["ssh-privatekey"]?.string ?? "").isEmpty { findings.required(path.key("ssh-privatekey")) }
        case "kubernetes.io/basic-auth":
            if data["username"] == nil, data["password"] == nil {
                findings.required(path.key("username"))
                findings.required(path.key("password"))
            }
        default: break
        }
        guard let old else { return }
        findings.immutable(FieldPath("type"), object["type"], old["type"])
        frozen(object, old: old, keys: ["data"], into: &findings)
    }

    static func validateConfigMap(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        var bytes = 0
        let data = object["data"]?.object ?? [:]
        for (key, value) in data.sorted(by: { $0.key < $1.key }) {
            findings.invalid(FieldPath("data").key(key), key, NameRules.configKey(key))
            if object["binaryData"]?[key] != nil {
                findings.invalid(FieldPath("data").key(key), .string(key), "duplicate of key present in binaryData")
            }
            bytes += value.string?.utf8.count ?? 0
        }
        for (key, value) in (object["binaryData"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            findings.invalid(FieldPath("binaryData").key(key), key, NameRules.configKey(key))
            bytes += decodedSize(value.string ?? "")
        }
        if bytes > maximumBytes { findings.tooLong(FieldPath(""), limit: maximumBytes) }
        if let old { frozen(object, old: old, keys: ["data", "binaryData"], into: &findings) }
    }

    private static func frozen(_ object: JSONValue, old: JSONValue, keys: [String], into findings: inout Findings) {
        guard old["immutable"]?.bool == true else { return }
        if object["immutable"]?.bool != true {
            findings.forbidden(FieldPath("immutable"), "field is immutable when `immutable` is set")
        }
        for key in keys where (object[key] ?? .object([:])) != (old[key] ?? .object([:])) {
            findings.forbidden(FieldPath(key), "field is immutable when `immutable` is set")
        }
    }

    /// Bytes that a base64 text stands for.
    private static func decodedSize(_ text: String) -> Int {
        text.utf8.count / 4 * 3 - text.utf8.suffix(2).count { $0 == 0x3d }
    }
}
