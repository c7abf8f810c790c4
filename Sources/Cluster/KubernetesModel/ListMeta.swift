/// `metav1.ListMeta`.
package struct ListMeta: Codable, Hashable, Sendable {
    package var resourceVersion: String?
    /// The token that asks for the next page; absent or empty on the last one.
    package var `continue`: String?
    package var remainingItemCount: Int64?

    package init(resourceVersion: String? = nil, continue: String? = nil, remainingItemCount: Int64? = nil) {
        self.resourceVersion = resourceVersion
        self.continue = `continue`
        self.remainingItemCount = remainingItemCount
    }
}
