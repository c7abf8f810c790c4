import JWTKit

/// Who may have signed, for whom.
actor TokenKeys {
    private static let mostKeys = 16

    private let keySet: String
    private let issuer: String?
    private let audiences: [String]
    private var collection: JWTKeyCollection?

    init(keySet: String, issuer: String?, audiences: [String]) {
        self.keySet = keySet
        self.issuer = issuer
        self.audiences = audiences
    }

    /// `nil` where no key fits the signature, or there is none: an unsigned token never verifies.
    func verified(_ token: String) async -> TokenPayload? {
        guard let collection = await keys() else { return nil }
        // Whatever is wrong with a token, it says nothing.
        return try? await collection.verify(token, as: TokenPayload.self, iteratingKeys: true)
    }

    nonisolated func accepts(_ payload: TokenPayload) -> Bool {
        if let issuer, payload.claims.text(at: ["iss"]) != issuer { return false }
        return audiences.isEmpty || !payload.audiences.isDisjoint(with: audiences)
    }

    private func keys() async -> JWTKeyCollection? {
        if let collection { return collection }
        guard let keySet = JWKS(readingKeysOf: keySet, atMost: Self.mostKeys) else { return nil }
        let new = JWTKeyCollection()
        for key in keySet.keys {
            // A key of an unknown kind leaves the others useful.
            _ = try? await new.add(jwk: key)
        }
        collection = new
        return new
    }
}
