//! The contract of every store, on a real Redis.

mod faults;
mod keys;
mod server;

use super::*;
use crate::store::contract::store_contract;
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
