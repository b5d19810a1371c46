//! Bots that are on their way into the world, and how long it takes them.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};

use crate::PACE;
use crate::histogram::Histogram;
use crate::stage::Stage;

/// A login that takes longer has failed.
const LOGIN_PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "secreto1";

/// Way in which a bot comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It throws the dice and creates its character.
    Create,
    /// It logs in with the character that it created before.
    Login,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Arrivals {
    coming: Vec<Coming>,
    /// Microseconds from connecting until the bot knew its own character.
    pub times: Histogram,
}

#[derive(Debug)]
struct Coming {
    number: usize,
    way: Way,
    since: Instant,
    /// True if it has sent the form.
    has_asked: bool,
}

impl Arrivals {
    /// Returns true if no bot is on the way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.coming.is_empty()
    }

    /// Returns true if that bot is on the way.
    #[must_use]
    pub fn has(&self, number: usize) -> bool {
        self.coming.iter().any(|coming| coming.number == number)
    }

    /// Connects a bot, which asks to come in.
    ///
    /// # Errors
    /// Fails if the server does not accept the connection.
    pub fn begin(&mut self, stage: &mut Stage, number: usize, way: Way) -> Result<()> {
        let since = Instant::now();
        stage.connect(number)?;
        match way {
            Way::Create => stage.send(number, &ClientPacket::ThrowDices),
            Way::Login => {
                let packet = login_packet(&stage.crowd.clients[number].name, PASSWORD);
                stage.send(number, &packet)
            }
        };
        self.coming.push(Coming { number, way, since, has_asked: way == Way::Login });
        Ok(())
    }

    /// Goes on with all of them, after the bots were read.
    ///
    /// # Errors
    /// Fails if the server refuses a bot, closes its connection or lets it wait for too long.
    pub fn go_on(&mut self, stage: &mut Stage) -> Result<()> {
        for place in (0..self.coming.len()).rev() {
            let coming = &mut self.coming[place];
            let client = &stage.crowd.clients[coming.number];
            if client.shadow.position().is_some() {
                self.times.record(u64::try_from(coming.since.elapsed().as_micros())?);
                self.coming.swap_remove(place);
                continue;
            }
            if let Some(error) = client.shadow.errors.first() {
                bail!("{} was refused: {error}", client.name);
            }
            if let Some(cause) = &client.closed {
                bail!("{} could not come in: {cause}", client.name);
            }
            ensure!(coming.since.elapsed() < LOGIN_PATIENCE, "{} waited in vain to come in", client.name);
            if coming.way == Way::Create && !coming.has_asked && client.shadow.dice.is_some() {
                let character = NewCharacter::named(&client.name, PASSWORD);
                coming.has_asked = true;
                stage.send(coming.number, &character.packet());
            }
        }
        Ok(())
    }

    /// Brings all bots of `numbers` in, `at_once` of them at the same time, and says how long that took.
    ///
    /// # Errors
    /// As [`Self::begin`] and [`Self::go_on`].
    pub fn bring_in(
        &mut self,
        stage: &mut Stage,
        numbers: Range<usize>,
        way: Way,
        at_once: usize,
    ) -> Result<Duration> {
        let began = Instant::now();
        let mut next = numbers.start;
        while next < numbers.end || !self.is_empty() {
            while next < numbers.end && self.coming.len() < at_once {
                self.begin(stage, next, way)?;
                next += 1;
            }
            stage.turn(Instant::now() + PACE)?;
            self.go_on(stage)?;
        }
        Ok(began.elapsed())
    }
}
