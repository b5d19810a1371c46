//! The store that is meant, and opening it.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;

use pyao_config::flags::Flags;
use pyao_config::store_choice::{Found, OpenedStore, Place, StoreChoice};
use pyao_config::{Config, ConfigError, Loaded};
use pyao_store::Store;
use pyao_store::redis::RedisAddress;

use crate::failure::{Code, Failure};
use crate::options::Global;
use crate::output::Output;
use crate::terminal;

/// Reads the configuration, from the same layers as the server's.
pub fn configuration(global: &Global) -> Result<Loaded, Failure> {
    if global.redis.is_some() && global.store.is_some() {
        return Err(Failure::new(Code::Usage, "--redis and --store name two stores").hint("give one of them"));
    }
    let flags = Flags {
        config: global.config.clone(),
        redis: global.redis.clone(),
        store: global.store.clone(),
        // A named file is the embedded store.
        no_redis: global.store.is_some(),
        ..Flags::default()
    };
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut loaded =
        pyao_config::load(&flags, &environment, Path::new(pyao_config::DEFAULT_FILE)).map_err(|error| {
            let hint = match error {
                ConfigError::Unreadable { .. } => "name another file with --config",
                ConfigError::Faults(_) => {
                    "correct it; `pyao-server --check` shows where each value comes from"
                }
            };
            Failure::new(Code::Usage, error.to_string()).hint(hint)
        })?;
    if global.askpass {
        ask_password(&mut loaded.config)?;
    }
    Ok(loaded)
}

/// Asks for the password of Redis, and enters it into the address that the configuration means.
fn ask_password(config: &mut Config) -> Result<(), Failure> {
    let StoreChoice::Redis { url, .. } = StoreChoice::of(config) else {
        return Err(Failure::new(Code::Usage, "--askpass is for Redis, and this is the embedded store")
            .hint("leave --askpass out, or name a Redis with --redis URL"));
    };
    let address = RedisAddress::parse(&url)?;
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(Code::Refused, "--askpass needs a terminal to ask on")
            .hint("give the password in REDIS_PASSWORD, with REDIS_HOST, or in PYAO_REDIS"));
    }
    let password = terminal::ask_hidden(&format!("password of Redis at {}: ", address.place()))
        .map_err(|error| Failure::new(Code::Failed, format!("cannot read the password: {error}")))?
        .ok_or_else(|| Failure::new(Code::Refused, "no password was typed"))?;
    config.redis.url = RedisAddress { password: Some(password), ..address }.to_url();
    Ok(())
}

/// Looks where the store is that the configuration means, without opening a file.
pub fn find(loaded: &Loaded, output: &Output) -> Result<Place, Failure> {
    let Found { place, redis_failure } = StoreChoice::of(&loaded.config).find()?;
    if let Some(failure) = redis_failure {
        output.remark(&format!("no Redis, so the embedded store: {failure}"));
    }
    Ok(place)
}

/// Opens the store that the configuration means, beside the server that may use it.
pub fn open(loaded: &Loaded, output: &Output) -> Result<Box<dyn Store>, Failure> {
    let OpenedStore { mut store, redis_failure, .. } = StoreChoice::of(&loaded.config).open_for_tool()?;
    if let Some(failure) = redis_failure {
        output.remark(&format!("no Redis, so the embedded store: {failure}"));
    }
    let description = store.describe()?;
    output.remark(&format!("store: {}", description.summary));
    for warning in &description.warnings {
        output.remark(&format!("warning: {warning}"));
    }
    Ok(store)
}
