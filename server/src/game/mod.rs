//! The rules, a file a system.
