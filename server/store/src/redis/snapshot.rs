//! A snapshot of everything: Redis writes it into a file of its own, on its own machine.

use std::net::IpAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use redis::Value;

use super::commands::Commands;
use super::values::{Hash, Replies, integer, lossy_text};
use super::{Endpoint, RedisError, RedisStore};
use crate::StoreError;
use crate::keyspace::ACCOUNTS_NAMES;

/// Between two looks whether the snapshot is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks that find Redis at nothing before the snapshot counts as failed: one that has to wait for a rewrite of the log
/// begins a moment after that has ended.
const IDLE_LOOKS: u32 = 50;

/// A snapshot that Redis has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its file, as the machine of Redis names it; `None` when Redis does not tell.
    pub file: Option<PathBuf>,
    /// Accounts in it, as of now.
    pub accounts: u64,
    /// True if Redis was asked at an address of this machine. It may still run in a container with files of its own.
    pub is_local: bool,
}

/// State of the snapshots, as Redis reports it.
#[derive(Debug, PartialEq, Eq)]
struct Progress {
    /// Snapshots begun since it started.
    begun: u64,
    /// True if one is being written.
    is_saving: bool,
    /// True if its log is being written anew, or soon will be: a snapshot waits for that.
    is_rewriting: bool,
    /// Outcome of the last one.
    last_status: String,
}

impl RedisStore {
    /// Lets Redis write a snapshot, waits until it is done, and says where it is.
    ///
    /// # Errors
    /// Redis cannot write it.
    pub fn snapshot(&mut self) -> Result<Snapshot, StoreError> {
        let before = self.snapshot_begins()?;
        let mut idle_looks = 0;
        let last_status = loop {
            let now = self.snapshot_progress()?;
            idle_looks = if now.is_saving || now.is_rewriting { 0 } else { idle_looks + 1 };
            let is_done = now.begun > before.begun && !now.is_saving;
            if is_done || idle_looks > IDLE_LOOKS {
                break if is_done { now.last_status } else { "none was begun".to_owned() };
            }
            thread::sleep(LOOK_EVERY);
        };
        if last_status != "ok" {
            let address = &self.link.address;
            let reason =
                format!("it wrote no snapshot (rdb_last_bgsave_status: {last_status}), its log says why");
            return Err(RedisError::Refused {
                place: address.place(),
                reason,
                redis_cli: address.redis_cli(),
            }
            .into());
        }
        self.snapshot_place()
    }

    /// Asks for a snapshot of now: one that is being written already does not hold what came after its beginning.
    fn snapshot_begins(&mut self) -> Result<Progress, StoreError> {
        loop {
            let before = self.snapshot_progress()?;
            match self.command("BGSAVE", &["SCHEDULE"]) {
                Ok(_) => return Ok(before),
                Err(error) if !before.is_saving && !self.snapshot_progress()?.is_saving => {
                    return Err(error);
                }
                Err(_) => thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn snapshot_progress(&mut self) -> Result<Progress, StoreError> {
        let info = lossy_text(&self.command("INFO", &["persistence"])?);
        Ok(progress(&info))
    }

    /// Returns the snapshot that Redis wrote last or, at its next start, reads.
    ///
    /// # Errors
    /// Redis does not answer.
    pub fn snapshot_place(&mut self) -> Result<Snapshot, StoreError> {
        let is_local = match &self.link.address.endpoint {
            Endpoint::Unix(_) => true,
            Endpoint::Tcp(host, _) => {
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        };
        let ask = |commands: &mut Commands| {
            commands.add("CONFIG").arg("GET").arg("dir");
            commands.add("CONFIG").arg("GET").arg("dbfilename");
            commands.add("HLEN").arg(ACCOUNTS_NAMES);
        };
        self.ask(ask, |replies: &mut Replies| {
            // A hosted Redis may refuse to tell.
            let mut setting = |name: &str| {
                let found = Hash::new("CONFIG", replies.next().unwrap_or(Value::Nil)).ok()?;
                found.get(name).map(PathBuf::from)
            };
            let (folder, name) = (setting("dir"), setting("dbfilename"));
            let file = folder.zip(name).map(|(folder, name)| folder.join(name));
            Ok(Snapshot { file, accounts: integer(ACCOUNTS_NAMES, replies.next()?)?, is_local })
        })
    }
}

fn progress(info: &str) -> Progress {
    let field = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    let is_on = |name| field(name).is_some_and(|value| value != "0");
    Progress {
        begun: field("rdb_saves").and_then(|count| count.parse().ok()).unwrap_or(0),
        is_saving: is_on("rdb_bgsave_in_progress"),
        is_rewriting: is_on("aof_rewrite_in_progress") || is_on("aof_rewrite_scheduled"),
        last_status: field("rdb_last_bgsave_status").unwrap_or("unknown").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_says_of_its_snapshots_is_read() {
        let info =
            "# Persistence\r\nrdb_bgsave_in_progress:1\r\nrdb_last_bgsave_status:err\r\nrdb_saves:12\r\n";
        let last_status = "err".to_owned();
        assert_eq!(progress(info), Progress { begun: 12, is_saving: true, is_rewriting: false, last_status });
        let rewriting = progress("aof_rewrite_in_progress:1\r\n");
        assert!(rewriting.is_rewriting && !rewriting.is_saving, "{rewriting:?}");
    }
}
