//! Logging through a bounded queue.
