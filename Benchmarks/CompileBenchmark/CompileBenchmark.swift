import DiscoveryProtocol
import EnvoyTranslation
import KubernetesModel
import TrafficCompiler

/// How long it takes to compile a cluster's objects and to translate the plan for Envoy: from nothing, and one change.
///
/// Each host has ten routes, and there is one Service with two endpoints for every five routes. A single change is
/// timed 200 times; the table gives the median and the slowest. No API server, no proxy: only what Fairway computes.
@main
enum CompileBenchmark {
    static func main() {
        print("| what | routes | median ms | slowest ms |")
        print("|---|---|---|---|")
        for routes in sizes() { measure(routes: routes) }
    }

    /// The arguments, as numbers of routes; without any 1,000 and 10,000.
    private static func sizes() -> [Int] {
        let given = CommandLine.arguments.dropFirst().compactMap { Int($0) }.filter { $0 > 0 }
        return given.isEmpty ? [1000, 10_000] : given
    }

    private static func measure(routes: Int) {
        let objects = SampleCluster(routes: routes)
        let all = objects.all
        let full = Samples(count: 5) { _ in _ = Pipeline(all) }
        full.printRow("everything, from nothing", routes: routes)

        var pipeline = Pipeline(all)
        let rounds = 200
        Samples(count: rounds) { pipeline.apply(objects.newHost($0)) }
            .printRow("an Ingress with a new host comes", routes: routes)
        Samples(count: rounds) { pipeline.apply(objects.movedHost($0)) }
            .printRow("a host's routes go to another Service", routes: routes)
        Samples(count: rounds) { pipeline.apply(objects.changedEndpoints(round: $0)) }
            .printRow("a Service's endpoints change", routes: routes)
    }
}

/// The compiler and the translator, as the controller joins them.
struct Pipeline {
    private var compiler = TrafficCompiler(settings: CompilerSettings(listeners: [], defaultCertificate: nil))
    private var translator = Translator(settings: TranslationSettings())

    init(_ changes: [SourceChange]) {
        apply(changes)
    }

    mutating func apply(_ changes: [SourceChange]) {
        let compilation = compiler.apply(changes, now: Timestamp(secondsSinceEpoch: 1_800_000_000))
        let resources = translator.apply(compilation.change)
        precondition(!resources.isEmpty, "a change that changes nothing measures nothing")
    }
}

struct Samples {
    private var durations: [Duration]

    init(count: Int, _ body: (Int) -> Void) {
        let clock = ContinuousClock()
        durations = (0..<count).map { round in clock.measure { body(round) } }.sorted()
    }

    func printRow(_ what: String, routes: Int) {
        guard let slowest = durations.last else { return }
        print("| \(what) | \(routes) | \(Self.text(durations[durations.count / 2])) | \(Self.text(slowest)) |")
    }

    /// Milliseconds with three decimals.
    private static func text(_ duration: Duration) -> String {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
