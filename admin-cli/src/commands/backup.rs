//! `backup` and `restore`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use pyao_config::store_choice::{Place, open_file_for_tool};
use pyao_store::prelude::*;
use pyao_store::redis::{RedisStore, Snapshot};
use pyao_store::sqlite;

use crate::failure::{Code, Failure};
use crate::output::{Cell, Record, Reply};

/// Longest difference between the clocks of files and of programs.
const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// The file of a backup.
#[derive(Debug, Args)]
pub struct NewFile {
    /// The new file; may be left out on Redis
    file: Option<PathBuf>,
}

/// Copies the store: `backup`.
pub fn back_up(place: Place, arguments: NewFile) -> Result<Reply, Failure> {
    match (place, arguments.file.as_deref()) {
        (Place::Redis(store), file) => back_up_redis(*store, file),
        (Place::Embedded(_), None) => {
            Err(Failure::new(Code::Usage, "the embedded store is copied into a file, and none is named")
                .hint("usage: pyao-admin backup FILE"))
        }
        (Place::Embedded(path), Some(file)) => {
            let copied = open_file_for_tool(&path)?.back_up(file)?;
            Ok(Reply::Record(Record {
                fields: vec![
                    ("backup", Cell::text(file.display().to_string())),
                    ("accounts", Cell::Number(copied.accounts)),
                    ("size", Cell::Bytes(copied.bytes)),
                    ("checked", Cell::Flag(true)),
                ],
            }))
        }
    }
}

/// The file that is put in place.
#[derive(Debug, Args)]
pub struct BackupFile {
    /// File that `backup` wrote, or a copy that a server rescued
    file: PathBuf,
}

/// Puts a copy in place: `restore`.
pub fn restore(place: Place, BackupFile { file }: BackupFile) -> Result<Reply, Failure> {
    let path = match place {
        Place::Redis(store) => return Err(restore_on_redis(*store, &file)),
        Place::Embedded(path) => path,
    };
    let restored = sqlite::restore(&file, &path)?;
    let aside = restored.aside.map_or(Cell::None, |aside| Cell::text(aside.display().to_string()));
    Ok(Reply::Record(Record {
        fields: vec![
            ("store", Cell::text(restored.database.display().to_string())),
            ("accounts", Cell::Number(restored.copied.accounts)),
            ("size", Cell::Bytes(restored.copied.bytes)),
            ("before", aside),
        ],
    }))
}

fn back_up_redis(mut store: RedisStore, file: Option<&Path>) -> Result<Reply, Failure> {
    if let Some(file) = file.filter(|file| file.symlink_metadata().is_ok()) {
        let message = format!("{} is there already", file.display());
        return Err(Failure::new(Code::Usage, message).hint("choose another name"));
    }
    let begun = SystemTime::now();
    let snapshot = store.snapshot()?;
    let written = match &snapshot.file {
        Some(written) => written.display().to_string(),
        None => "(Redis does not tell: see dir and dbfilename in its configuration)".to_owned(),
    };
    let mut fields =
        vec![("redis_file", Cell::text(&written)), ("accounts", Cell::Number(snapshot.accounts))];
    if let Some(file) = file {
        let size = copy_snapshot(&snapshot, begun, file).map_err(|reason| {
            let message = format!("Redis wrote {written}, but not to {}: {reason}", file.display());
            Failure::new(Code::Failed, message).hint("copy the file from the machine of Redis")
        })?;
        fields.insert(0, ("backup", Cell::text(file.display().to_string())));
        fields.push(("size", Cell::Bytes(size)));
    }
    Ok(Reply::Record(Record { fields }))
}

/// Copies a snapshot that was `begun` then to the new file `target`, readable by its owner alone. The bytes of it, or
/// why there is none.
fn copy_snapshot(snapshot: &Snapshot, begun: SystemTime, target: &Path) -> Result<u64, String> {
    let source = snapshot.file.as_deref().filter(|_| snapshot.is_local);
    let source = source.ok_or("it is on the machine of Redis")?;
    let copy = || {
        let mut from = File::open(source)?;
        // A file of the same name here may be another Redis's.
        if from.metadata()?.modified()? + CLOCK_SLACK < begun {
            return Err(io::Error::other("the file of that name on this machine is older"));
        }
        let mut to = OpenOptions::new().create_new(true).write(true).mode(0o600).open(target)?;
        let written = io::copy(&mut from, &mut to).and_then(|bytes| to.sync_all().map(|()| bytes));
        written.inspect_err(|_| {
            // A part of a backup is none.
            let _ = fs::remove_file(target);
        })
    };
    copy().map_err(|error| error.to_string())
}

/// Explains that Redis reads a backup at its own start, with the steps.
fn restore_on_redis(mut store: RedisStore, file: &Path) -> Failure {
    let servers = match store.servers() {
        Ok(servers) => servers,
        Err(error) => return error.into(),
    };
    if let Some(server) = servers.first() {
        let message = format!("server {} runs on this Redis", server.run.server);
        return Failure::new(Code::Refused, message).hint("stop every server first");
    }
    let place = store.snapshot_place().ok().and_then(|place| place.file);
    let place = place.map_or_else(|| "dbfilename in its dir".to_owned(), |place| place.display().to_string());
    let steps = format!(
        "stop Redis, move appendonlydir away, copy {} to {place}, start Redis with appendonly no, then redis-cli CONFIG \
         SET appendonly yes (redis/README.md, Backup)",
        file.display()
    );
    Failure::new(Code::Failed, "Redis reads its files only when it starts").hint(steps)
}
