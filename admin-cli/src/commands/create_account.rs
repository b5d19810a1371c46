//! `account create`: an account with its character, made by the game's own rules.

use std::path::Path;

use clap::Args;
use pyao_core::base::random::Random;
use pyao_core::content::{Content, Position};
use pyao_core::game::character_form::{self, CharacterForm, FormFault};
use pyao_core::game::dice::Dice;
use pyao_core::game::kinds::{Class, Gender, Race};
use pyao_core::game::names::name_from_command;

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

/// `account create`. Checks first, asks for the password only then.
pub fn create(context: &mut Context, arguments: NewAccount) -> Result<Reply, Failure> {
    let content = content(context)?;
    let form = form(&arguments).check(&content).map_err(refused)?;
    if context.store.find_account(form.name())?.is_some() {
        return Err(Failure::new(Code::Failed, format!("the name {:?} is taken", form.name()))
            .hint("choose another name"));
    }
    let password = new_password::read(form.name())?;
    character_form::check_password(&password).map_err(refused)?;

    let seed = getrandom::u64()
        .map_err(|error| Failure::new(Code::Failed, format!("no random numbers: {error}")))?;
    let mut random = Random::new(seed);
    let dice = Dice::throw(&mut random, dice_range(context)?);
    let start = start(context, &content, form.home(), &mut random);
    let (mut account, character) = form.into_character(dice, start, context.now, &content, &mut random);
    let what = format!("account {}", account.username);
    let mut new = "created".to_owned();
    if !arguments.dry_run {
        account.password_hash = new_password::hash(context, password)?;
        let user_id = context.store.create_account(&account, &character)?;
        new = format!("created with number {user_id}");
    }
    Ok(Reply::Change(Change {
        what,
        old: None,
        new: Some(new),
        dry_run: arguments.dry_run,
        effect: format!("may enter at once, on map {} at {},{}", start.map, start.x, start.y),
        ..Change::default()
    }))
}

fn form(arguments: &NewAccount) -> CharacterForm {
    let first_head = i16::try_from(*arguments.race.heads(arguments.gender).start()).unwrap_or(i16::MAX);
    CharacterForm {
        name: name_from_command(&arguments.name),
        email: arguments.email.clone(),
        race: arguments.race as u8,
        gender: arguments.gender as u8,
        class: arguments.class as u8,
        head: arguments.head.unwrap_or(first_head),
        home: arguments.home,
    }
}

fn refused(fault: FormFault) -> Failure {
    Failure::new(Code::Usage, fault.to_string()).hint("nothing was written")
}

/// The world of the configuration: it forbids names, changes dice and knows the cities.
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

/// The range of the dice as live servers have it.
fn dice_range(context: &mut Context) -> Result<(u8, u8), Failure> {
    let stored = context.store.settings()?;
    let mut loaded = context.loaded.clone();
    // What is not valid in the store is for `config list` to tell.
    let _ = loaded.lay_store_over(&stored);
    let game = &loaded.config.game;
    let die = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    Ok((die(game.dice_min), die(game.dice_max)))
}

/// One of the operator's start positions, or the home city.
fn start(context: &Context, content: &Content, home: u8, random: &mut Random) -> Position {
    let starts = &context.loaded.config.world.start_positions;
    let last = u32::try_from(starts.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let chosen = usize::try_from(random.between(0, last)).unwrap_or_default();
    starts.get(chosen).copied().unwrap_or_else(|| content.city(home))
}
