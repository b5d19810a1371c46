//! Static data, immutable once loaded.
