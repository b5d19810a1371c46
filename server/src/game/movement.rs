//! Walking, turning, and the ways from map to map.
//!
//! The client predicts: it has already taken the step when `Walk` arrives. A good step is told to the others only; a
//! refused one is answered with the true position.
//!
//! A step can also be *stale*: what a client sent before it heard of a refusal or of a new map was meant from another
//! tile. It is refused too: otherwise client and server would stay one tile apart (see [`super::told`]).

use super::players::{PlayerKey, Unsaved};
use super::{Game, Millis, texts};
use crate::content::{Position, Restriction};
use crate::protocol::font::Font;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::world::char_index::CharIndex;
use crate::world::heading::Heading;

/// The highest level that may enter newbie maps (AO 0.13).
const NEWBIE_LEVEL_MAX: u8 = 12;
/// Milliseconds between two answers to a client that asks again to face where it already faces. The client asks every
/// frame until it hears back.
const TURN_ANSWER_MS: u64 = 100;

impl Game {
    /// `Walk`. Cancels a countdown for leaving.
    pub(super) fn walk(&mut self, connection: ConnectionId, key: PlayerKey, heading: u8) {
        self.cancel_leaving(key);
        let (now, round_trip) = (self.now, self.round_trip(connection));
        let Some(player) = self.players.get_mut(key) else { return };
        let is_stale = !player.words.position.is_heard(now, round_trip);
        let (index, may_step) = (player.index, !is_stale && player.pace.allows(now));
        let Some(from) = self.world.character(index).map(|character| character.position) else { return };
        let Some(heading) = Heading::from_wire(heading) else {
            return self.correct_position(connection, key);
        };
        let (x, y) = heading.step(from.x, from.y);
        let to = Position { x, y, ..from };
        if !may_step || !self.world.is_free(to) {
            return self.correct_position(connection, key);
        }
        match self.world.content().map(to.map).and_then(|map| map.exit(x, y)) {
            Some(destination) => self.leave_through(connection, key, to, heading, destination),
            None => {
                self.step(index, (x, y), heading);
                self.confirm_heading(connection, key);
            }
        }
        self.note_step(key, from);
        self.mark_unsaved(key, Unsaved::Position);
    }

    /// A character that no longer stands at `from` has walked: from now on its own place is stored.
    fn note_step(&mut self, key: PlayerKey, from: Position) {
        let Some(player) = self.players.get_mut(key) else { return };
        let stands = self.world.character(player.index).map(|character| character.position);
        player.is_displaced &= stands == Some(from);
    }

    /// The kernel's estimate of the time from a word to the answer.
    fn round_trip(&self, connection: ConnectionId) -> Millis {
        self.connections.get(connection).map_or(0, |connection| connection.round_trip)
    }

    /// A step that was sent before its client heard that it has turned: the client shows the turn last, and is told
    /// anew where its character looks.
    fn confirm_heading(&mut self, connection: ConnectionId, key: PlayerKey) {
        let round_trip = self.round_trip(connection);
        let Some(player) = self.players.get(key) else { return };
        let has_heard = player.words.heading.is_heard(self.now, round_trip);
        if let Some(character) = self.world.character(player.index).filter(|_| !has_heard) {
            self.outbox.send(connection, &character.change_packet());
        }
    }

    /// Tells a client where its character truly stands and looks. Steps it sent before it can have read this are
    /// refused too.
    pub(super) fn correct_position(&mut self, connection: ConnectionId, key: PlayerKey) {
        self.tell_position(connection, key);
        let Some(player) = self.players.get(key) else { return };
        // A refused step has turned the character on its own client.
        if let Some(character) = self.world.character(player.index) {
            self.outbox.send(connection, &character.change_packet());
        }
    }

    /// `RequestPositionUpdate`. It snaps the client back from steps that it sent meanwhile, so those are refused.
    pub(super) fn tell_position(&mut self, connection: ConnectionId, key: PlayerKey) {
        self.word_written(key, |words| &mut words.position);
        let Some(player) = self.players.get(key) else { return };
        if let Some(Position { x, y, .. }) = self.world.character(player.index).map(|own| own.position) {
            self.send(connection, &ServerPacket::PosUpdate { x, y });
        }
    }

