import KubernetesModel
import Testing

@Suite struct LabelSelectorTests {
    static let labels = ["app": "web", "tier": "front"]

    @Test(arguments: [
        (LabelSelector(), true),
        (LabelSelector(matchLabels: ["app": "web"]), true),
        (LabelSelector(matchLabels: ["app": "web", "tier": "back"]), false),
        (LabelSelector(matchExpressions: [.init(key: "tier", operator: "In", values: ["front", "back"])]), true),
        (LabelSelector(matchExpressions: [.init(key: "tier", operator: "NotIn", values: ["front"])]), false),
        (LabelSelector(matchExpressions: [.init(key: "zone", operator: "NotIn", values: ["a"])]), true),
        (LabelSelector(matchExpressions: [.init(key: "zone", operator: "In", values: ["a"])]), false),
        (LabelSelector(matchExpressions: [.init(key: "app", operator: "Exists")]), true),
        (LabelSelector(matchExpressions: [.init(key: "app", operator: "DoesNotExist")]), false),
        (LabelSelector(matchExpressions: [.init(key: "app", operator: "Likes", values: ["web"])]), false),
    ])
    func `every requirement must hold`(selector: LabelSelector, expected: Bool) {
        #expect(selector.matches(Self.labels) == expected)
    }

    @Test func `an object without labels matches only what asks for none`() {
        #expect(LabelSelector().matches(nil))
        #expect(!LabelSelector(matchLabels: ["a": "b"]).matches(nil))
    }

    @Test func `prints as a request's query takes it`() {
        let selector = LabelSelector(
            matchLabels: ["b": "2", "a": "1"],
            matchExpressions: [
                .init(key: "tier", operator: "In", values: ["x", "y"]), .init(key: "old", operator: "DoesNotExist"),
                .init(key: "zone", operator: "NotIn", values: ["z"]), .init(key: "app", operator: "Exists"),
            ])
        #expect(selector.description == "a=1,b=2,tier in (x,y),!old,zone notin (z),app")
    }
}
