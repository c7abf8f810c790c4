// Holds nothing: `Scripts/generate` builds the generators that this package depends on.
