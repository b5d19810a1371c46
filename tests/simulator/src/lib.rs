//! The game under simulated clients: no sockets, no threads of its own, no clock but a virtual one.
//!
//! * [`shadow`]: the picture of a Godot client, built only from the bytes it received.
//! * [`forms`]: the packets of its creation and login screens.
//! * [`driver`]: the game on one thread, for measurements.
//! * [`simulation`]: many shadow clients against the game, with a virtual clock and one seed.
//! * [`fuzzing`]: the functions that the fuzzers run, and the suite that replays their corpus.

pub mod driver;
pub mod forms;
pub mod fuzzing;
pub mod shadow;
pub mod simulation;
