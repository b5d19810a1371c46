//! The contract of every store, on a real Redis.

mod emptied;
mod faults;
mod keys;
mod measure;
mod outages;
mod previous;
mod server;
mod settings;

use super::*;
use crate::contract::store_contract;
use server::TestRedis;

/// An empty Redis; `None` where none is installed.
struct Fixture(Option<TestRedis>);

impl Fixture {
    fn new() -> Self {
        Self(server::is_installed().then(|| TestRedis::start(&["--appendonly", "no"])))
    }

    fn connect(&self) -> Option<Box<dyn Store>> {
        self.0.as_ref().map(|redis| Box::new(redis.store()) as Box<dyn Store>)
    }
}

store_contract!(Fixture);

#[test]
fn the_small_tree_of_crates_is_kept() {
    let lock = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let lock = std::fs::read_to_string(lock).unwrap();
    // A newer one brings twenty crates of Unicode data, for host names that are not ASCII.
    // To pin it again: cargo update -p idna_adapter --precise 1.0.0
    assert!(lock.contains("name = \"idna_adapter\"\nversion = \"1.0.0\"\n"));
}
