//! The traits of a store, one a subject, and [`Store`], which has them all.

mod accounts;
mod characters;
mod requests;
mod servers;
mod sessions;
mod settings;

use std::collections::BTreeMap;

use serde::Serialize;

pub use accounts::Accounts;
pub use characters::Characters;
pub(super) use requests::carry_out_one;
pub use servers::Servers;
pub use sessions::Sessions;
pub use settings::LiveSettings;

use super::records::MapsRecord;
use super::{Reply, Request, StoreError};

/// A description of a store and of its safety, for the log and for tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreDescription {
    /// Kind, version and place in one line, without secrets.
    pub summary: String,
    /// Loss at worst when the machine stops at once, in one line.
    pub loss_window: String,
    /// Advice to the operator, each in one line.
    pub warnings: Vec<String>,
}

/// A store: all subjects, and the store itself.
///
/// Methods may block: they are called on the worker thread, before the loop starts, or by tools. All fail with
/// [`StoreError::Unavailable`] when the store is away; further errors are named where they occur.
pub trait Store: Accounts + Characters + Servers + Sessions + LiveSettings + Send {
    /// Returns the name of this store, drawn when a server first registered; `None` before. See
    /// [`Registration::store_id`](super::server::Registration::store_id).
    ///
    /// # Errors
    /// The store is away.
    fn store_id(&mut self) -> Result<Option<String>, StoreError>;

    /// Returns the maps that a server last accepted for the positions in this store; `None` before one did, or when
    /// somebody has written something else there.
    ///
    /// # Errors
    /// The store is away.
    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError>;

    /// Replaces the record that [`Self::maps`] returns.
    ///
    /// # Errors
    /// The store is away.
    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError>;

    /// Describes this store.
    ///
    /// # Errors
    /// The store is away.
    fn describe(&mut self) -> Result<StoreDescription, StoreError>;

    /// Returns numbers about the store itself by name: `accounts`, `sessions`, and those of its kind.
    ///
    /// # Errors
    /// The store is away.
    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Carries requests out in order and answers each. A store across a network does so in few round trips.
    fn carry_out(&mut self, requests: &[Request]) -> Vec<Reply> {
        requests.iter().map(|request| carry_out_one(self, request)).collect()
    }

    /// Leaves the store as its last server should: no call follows.
    ///
    /// # Errors
    /// [`StoreError::FileReplaced`]: the saved state is where the error says.
    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
