//! Sockets; the only module that knows mio.
//!
//! One thread runs [`event_loop::EventLoop`]: it waits for events, reads what clients say, hands whole packets to the
//! game, and sends what the game wrote, in segments of whole packets. It never waits for anything else: disk and
//! password hashing have threads of their own, whose answers wake the loop. Work in one turn is bounded everywhere,
//! so that one busy client cannot starve the others.
//!
//! Read in this order:
//!
//! 1. [`event_loop`]: one turn, from the wait to the flush; `helpers`: the threads it asks and hears.
//! 2. `clients`: all connections, what each waits for, and how each ends; `connection`: one of them.
//! 3. `accept`: new sockets; `limits`: number of connections and packets; `socket`: sending; `cadence`: its times;
//!    `timings`: the time of a turn by part. The measures against overload: [`crate::ops::overload`].
//! 4. `listen`: ports, and the change to another. Heartbeats and live settings: [`pyao_config::store_link`].
//! 5. `acknowledgement`, `round_trip`, `saved_syn`, `signals`, `reachable`, `descriptors`, `from_config`,
//!    `tokens`: one small subject each; `http`: the ops port.

mod accept;
mod acknowledgement;
mod cadence;
mod clients;
mod connection;
mod descriptors;
pub mod event_loop;
mod from_config;
mod helpers;
mod http;
mod limits;
pub mod listen;
mod reachable;
mod round_trip;
mod saved_syn;
mod signals;
mod socket;
mod timings;
mod tokens;

pub use cadence::Cadence;
pub use descriptors::{Room, allow_connections, raise_limit};
pub use event_loop::{EventLoop, Stop};
pub use limits::ClientLimits;
pub use reachable::reachable_address;
pub use socket::{KernelSocket, SEND_FLAGS};
