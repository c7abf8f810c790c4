package import TrafficPlan

/// The pieces whose served form changed, by resource. An empty set of parts still names the head.
package struct DirtyPieces: Sendable {
    package private(set) var byResource: [ResourceName: Set<String?>] = [:]

    package init() {}

    package var isEmpty: Bool { byResource.isEmpty }

    package mutating func insert(_ piece: ResourcePiece) {
        byResource[piece.resource, default: []].insert(piece.part)
    }

    package mutating func formUnion(_ other: DirtyPieces) {
        byResource.merge(other.byResource) { $0.union($1) }
    }
}

/// What proxies shall hold: the wanted set, in which a piece that Envoy refused has the last form that it accepted, or
/// is left out.
///
/// The rules, per piece: a new form is *unproven* until a proxy acknowledges it, and the last proven form is kept
/// beside it. A refusal puts the piece in quarantine under the hash of the refused form, serves the proven form again,
/// and retains what that form refers to, even if nothing wants it any more. Another wanted form ends the quarantine.
package struct ServedSet: Sendable {
    package private(set) var resources: [ResourceName: CompositeResource] = [:]
    package private(set) var quarantined: [ResourcePiece: Quarantine] = [:]
    /// Resources whose head is in quarantine and was never accepted, with the parts that wait for another head.
    private var withheld: [ResourceName: CompositeResource] = [:]
    private var unproven: Set<ResourcePiece> = []
    /// The last accepted form of pieces that serve another one, or none.
    private var lastGood: [ResourcePiece: PieceForm] = [:]
    private var retained: Set<ResourceName> = []
    private var removedPieces: Set<ResourcePiece> = []
    private var dirty = DirtyPieces()

    package init() {}

    /// Begins with what proxies accepted before a restart.
    package init(accepted: ResourceChange) {
        _ = apply(accepted)
        unproven = []
    }

    /// A refused form of a piece.
    package struct Quarantine: Sendable {
        var form: PieceForm
        var message: String
        /// The version of Envoy that refused it.
        var envoyVersion: String
    }

    package func form(of piece: ResourcePiece) -> PieceForm? {
        resources[piece.resource]?[piece.part]
    }

    /// Whether the wanted resource is left out because Envoy refuses it.
    package func isWithheld(_ name: ResourceName) -> Bool { withheld[name] != nil }

    package mutating func apply(_ change: ResourceChange) -> DirtyPieces {
        for name in change.removals { remove(name) }
        for resource in change.upserts { set(ResourcePiece(resource.name), PieceForm(resource)) }
        for (name, parts) in change.parts where resources[name] != nil || withheld[name] != nil {
            for (key, part) in parts {
                set(ResourcePiece(name, part: key), part.map { PieceForm($0, key: key) })
            }
        }
        retainWhatFallbacksNeed()
        return takeDirty()
    }

    /// A proxy holds this form and works with it.
    package mutating func accepted(_ piece: ResourcePiece, _ hash: ContentHash) {
        guard unproven.contains(piece), form(of: piece)?.hash == hash else { return }
        unproven.remove(piece)
        lastGood[piece] = nil
    }

    package func isProven(_ piece: ResourcePiece) -> Bool {
        !unproven.contains(piece) && form(of: piece) != nil
    }

    /// Envoy refused this form of the piece. A form that is served no more is left alone.
    package mutating func refused(
        _ piece: ResourcePiece, _ hash: ContentHash, message: String, envoyVersion: String
    ) -> DirtyPieces {
        guard let form = form(of: piece), form.hash == hash else { return DirtyPieces() }
        quarantined[piece] = Quarantine(form: form, message: message, envoyVersion: envoyVersion)
        let good = unproven.contains(piece) ? lastGood[piece] : nil
        unproven.remove(piece)
        lastGood[piece] = nil
        if piece.part == nil, good == nil {
            withheld[piece.resource] = resources.removeValue(forKey: piece.resource)
            dirty.insert(piece)
        } else {
            write(piece, good)
        }
        retainWhatFallbacksNeed()
        return takeDirty()
    }

    /// Tries again what only versions of Envoy refused that are gone.
    package mutating func release(exceptFor versions: Set<String>) -> DirtyPieces {
        for (piece, entry) in quarantined where !versions.contains(entry.envoyVersion) {
            quarantined[piece] = nil
            replace(piece, entry.form)
        }
        retainWhatFallbacksNeed()
        return takeDirty()
    }

    /// Every proxy holds the current set: what was removed will not be needed again.
    package mutating func settled() {
        for piece in removedPieces where form(of: piece) == nil && quarantined[piece] == nil {
            lastGood[piece] = nil
        }
        removedPieces = []
    }

    package var rejections: [Rejection] {
        quarantined.map { piece, entry in
            Rejection(
                resource: piece.resource, part: piece.part, origins: entry.form.origins, message: entry.message,
                version: entry.form.hash, servesLastGood: form(of: piece) != nil)
        }.sorted { ($0.resource.description, $0.part ?? "") < ($1.resource.description, $1.part ?? "") }
    }
}

extension ServedSet {
    private mutating func takeDirty() -> DirtyPieces {
        defer { dirty = DirtyPieces() }
        return dirty
    }

