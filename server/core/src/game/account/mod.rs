//! Accounts: logging in, creating a character, changing a password, and the limits of those attempts.

pub(super) mod attempts;
pub mod character_form;
pub(super) mod claim;
pub(super) mod creation;
pub(super) mod creation_limit;
pub(super) mod dice;
pub(super) mod login;
pub(super) mod login_limit;
pub mod names;
pub(super) mod password;
pub(super) mod password_queue;
pub(super) mod refusal;
pub(super) mod rolls;
pub(super) mod wrong_passwords;
