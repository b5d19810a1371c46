//! All traits of a store, for callers with a store of one kind: `use pyao_store::prelude::*`.
//!
//! A `dyn Store` has the methods of all of them without.

pub use crate::traits::{Accounts, Characters, LiveSettings, Servers, Sessions, Store};
