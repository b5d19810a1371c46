//! Live settings: those of all servers, and those that one server has of its own.

use crate::server::ServerId;
use crate::{OwnChanges, ServerSettings, Settings, StoreError};

/// The live settings of a store, as raw text: their meaning is the servers' business.
pub trait LiveSettings {
    /// Returns the settings of all servers that are set. Cheap enough for once a second.
    ///
    /// # Errors
    /// The store is away.
    fn settings(&mut self) -> Result<Settings, StoreError>;

    /// Returns the settings as `server` finds them. Cheap enough for once a second.
    ///
    /// # Errors
    /// The store is away.
    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError>;

    /// Checks that every setting of all servers that is there is text. [`Self::settings`] takes one that is none for
    /// unset, so that a running server goes on following the others.
    ///
    /// # Errors
    /// Names the key that holds something else.
    fn check_settings(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// As [`Self::check_settings`], for the settings that `server` has of its own.
    ///
    /// # Errors
    /// Names the key that holds something else.
    fn check_own_settings(&mut self, _server: &ServerId) -> Result<(), StoreError> {
        Ok(())
    }

    /// Sets a setting of all servers to `value`, whatever it means.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError>;

    /// Removes a setting of all servers; returns true if it was set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError>;

    /// Changes a setting of all servers from `old` to `new`, `None` being unset, in one step; returns false, and writes
    /// nothing, when it is something else meanwhile.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Sets those of `defaults` that are not set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`]; then nothing was written.
    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError>;

    /// Sets and removes settings that `server` has of its own, whatever they mean.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`] for a setting that no server has of its own; then nothing was written.
    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError>;

    /// As [`LiveSettings::replace_setting`], for a setting that `server` has of its own.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`] for a setting that no server has of its own.
    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError>;
}
