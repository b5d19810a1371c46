//! A hostile client against the whole game: arbitrary bytes between events of the world.
//!
//! An input is what the client sends, byte for byte, with marks in between: [`MARK`] and a number is something that
//! happens at that moment (see `happen`), and two marks are that byte itself. So any bytes are an input, and nearly
//! every change of one leaves the rest of it as it was.

use pyao_core::game::CloseReason;
use pyao_core::protocol::client::ClientPacket;

use super::stage::{BYSTANDER, PASSWORD, Stage};
use crate::forms::login_packet;

/// The byte before an event.
pub const MARK: u8 = 0xFF;
/// The attacker's own character, which in the target `stranger` is not there before it is created.
const ATTACKER: &str = "Zed";
/// The most that one event lets pass: 2 to the power of this, in milliseconds; 70 minutes.
const LONGEST_PAUSE: u8 = 22;
const ROUND_TRIP_MS: u32 = 120;

/// Fuzzes the game from a connection that has not logged in.
///
/// # Panics
/// Panics if the game breaks a rule: see `Stage`.
pub fn stranger(data: &[u8]) {
    let mut stage = Stage::new();
    stage.connect(0);
    attack(stage, data);
}

/// Fuzzes the game from a connection whose player stands in the world, in sight of the bystander.
///
/// # Panics
/// As [`stranger`].
pub fn player(data: &[u8]) {
    let mut stage = Stage::new();
    stage.enter_as(0, ATTACKER);
    attack(stage, data);
}

fn attack(mut stage: Stage, data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut said = Vec::new();
    // Index of the attacker's connection that sends.
    let mut speaker = 0;
    while let Some(byte) = bytes.next() {
        match (byte, if byte == MARK { bytes.next() } else { None }) {
            (MARK, Some(event)) if event != MARK => {
                stage.send(speaker, &said);
                said.clear();
                happen(&mut stage, &mut speaker, event);
            }
            _ => said.push(byte),
        }
    }
    stage.send(speaker, &said);
    stage.finish();
}

/// Carries out the event that the number after a [`MARK`] stands for; other numbers stand for none.
fn happen(stage: &mut Stage, speaker: &mut usize, event: u8) {
    match event {
        0..=LONGEST_PAUSE => stage.pass(1 << event),
        b'1'..=b'4' => stage.bystander_walks(event - b'0'),
        b't' => stage.send_packet(BYSTANDER, &ClientPacket::Talk { text: "hola".into() }),
        b'w' => {
            let (target_name, text) = (ATTACKER.into(), "psst".into());
            stage.send_packet(BYSTANDER, &ClientPacket::Whisper { target_name, text });
        }
        b'x' => stage.lose(*speaker, CloseReason::LostSocket),
        b'c' => stage.connect(*speaker),
        b'l' => {
            stage.connect(*speaker);
            stage.send_packet(*speaker, &login_packet(ATTACKER, PASSWORD));
        }
        b'o' => *speaker = 1 - *speaker,
        b'd' => stage.set_reads(*speaker, false),
        b'r' => stage.set_reads(*speaker, true),
        b's' => stage.set_answers(false),
        b'a' => stage.set_answers(true),
        b'm' => stage.measure(*speaker, ROUND_TRIP_MS),
        b'Q' => stage.shut_down(),
        _ => {}
    }
}
