//! The kinds of commands, by the place that their functions work on.

use clap::{ArgMatches, Args, Command};
use pyao_config::Loaded;
use pyao_config::store_choice::Place;
use pyao_store::Store;

use crate::failure::{Code, Failure};
use crate::options::Global;
use crate::output::{Output, Reply};
use crate::place;

/// This run of the program.
pub struct Program<'a> {
    /// Options of every command.
    pub global: &'a Global,
    /// The streams, for warnings and remarks.
    pub output: &'a Output,
    /// Makes the parser of the whole command line, for the commands that describe it.
    pub command_line: fn() -> Command,
}

impl Program<'_> {
    /// Reads the configuration.
    fn configuration(&self) -> Result<Loaded, Failure> {
        let loaded = place::configuration(self.global)?;
        if let Some(warning) = loaded.exposed_password() {
            self.output.warning(&warning);
        }
        Ok(loaded)
    }
}

/// The store that commands work on, with the configuration that names it.
pub struct Context {
    /// The configuration, as this program was told.
    pub loaded: Loaded,
    /// The store that it means.
    pub store: Box<dyn Store>,
    /// Unix seconds.
    pub now: u64,
}

/// The function of a command, with the arguments that it takes.
pub trait Action: Sync {
    /// Adds the arguments to the parser of the command.
    fn arguments(&self, parser: Command) -> Command;

    /// Carries out the command.
    ///
    /// # Errors
    /// See [`Failure`].
    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure>;
}

/// A command on the opened store.
pub struct OnStore<A>(pub fn(&mut Context, A) -> Result<Reply, Failure>);
/// A command on the place of the store, which it opens itself.
pub struct OnPlace<A>(pub fn(Place, A) -> Result<Reply, Failure>);
/// A command on the configuration.
pub struct OnConfiguration<A>(pub fn(&Loaded, A) -> Result<Reply, Failure>);
/// A command on the command line itself.
pub struct OnCommandLine<A>(pub fn(Command, A) -> Result<Reply, Failure>);

/// Takes the arguments of a command from what the parser found.
pub fn read<A: Args>(matches: &ArgMatches) -> Result<A, Failure> {
    A::from_arg_matches(matches).map_err(|error| Failure::new(Code::Usage, error.to_string()))
}

/// Opens the store for `command`, and warns when no server uses it.
pub fn on_store(
    program: &Program<'_>,
    command: impl FnOnce(&mut Context) -> Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    let loaded = program.configuration()?;
    let store = place::open(&loaded, program.output)?;
    let mut context = Context { loaded, store, now: program.output.now() };
    let reply = command(&mut context)?;
    // A change says itself that there is no server to follow it.
    if !matches!(reply, Reply::Change(_)) && context.store.servers()?.is_empty() {
        program.output.warning("no live server uses this store");
    }
    Ok(reply)
}

impl<A: Args> Action for OnStore<A> {
    fn arguments(&self, parser: Command) -> Command {
        A::augment_args(parser)
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        let arguments = read(matches)?;
        on_store(program, |context| (self.0)(context, arguments))
    }
}

impl<A: Args> Action for OnPlace<A> {
    fn arguments(&self, parser: Command) -> Command {
        A::augment_args(parser)
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        (self.0)(place::find(&program.configuration()?, program.output)?, read(matches)?)
    }
}

impl<A: Args> Action for OnConfiguration<A> {
    fn arguments(&self, parser: Command) -> Command {
        A::augment_args(parser)
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        (self.0)(&program.configuration()?, read(matches)?)
    }
}

impl<A: Args> Action for OnCommandLine<A> {
    fn arguments(&self, parser: Command) -> Command {
        A::augment_args(parser)
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        (self.0)((program.command_line)(), read(matches)?)
    }
}