    /// `ChangeHeading`: the client waits for the answer before it turns, and asks every frame until then.
    pub(super) fn change_heading(&mut self, connection: ConnectionId, key: PlayerKey, heading: u8) {
        let now = self.now;
        let Some(player) = self.players.get_mut(key) else { return };
        let index = player.index;
        let Some(character) = self.world.character(index) else { return };
        match Heading::from_wire(heading) {
            Some(heading) if heading != character.heading => {
                player.turned_at = now;
                self.world.turn(index, heading);
                self.mark_unsaved(key, Unsaved::Position);
                self.word_written(key, |words| &mut words.heading);
                let Some(character) = self.world.character(index) else { return };
                let packet = character.change_packet();
                self.tell_all_in_sight(index, &packet);
            }
            _ if now >= player.turned_at + TURN_ANSWER_MS => {
                player.turned_at = now;
                self.outbox.send(connection, &character.change_packet());
                self.word_written(key, |words| &mut words.heading);
            }
            _ => {}
        }
    }

    /// Somebody stepped on an exit: to the other map, unless it is not for him.
    fn leave_through(
        &mut self,
        connection: ConnectionId,
        key: PlayerKey,
        exit: Position,
        heading: Heading,
        destination: Position,
    ) {
        let Some(index) = self.players.get(key).map(|player| player.index) else { return };
        if let Some(group) = self.restriction_against(key, destination.map) {
            self.tell(connection, &texts::restricted_map(group), Font::Info);
            return self.correct_position(connection, key);
        }
        // The destination's own exit, if it has one, is not taken: exits do not chain.
        match self.arrival_tile(destination) {
            Some(arrival) => self.warp(connection, key, arrival, heading),
            None => self.step(index, (exit.x, exit.y), heading),
        }
    }

    /// The tile itself when it is free, else the nearest free one that leads nowhere.
    fn arrival_tile(&self, destination: Position) -> Option<Position> {
        if self.world.is_free(destination) {
            return Some(destination);
        }
        self.world.free_tile_near(destination, true)
    }

    /// Who a map is for, when this player is not one of them.
    fn restriction_against(&self, key: PlayerKey, map: u16) -> Option<&'static str> {
        let level = self.players.get(key).map_or(1, |player| player.character.stats.level);
        match self.world.content().map(map)?.info.restriction {
            Restriction::None => None,
            Restriction::Newbie if level <= NEWBIE_LEVEL_MAX => None,
            Restriction::Newbie => Some("newbies"),
            // Nobody is in a faction while there are none to join.
            Restriction::RoyalArmy => Some("la Armada Real"),
            Restriction::ChaosLegion => Some("la Legión Oscura"),
            Restriction::Faction => Some("miembros de una facción"),
        }
    }

    /// Puts a player's character on a free tile of another map, under a new index, and shows its client the new place.
    fn warp(&mut self, connection: ConnectionId, key: PlayerKey, to: Position, heading: Heading) {
        let Some(index) = self.players.get(key).map(|player| player.index) else { return };
        self.hide_from_others(index);
        let Some(character) = self.world.leave(index) else { return };
        let Some(new_index) = self.world.re_enter(character, to, heading) else {
            // Its tile and its index were free a moment ago.
            log::error!("player {key} fell out of the world on the way to {to}");
            return self.remove_player(key);
        };
        if let Some(player) = self.players.get_mut(key) {
            player.index = new_index;
        }
        self.word_written(key, |words| &mut words.position);
        self.session_changed(key);
        self.show_map(connection, new_index);
        self.show_surroundings(connection, new_index);
        self.show_to_others(new_index);
    }

    /// The map, the own character and which one it is: what a client needs before anything else can be shown.
    pub(super) fn show_map(&mut self, connection: ConnectionId, own: CharIndex) {
        let Some(character) = self.world.character(own) else { return };
        let map = character.position.map;
        let version = self.world.content().map(map).map_or(0, |map| map.version);
        let map = i16::try_from(map).unwrap_or(i16::MAX);
        self.outbox.send(connection, &ServerPacket::ChangeMap { map, version });
        self.outbox.send(connection, &character.create_packet());
        self.outbox.send(connection, &ServerPacket::UserCharIndexInServer { char_index: own.wire() });
    }
}
