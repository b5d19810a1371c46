//! Walking, turning, and the ways from map to map.
//!
//! The client predicts: it has already taken the step when `Walk` arrives. A good step is told to the others only; a
//! refused one is answered with the true position.
//!
//! A step can also be *stale*: what a client sent before it heard of a refusal or of a new map was meant from another
//! tile. It is dropped: otherwise client and server would stay one tile apart (see [`super::agreement`]).

use super::players::{PlayerKey, Unsaved};
use super::{Game, texts};
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
        if self.is_stale_step(connection, key) {
            return;
        }
        let (now, round_trip) = (self.now, self.round_trip(connection));
        let Some(player) = self.players.get_mut(key) else { return };
        let (index, may_step) = (player.index, player.pace.allows(now, round_trip));
        let Some(from) = self.world.character(index).map(|character| character.position) else { return };
        let Some(heading) = Heading::from_wire(heading) else {
            return self.refuse_step(connection, key);
        };
        let (x, y) = heading.step(from.x, from.y);
        let to = Position { x, y, ..from };
        if !may_step {
            return self.refuse_step(connection, key);
        }
        if !self.world.is_free(to) {
            return self.refuse_step_to_taken(connection, key, [from, to]);
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

    /// Tells a client how its own character looks, and where to.
    pub(super) fn tell_heading(&mut self, connection: ConnectionId, key: PlayerKey) {
        let index = self.players.get(key).map(|player| player.index);
        if let Some(character) = index.and_then(|index| self.world.character(index)) {
            self.outbox.send(connection, &character.change_packet());
            self.heading_told(key);
        }
    }

    /// Tells a client where its character truly stands and looks. Steps that it sent before it heard this are dropped.
    pub(super) fn correct_position(&mut self, connection: ConnectionId, key: PlayerKey) {
        // What the client's system keeps back leaves with the first segment that it gets. So the position is in a
        // later one: whichever of them gets lost, what leaves does not acknowledge the position.
        self.tell_heading(connection, key);
        self.outbox.start_segment(connection);
        self.tell_position(connection, key);
        // A refused step has turned the character on its own client.
        self.tell_heading(connection, key);
    }

    /// `RequestPositionUpdate`. It snaps the client back from steps that it sent meanwhile, so those are dropped.
    pub(super) fn tell_position(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        if let Some(Position { x, y, .. }) = self.world.character(player.index).map(|own| own.position) {
            self.send(connection, &ServerPacket::PosUpdate { x, y });
            self.position_told(key);
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
                let Some(character) = self.world.character(index) else { return };
                let packet = character.change_packet();
                self.tell_all_in_sight(index, &packet);
                self.heading_told(key);
            }
            _ if now >= player.turned_at + TURN_ANSWER_MS => {
                player.turned_at = now;
                self.tell_heading(connection, key);
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
            return self.refuse_step(connection, key);
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
        self.session_changed(key);
        self.show_map(connection, new_index);
        self.position_told(key);
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
