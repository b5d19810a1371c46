//! What is where, and who sees whom.
