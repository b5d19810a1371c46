//! Requests by way of the other methods.

use super::Store;
use crate::server::ServerId;
use crate::{Reply, Request, ServerSettings, StoreError};

/// Sets the shared settings that are not set, and those that `server` has of its own.
fn seed_settings<S: Store + ?Sized>(
    store: &mut S,
    server: &ServerId,
    settings: &ServerSettings,
) -> Result<(), StoreError> {
    store.seed_settings(&settings.shared)?;
    let own = settings.own.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    store.change_own_settings(server, &own.collect())
}

/// Carries out one request by the method that it asks for.
pub(crate) fn carry_out_one<S: Store + ?Sized>(store: &mut S, request: &Request) -> Reply {
    match *request {
        Request::LoadAccount { ticket, ref name } => {
            Reply::Account { ticket, result: store.load_account(name).map(|found| found.map(Box::new)) }
        }
        Request::CreateAccount { ticket, ref account, ref character } => {
            Reply::Created { ticket, result: store.create_account(account, character) }
        }
        Request::SaveCharacters { ticket, ref saves } => {
            Reply::Saved { ticket, result: store.save_characters(saves) }
        }
        Request::SetPasswordHash { ticket, user_id, ref password_hash } => {
            Reply::Saved { ticket, result: store.set_password_hash(user_id, password_hash) }
        }
        Request::OpenSession { ticket, ref session } => {
            Reply::SessionOpened { ticket, result: store.open_session(session) }
        }
        Request::WriteSessions { ticket, ref writes } => {
            Reply::Saved { ticket, result: store.write_sessions(writes) }
        }
        Request::Heartbeat { ticket, ref status } => {
            Reply::Heartbeat { ticket, result: store.heartbeat(status) }
        }
        Request::SeedSettings { ticket, ref server, ref settings } => {
            Reply::Saved { ticket, result: seed_settings(store, server, settings) }
        }
        Request::ReadSettings { ticket, ref server } => {
            Reply::Settings { ticket, result: store.settings_of(server) }
        }
        Request::RestoreAccounts { ticket, ref accounts } => {
            Reply::Saved { ticket, result: store.restore_accounts(accounts) }
        }
    }
}
