//! The game through its inputs and outputs.
