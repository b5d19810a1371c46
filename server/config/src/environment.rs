//! The environment: `PYAO_SECTION__KEY` for every setting, and short names for those that have a flag.

use std::collections::BTreeMap;

use super::flags::SHORT;
use super::{Given, Layers, SETTINGS, Setting, Source, redis_environment, suggest};

/// Names the configuration file.
pub(super) const CONFIG_FILE: &str = "PYAO_CONFIG";
/// Turns Redis off, as `--no-redis` does.
const NO_REDIS: &str = "PYAO_NO_REDIS";
/// Gives the address of Redis and turns it on, as `--redis` does.
const REDIS: &str = "PYAO_REDIS";

/// Lays the variables over what the file gave.
pub(super) fn apply(environment: &BTreeMap<String, String>, layers: &mut Layers) {
    redis_environment::apply(environment, layers);
    for (variable, text) in environment {
        if variable.starts_with("PYAO_") && variable.contains("__") {
            apply_long(variable, text, layers);
        }
    }
    for (_, variable, key) in SHORT {
        if let Some(text) = environment.get(variable) {
            layers.set(key, &Given::Text(text.clone()), Source::Environment(variable.to_owned()));
        }
    }
    if environment.get(REDIS).is_some_and(|url| !url.is_empty()) {
        layers.set("redis.enabled", &Given::Boolean(true), Source::Environment(REDIS.to_owned()));
    }
    if let Some(text) = environment.get(NO_REDIS) {
        apply_no_redis(text, layers);
    }
}

fn apply_long(variable: &str, text: &str, layers: &mut Layers) {
    let at = Source::Environment(variable.to_owned());
    match SETTINGS.iter().find(|setting| setting.variable() == variable) {
        Some(setting) => layers.set(setting.key, &Given::Text(text.to_owned()), at),
        None => {
            let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
            let hint = suggest::hint(variable, names.iter().map(String::as_str));
            layers.fault(at, format!("no such setting{hint}"));
        }
    }
}

/// Turns Redis off on `1`, and changes nothing on `0`.
fn apply_no_redis(text: &str, layers: &mut Layers) {
    let at = Source::Environment(NO_REDIS.to_owned());
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "0" | "false" | "no" | "off" => {}
        "1" | "true" | "yes" | "on" => layers.set("redis.enabled", &Given::Boolean(false), at),
        _ => layers.fault(at, format!("expected 1 or 0, found {text:?}")),
    }
}
