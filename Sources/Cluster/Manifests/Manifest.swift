package import KubernetesModel

/// One object as it stands in a file.
package struct Manifest: Hashable, Sendable {
    /// Which object this is, as far as its text says.
    package struct Identity: Hashable, Sendable, Comparable, CustomStringConvertible {
        package var apiVersion: String
        package var kind: String
        package var name: ObjectName

        package init(apiVersion: String, kind: String, name: ObjectName) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.name = name
        }

        package var description: String { "\(kind) \(name)" }

        package static func < (a: Identity, b: Identity) -> Bool {
            (a.apiVersion, a.kind, a.name) < (b.apiVersion, b.kind, b.name)
        }
    }

    package var identity: Identity
    package var object: JSONValue
    package var place: Place

    package init(identity: Identity, object: JSONValue, place: Place) {
        self.identity = identity
        self.object = object
        self.place = place
    }
}

/// Where a document begins, as editors and compilers print it: `shop.yaml:12`.
package struct Place: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1.
    package var line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String { "\(file):\(line)" }
}

/// Why a document, or a whole file, could not be read.
package struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    package var place: Place
    package var message: String

    package init(place: Place, message: String) {
        self.place = place
        self.message = message
    }

    package var description: String { "\(place): \(message)" }
}
