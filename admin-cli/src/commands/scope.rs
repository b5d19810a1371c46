//! The owner of a live setting: all servers, or one server that has its own.

use pyao_config::live;
use pyao_store::ServerSettings;
use pyao_store::server::{LiveServer, ServerId};

use super::Context;
use crate::failure::{Code, Failure};

/// A live setting in the store, of all servers or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The setting.
    pub name: String,
    /// The server that has it of its own; `None` for that of all servers.
    pub server: Option<ServerId>,
}

/// Returns true if a server may have the setting of its own.
pub fn may_be_own(name: &str) -> bool {
    live::own_keys().any(|key| key == name)
}

impl Scope {
    /// Takes the owner that `--server` names. Without it, the one that the only live server has its value from, so that what is shown is in
    /// force and what is changed takes effect; else that of all servers.
    pub fn of(
        context: &mut Context,
        name: &str,
        server: Option<&ServerId>,
        live: &[LiveServer],
    ) -> Result<Self, Failure> {
        let may_be_own = may_be_own(name);
        let server = match (server, live) {
            (Some(_), _) if !may_be_own => {
                return Err(Failure::new(Code::Usage, format!("{name} is the same for all servers"))
                    .hint("leave --server out"));
            }
            (Some(server), _) => Some(server.clone()),
            (None, [only]) if may_be_own => {
                let stored = context.store.settings_of(&only.run.server)?;
                stored.own.contains_key(name).then(|| only.run.server.clone())
            }
            _ => None,
        };
        Ok(Self { name: name.to_owned(), server })
    }

    /// Returns its name in messages.
    pub fn what(&self) -> String {
        match &self.server {
            Some(server) => format!("{} of {server}", self.name),
            None => self.name.clone(),
        }
    }

    /// Reads the live settings beside it.
    pub fn stored(&self, context: &mut Context) -> Result<ServerSettings, Failure> {
        context.store.check_settings()?;
        Ok(match &self.server {
            Some(server) => context.store.settings_of(server)?,
            None => ServerSettings { shared: context.store.settings()?, ..ServerSettings::default() },
        })
    }

    /// Its value in `stored`; not that of all servers when a server's own is meant.
    pub fn value<'a>(&self, stored: &'a ServerSettings) -> Option<&'a str> {
        let settings = if self.server.is_some() { &stored.own } else { &stored.shared };
        settings.get(&self.name).map(String::as_str)
    }

    /// Sets or removes it.
    pub fn write(&self, context: &mut Context, value: Option<&str>) -> Result<(), Failure> {
        match (&self.server, value) {
            (Some(server), value) => {
                let change = [(self.name.clone(), value.map(str::to_owned))].into();
                context.store.change_own_settings(server, &change)?;
            }
            (None, Some(value)) => context.store.set_setting(&self.name, value)?,
            (None, None) => {
                context.store.unset_setting(&self.name)?;
            }
        }
        Ok(())
    }

    /// Changes it from `old` to `new`; whether it was `old`.
    pub fn replace(
        &self,
        context: &mut Context,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, Failure> {
        Ok(match &self.server {
            Some(server) => context.store.replace_own_setting(server, &self.name, old, new)?,
            None => context.store.replace_setting(&self.name, old, new)?,
        })
    }
}
