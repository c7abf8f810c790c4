import ServiceRules

extension ServiceProgrammer {
    /// What is installed, in order: all of it, or one Service's (`namespace/name`, or a name in `default`).
    func fronts(of service: String?) -> [(key: FrontKey, front: Front)] {
        let wanted = service.map { $0.contains("/") ? $0 : "default/\($0)" }
        return table.installed.filter { wanted == nil || "\($0.value.origin.service)" == wanted }
            .map { (key: $0.key, front: $0.value) }
            .sorted { ($0.front.origin.service, "\($0.key)") < ($1.front.origin.service, "\($1.key)") }
    }
}
