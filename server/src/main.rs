//! `pyao-server`: the game server.

fn main() {}
