import EnvoyAPI
import EnvoyTranslation
import Foundation
import TestSupport
import Testing
import TrafficPlan

@Suite struct `Translated resources` {
    init() { ResourceText.registerTypes() }

    /// `UPDATE_GOLDENS=1` writes the file anew; the difference is for a reviewer to read.
    @Test func `the sample plan gives the resources written down`() throws {
        var translator = Translator(settings: TranslationSettings())
        let text = try ResourceText.json(translator.apply(SamplePlan.change))
        let path = Tool.packageDirectory + "/Tests/Goldens/EnvoyTranslation/sample.txt"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let golden = try String(contentsOfFile: path, encoding: .utf8)
        if text != golden { Attachment.record(Data(text.utf8), named: "sample.txt") }
        #expect(text == golden)
        #expect(translator.problems.isEmpty)
    }

    @Test(.enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
    func `Envoy accepts the sample plan`() async throws {
        for log in [TranslationSettings.AccessLog.json, .text, .off] {
            var translator = Translator(settings: TranslationSettings(accessLog: log))
            let bootstrap = try StaticBootstrap(translator.apply(SamplePlan.change))
            try await EnvoyJudge.validate(bootstrap)
        }
    }
}
