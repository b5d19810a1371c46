//! Live settings: those of all servers, and those that one server has of its own.

use super::MemoryStore;
use crate::records::server::ServerId;
use crate::records::{OwnChanges, ServerSettings, Settings, StoreError};
use crate::settings::Setting;

fn check_shared(name: &str) -> Result<(), StoreError> {
    let is_known = Setting::named(name).is_some_and(|setting| setting.live.is_some());
    if is_known { Ok(()) } else { Err(StoreError::UnknownSetting(name.to_owned())) }
}

fn check_own(name: &str) -> Result<(), StoreError> {
    let live = Setting::named(name).and_then(|setting| setting.live);
    if live.is_some_and(|live| live.may_be_own) {
        Ok(())
    } else {
        Err(StoreError::UnknownSetting(name.to_owned()))
    }
}

/// Changes a setting from `old` to `new`; returns false where it was something else.
fn replace(settings: &mut Settings, name: &str, old: Option<&str>, new: Option<&str>) -> bool {
    let is_old = settings.get(name).map(String::as_str) == old;
    if is_old {
        change(settings, name, new);
    }
    is_old
}

fn change(settings: &mut Settings, name: &str, value: Option<&str>) {
    match value {
        Some(value) => settings.insert(name.to_owned(), value.to_owned()),
        None => settings.remove(name),
    };
}

impl MemoryStore {
    /// Returns the settings of all servers that are set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.contents().settings.clone()
    }

    /// Returns the settings as `server` finds them.
    #[must_use]
    pub fn settings_of(&self, server: &ServerId) -> ServerSettings {
        let contents = self.contents();
        let own = contents.own_settings.get(server).cloned().unwrap_or_default();
        ServerSettings { shared: contents.settings.clone(), own, store_id: contents.store_id() }
    }

    /// Sets a setting of all servers, or removes it; returns true if it was set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    pub fn change_setting(&mut self, name: &str, value: Option<&str>) -> Result<bool, StoreError> {
        check_shared(name)?;
        let settings = &mut self.contents().settings;
        let was_set = settings.contains_key(name);
        change(settings, name, value);
        Ok(was_set)
    }

    /// Changes a setting of all servers from `old` to `new`; returns false where it was something else.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    pub fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        check_shared(name)?;
        Ok(replace(&mut self.contents().settings, name, old, new))
    }

    /// Sets those of `defaults` that are not set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`]; then nothing was written.
    pub fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        defaults.keys().try_for_each(|name| check_shared(name))?;
        let mut contents = self.contents();
        for (name, value) in defaults {
            contents.settings.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Ok(())
    }

    /// Sets and removes settings that `server` has of its own.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`]; then nothing was written.
    pub fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        changes.keys().try_for_each(|name| check_own(name))?;
        let mut contents = self.contents();
        let own = contents.own_settings.entry(server.clone()).or_default();
        changes.iter().for_each(|(name, value)| change(own, name, value.as_deref()));
        Ok(())
    }

    /// Changes a setting that `server` has of its own from `old` to `new`; returns false where it was something else.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    pub fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        check_own(name)?;
        Ok(replace(self.contents().own_settings.entry(server.clone()).or_default(), name, old, new))
    }
}