    private mutating func remove(_ name: ResourceName) {
        for key in (resources[name] ?? withheld[name]).map({ Array($0.parts.keys) }) ?? [] {
            set(ResourcePiece(name, part: key), nil)
        }
        for piece in quarantined.keys where piece.resource == name { quarantined[piece] = nil }
        withheld[name] = nil
        if resources[name] != nil { set(ResourcePiece(name), nil) }
    }

    private mutating func set(_ piece: ResourcePiece, _ form: PieceForm?) {
        if let refused = quarantined[piece] {
            if let form, refused.form.hash == form.hash {
                quarantined[piece]?.form = form
                return
            }
            quarantined[piece] = nil
        }
        if piece.part == nil { retained.remove(piece.resource) }
        replace(piece, form)
    }

    private mutating func replace(_ piece: ResourcePiece, _ form: PieceForm?) {
        let old = stored(piece)
        if let old, let form, old.hash == form.hash {
            write(piece, form, isNew: false)
            return
        }
        if old == nil, form == nil { return }
        if let old, !unproven.contains(piece) { lastGood[piece] = old }
        if form == nil {
            // A cluster may have to be retained before its endpoints were acknowledged; then these are the best there are.
            if piece.resource.type == .clusterLoadAssignment, lastGood[piece] == nil { lastGood[piece] = old }
            unproven.remove(piece)
            removedPieces.insert(piece)
        } else if let good = lastGood[piece], good.hash == form?.hash {
            unproven.remove(piece)
            lastGood[piece] = nil
        } else {
            unproven.insert(piece)
        }
        write(piece, form)
    }

    /// What is served, or waits in a withheld resource to be.
    private func stored(_ piece: ResourcePiece) -> PieceForm? {
        guard piece.part != nil else { return form(of: piece) }
        return form(of: piece) ?? withheld[piece.resource]?[piece.part]
    }

    private mutating func write(_ piece: ResourcePiece, _ form: PieceForm?, isNew: Bool = true) {
        if let key = piece.part {
            if resources[piece.resource] != nil {
                resources[piece.resource]?.setPart(key, form)
            } else {
                withheld[piece.resource]?.setPart(key, form)
            }
        } else if let form {
            if let parked = withheld.removeValue(forKey: piece.resource) { resources[piece.resource] = parked }
            resources[piece.resource]?.setHead(form)
            if resources[piece.resource] == nil { resources[piece.resource] = CompositeResource(head: form) }
        } else {
            resources[piece.resource] = nil
        }
        if isNew { dirty.insert(piece) }
    }

    /// Puts back what the served fallbacks refer to, and drops what they no longer do.
    private mutating func retainWhatFallbacksNeed() {
        guard !quarantined.isEmpty || !retained.isEmpty else { return }
        var needed: Set<ResourceName> = []
        var open = quarantined.keys.compactMap { form(of: $0)?.references }.reduce(into: Set()) { $0.formUnion($1) }
        while let name = open.popFirst() {
            let head = ResourcePiece(name)
            let isGone = resources[name] == nil && withheld[name] == nil
            if isGone, let form = lastGood[head] {
                lastGood[head] = nil
                retained.insert(name)
                write(head, form)
            }
            guard retained.contains(name), needed.insert(name).inserted else { continue }
            open.formUnion(form(of: head)?.references ?? [])
        }
        for name in retained.subtracting(needed) {
            retained.remove(name)
            replace(ResourcePiece(name), nil)
        }
    }
}

extension ServedSet {
    /// Every piece in the last form that a proxy accepted: what is safe to serve after a restart.
    package var lastGoodSet: [AcceptedResource] {
        var found: [ResourceName: AcceptedResource] = [:]
        for (name, resource) in resources {
            guard let head = goodForm(of: ResourcePiece(name), serving: resource.head) else { continue }
            var accepted = AcceptedResource(name: name, head: head)
            for (key, part) in resource.parts {
                accepted.parts[key] = goodForm(of: ResourcePiece(name, part: key), serving: part)
            }
            found[name] = accepted
        }
        addRemovedButNeeded(to: &found)
        return found.values.sorted { $0.name < $1.name }
    }

    private func goodForm(of piece: ResourcePiece, serving form: PieceForm) -> PieceForm? {
        unproven.contains(piece) ? lastGood[piece] : form
    }

    /// Routes that are not replaced yet may refer to clusters that are removed already.
    private func addRemovedButNeeded(to found: inout [ResourceName: AcceptedResource]) {
        for (piece, form) in lastGood where piece.part == nil && found[piece.resource] == nil {
            found[piece.resource] = AcceptedResource(name: piece.resource, head: form)
        }
        for (piece, form) in lastGood {
            guard let key = piece.part, found[piece.resource]?.parts[key] == nil else { continue }
            found[piece.resource]?.parts[key] = form
        }
    }
}

/// A resource as a proxy accepted it.
package struct AcceptedResource: Hashable, Sendable {
    package var name: ResourceName
    package var head: PieceForm
    package var parts: [String: PieceForm] = [:]
}

/// Why a wanted piece is not served as it is wanted.
package struct Rejection: Hashable, Sendable {
    package var resource: ResourceName
    package var part: String?
    package var origins: [Origin]
    /// Envoy's words.
    package var message: String
    package var version: ContentHash
    /// Whether its last accepted form is served instead of nothing.
    package var servesLastGood: Bool
}
