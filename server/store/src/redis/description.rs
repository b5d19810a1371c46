//! The description of a Redis and of its safety, read from its own settings.

use redis::Value;

use super::address::RedisAddress;
use super::commands::Commands;
use super::values::{Hash, Replies, lossy_text};
use crate::{StoreDescription, StoreError};

/// Asks for everything that [`described`] reads.
pub(super) fn ask(commands: &mut Commands) {
    commands.add("INFO").arg("server");
    for setting in ["appendonly", "appendfsync", "save", "maxmemory-policy"] {
        commands.add("CONFIG").arg("GET").arg(setting);
    }
}

/// The settings by which Redis writes to the disk and treats a full memory. `None` where it does not tell.
struct Persistence {
    append_only: Option<String>,
    flush: Option<String>,
    snapshots: Option<String>,
    eviction: Option<String>,
}

/// Reads what [`ask`] asked.
pub(super) fn described(
    replies: &mut Replies,
    address: &RedisAddress,
) -> Result<StoreDescription, StoreError> {
    let info = lossy_text(&replies.next()?);
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("unknown");
    // A hosted Redis may refuse to tell.
    let mut setting = |name: &str| {
        let answer = replies.next().unwrap_or(Value::Nil);
        Hash::new("CONFIG", answer).ok().and_then(|found| found.get(name).map(str::to_owned))
    };
    let persistence = Persistence {
        append_only: setting("appendonly"),
        flush: setting("appendfsync"),
        snapshots: setting("save"),
        eviction: setting("maxmemory-policy"),
    };
    Ok(StoreDescription {
        summary: format!("Redis {version} at {address}"),
        loss_window: loss_window(&persistence).to_owned(),
        warnings: warnings(&persistence),
    })
}

fn loss_window(persistence: &Persistence) -> &'static str {
    let flush = persistence.flush.as_deref();
    match (persistence.append_only.as_deref(), persistence.snapshots.as_deref()) {
        (Some("yes"), _) if flush == Some("always") => "nothing that was committed: appendfsync is always",
        (Some("yes"), _) if flush == Some("no") => "up to half a minute: appendfsync is no",
        (Some("yes"), _) => "about one second: appendfsync is everysec",
        (Some(_), Some("")) => "everything: Redis writes nothing to disk",
        (Some(_), _) => "minutes, since the last snapshot: appendonly is off",
        (None, _) => "unknown: Redis does not tell its settings",
    }
}

fn warnings(persistence: &Persistence) -> Vec<String> {
    let mut warnings = Vec::new();
    if persistence.append_only.as_deref() == Some("no") {
        warnings.push(
            "Redis may lose characters when it stops: switch its log on with CONFIG SET appendonly yes, and in \
             redis.conf"
                .to_owned(),
        );
    }
    if let Some(policy) = persistence.eviction.as_deref().filter(|policy| *policy != "noeviction") {
        warnings.push(format!(
            "Redis may delete characters when its memory is full (maxmemory-policy is {policy}): CONFIG SET \
             maxmemory-policy noeviction, and in redis.conf"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persistence(append_only: &str, flush: &str, snapshots: &str, eviction: &str) -> Persistence {
        let text = |text: &str| Some(text.to_owned());
        Persistence {
            append_only: text(append_only),
            flush: text(flush),
            snapshots: text(snapshots),
            eviction: text(eviction),
        }
    }

    #[test]
    fn the_loss_window_follows_the_settings() {
        let window = |append_only, flush, snapshots| {
            loss_window(&persistence(append_only, flush, snapshots, "noeviction"))
        };
        assert!(window("yes", "always", "").starts_with("nothing"));
        assert!(window("yes", "everysec", "").starts_with("about one second"));
        assert!(window("yes", "no", "").starts_with("up to half a minute"));
        assert!(window("no", "everysec", "3600 1").starts_with("minutes"));
        assert!(window("no", "everysec", "").starts_with("everything"));
        let silent = Persistence { append_only: None, flush: None, snapshots: None, eviction: None };
        assert!(loss_window(&silent).starts_with("unknown"));
        assert!(warnings(&silent).is_empty());
    }

    #[test]
    fn what_can_delete_characters_is_warned_of() {
        assert!(warnings(&persistence("yes", "everysec", "", "noeviction")).is_empty());
        assert_eq!(warnings(&persistence("no", "everysec", "", "noeviction")).len(), 1);
        let both = warnings(&persistence("no", "everysec", "", "allkeys-lru"));
        assert!(both.len() == 2 && both[1].contains("allkeys-lru"), "{both:?}");
    }
}
