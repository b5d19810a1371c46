//! The commands: a row each in [`table`], and their functions, a file a family. Functions answer a
//! [`Reply`](crate::output::Reply) and print nothing.

mod accounts;
pub mod action;
mod arguments;
mod backup;
mod completions;
mod create_account;
mod in_force;
mod kinds;
mod man;
mod new_password;
mod recipe;
mod redis_check;
mod scope;
mod servers;
mod sessions;
mod settings;
pub mod table;

use action::Context;
