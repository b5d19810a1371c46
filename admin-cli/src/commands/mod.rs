//! What each command does, a file a family. Commands answer a [`Reply`] and print nothing.

mod accounts;
mod backup;
mod completions;
mod create_account;
mod in_force;
pub mod kinds;
mod man;
mod new_password;
mod redis_check;
mod scope;
mod servers;
mod sessions;
mod settings;

use pyao_config::Loaded;
use pyao_store::Store;

use crate::cli::{AccountCommand, Arguments, Command, ConfigCommand, StoreCommand};
use crate::failure::Failure;
use crate::output::{Output, Reply};
use crate::place;

/// What commands work on.
pub struct Context {
    /// The configuration, as this program was told.
    pub loaded: Loaded,
    /// The store that it means.
    pub store: Box<dyn Store>,
    /// Unix seconds.
    pub now: u64,
}

/// Carries out the command.
pub fn run(arguments: &Arguments, output: &Output) -> Result<Reply, Failure> {
    let configuration = || -> Result<Loaded, Failure> {
        let loaded = place::configuration(&arguments.global)?;
        if let Some(warning) = loaded.exposed_password() {
            output.warning(&warning);
        }
        Ok(loaded)
    };
    match &arguments.command {
        Command::OnStore(command) => {
            let loaded = configuration()?;
            let store = place::open(&loaded, output)?;
            let mut context = Context { loaded, store, now: output.now() };
            let reply = on_store(command, &mut context)?;
            // A change says itself what no server means for it.
            if !matches!(reply, Reply::Change(_)) && context.store.servers()?.is_empty() {
                output.warning("no live server uses this store");
            }
            Ok(reply)
        }
        Command::Backup { file } => backup::back_up(place::find(&configuration()?, output)?, file.as_deref()),
        Command::Restore { file } => backup::restore(place::find(&configuration()?, output)?, file),
        Command::RedisCheck => redis_check::run(&configuration()?),
        Command::Completions { shell } => Ok(completions::completions(*shell)),
        Command::Man { directory } => man::man(directory.as_deref()),
    }
}

fn on_store(command: &StoreCommand, context: &mut Context) -> Result<Reply, Failure> {
    use StoreCommand as On;
    match command {
        On::GetHost { server } => settings::get(context, "server.host", server.as_ref()),
        On::GetPort { server } => settings::get(context, "server.port", server.as_ref()),
        On::GetMaxConnections { server } => settings::get(context, "server.max_connections", server.as_ref()),
        On::SetHost { value, how } => settings::set(context, "server.host", value, how),
        On::SetPort { value, how } => settings::set(context, "server.port", value, how),
        On::SetMaxConnections { value, how } => settings::set(context, "server.max_connections", value, how),
        On::Config(command) => match command {
            ConfigCommand::List => settings::list(context),
            ConfigCommand::Get { name, server } => settings::get(context, name, server.as_ref()),
            ConfigCommand::Set { name, value, how } => settings::set(context, name, value, how),
            ConfigCommand::Unset { name, how } => settings::unset(context, name, how),
            ConfigCommand::Sources => settings::sources(context),
        },
        On::Sessions => sessions::list(context),
        On::Session { who } => sessions::show(context, who),
        On::Online => sessions::online(context),
        On::Connections => servers::connections(context),
        On::Servers => servers::list(context),
        On::Counters => servers::counters(context),
        On::Uptime => servers::uptime(context),
        On::Accounts { after, limit } => accounts::list(context, after.as_deref(), (*limit).into()),
        On::Account(command) => match command {
            AccountCommand::Show { who } => accounts::show(context, who),
            AccountCommand::Create(arguments) => create_account::create(context, arguments),
            AccountCommand::SetPassword { who, dry_run } => accounts::set_password(context, who, *dry_run),
            AccountCommand::SetGm { who, value, how } => accounts::set_gm(context, who, *value, how),
        },
    }
}
