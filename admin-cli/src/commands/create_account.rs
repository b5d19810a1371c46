//! `account create`: an account with its character, made by the game's own rules.

use std::path::Path;

use clap::Args;
use pyao_core::content::Content;
use pyao_core::game::accounts::{self, Choices, Class, Created, FormFault, Gender, Race};
use pyao_core::settings::Config;

use super::{Context, kinds, new_password};
use crate::failure::{Code, Failure};
use crate::output::{Change, Reply};

/// The choices for a new character.
#[derive(Debug, Args)]
pub struct NewAccount {
    /// Name of the character
    name: String,
    /// Mail address
    #[arg(long)]
    email: String,
    /// Race
    #[arg(long, default_value = "human", value_parser = kinds::parser(kinds::RACES))]
    race: Race,
    /// Gender
    #[arg(long, default_value = "male", value_parser = kinds::parser(kinds::GENDERS))]
    gender: Gender,
    /// Class
    #[arg(long, default_value = "warrior", value_parser = kinds::class_parser())]
    class: Class,
    /// Graphic of the head [default: the first that race and gender have]
    #[arg(long, value_name = "NUMBER")]
    head: Option<i16>,
    /// Home city: 1 Ullathorpe, 2 Nix, 3 Banderbill, 4 Lindos, 5 Arghal, 6 Arkhein
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    home: u8,
    /// Show what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Creates an account: `account create`. Checks first, asks for the password only then.
pub fn create(context: &mut Context, arguments: NewAccount) -> Result<Reply, Failure> {
    let dry_run = arguments.dry_run;
    let content = content(context)?;
    let form = accounts::check(arguments.into(), &content).map_err(refused)?;
    if context.store.find_account(form.name())?.is_some() {
        return Err(Failure::new(Code::Failed, format!("the name {:?} is taken", form.name()))
            .hint("choose another name"));
    }
    let password = new_password::read(form.name())?;
    accounts::check_password(&password).map_err(refused)?;

    let seed = getrandom::u64()
        .map_err(|error| Failure::new(Code::Failed, format!("no random numbers: {error}")))?;
    let config = effective_settings(context)?;
    let Created { mut account, character, start } =
        accounts::create(form, &config, &content, context.now, seed);
    let what = format!("account {}", account.username);
    let mut new = "created".to_owned();
    if !dry_run {
        account.password_hash = new_password::hash(context, password)?;
        let user_id = context.store.create_account(&account, &character)?;
        new = format!("created with number {user_id}");
    }
    Ok(Reply::Change(Change {
        what,
        old: None,
        new: Some(new),
        dry_run,
        effect: format!("may enter at once, on map {} at {},{}", start.map, start.x, start.y),
        ..Change::default()
    }))
}

impl From<NewAccount> for Choices {
    fn from(arguments: NewAccount) -> Self {
        let NewAccount { name, email, race, gender, class, head, home, dry_run: _ } = arguments;
        Self { name, email, race, gender, class, head, home }
    }
}

fn refused(fault: FormFault) -> Failure {
    Failure::new(Code::Usage, fault.to_string()).hint("nothing was written")
}

/// Loads the world of the configuration: it forbids names, changes dice and knows the cities.
fn content(context: &Context) -> Result<Content, Failure> {
    let data = &context.loaded.config.world.data;
    if data.is_empty() {
        return Ok(Content::starter());
    }
    let (content, _) = Content::load(Path::new(data)).map_err(|error| {
        Failure::new(Code::Failed, format!("cannot load the world: {data}: {error}"))
            .hint("`pyao-server --check` says more about it")
    })?;
    Ok(content)
}

/// Returns the settings as live servers have them.
fn effective_settings(context: &mut Context) -> Result<Config, Failure> {
    let stored = context.store.settings()?;
    let mut loaded = context.loaded.clone();
    // `config list` names the values in the store that are not valid.
    let _ = loaded.lay_store_over(&stored);
    Ok(loaded.config)
}
