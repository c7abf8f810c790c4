import DiscoveryProtocol
import EnvoyAPI
import EnvoyTranslation
import Testing
import TrafficPlan

@Suite struct `Limits for Envoy` {
    @Test func `a route whose limit set is not in the plan answers 500 and says why`() throws {
        var translator = Translator(settings: TranslationSettings())
        var change = SamplePlan.change
        change.limitSets = [:]
        let result = translator.apply(change)
        #expect(translator.problems.map(\.message) == ["its limit set set-1 is not in the plan"])
        #expect(!result.parts.isEmpty)
    }

    @Test func `limits come and go without a change of any listener or cluster`() {
        var translator = Translator(settings: TranslationSettings())
        _ = translator.apply(SamplePlan.change)
        var change = PlanChange()
        var host = SamplePlan.exact
        for index in host.routes.indices { host.routes[index].limits = nil }
        change.virtualHosts[host.hostname] = host
        change.limitSets[LimitSetID("set-1")] = .some(nil)
        let result = translator.apply(change)
        #expect(result.upserts.isEmpty && result.removals.isEmpty)
        #expect(result.parts.values.map { Set($0.keys) } == [["shop.example"]])
    }

    @Test func `what a proxy cannot count by itself is refused with the reason`() {
        func reason(_ change: (inout RateLimit) -> Void) -> String? {
            var limit = SamplePlan.limits.limits[1]
            limit.scope = .perProxy
            limit.cost = .fixed(1)
            limit.key = []
            change(&limit)
            return limit.unsupportedPerProxy
        }
        #expect(reason { _ in } == nil)
        #expect(reason { $0.key = [KeyPart(.host)] }?.contains("Host") == true)
        #expect(reason { $0.cost = .requestHeader(HeaderCost(name: "x")) }?.contains("cost") == true)
        #expect(reason { $0.conditions = [RequestCondition(path: .regex(".*"))] }?.contains("expression") == true)
        #expect(reason { $0.answer.contentType = "text/html" }?.contains("application/json") == true)
        let client = KeyMatch(.clientAddress(ipv4Bits: 32, ipv6Bits: 64), values: ["192.0.2.1"])
        #expect(reason { $0.exemptions = [[client]] }?.contains("client addresses") == true)
        let parts = (0..<4).map { KeyPart(.header("x-\($0)")) }
        #expect(reason { $0.key = parts }?.contains("at most 3") == true)
    }
}
