//! Walking, turning, and the ways from map to map.
//!
//! The client predicts: it has already taken the step when `Walk` arrives. A good step is told to the others only; a
//! refused one is answered with the true position.
//!
//! A step can also be *stale*: a client that sent it before it heard of a refusal or of a new map meant it from another
//! tile. It is dropped: otherwise client and server would stay one tile apart (see [`super::reconciliation`]).

use crate::base::close_reason::CloseReason;
use crate::base::ids::{ConnectionId, MapId, PlayerKey};
use crate::content::{Position, Restriction};
use crate::game::play::{Actor, Play};
use crate::game::player::table::Unsaved;
use crate::game::rules::levels::is_newbie;
use crate::game::sight::looks;
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;
use crate::world::char_index::CharIndex;
use crate::world::heading::Heading;

/// Milliseconds between two answers to a client that asks again to face where it already faces. The client asks every
/// frame until it hears back.
const TURN_ANSWER_MS: u64 = 100;

impl Play {
    /// Handles `Walk`. Cancels a countdown for leaving.
    pub fn walk(&mut self, actor: Actor, heading: u8) {
        let Actor { connection, player: key, character: index } = actor;
        self.cancel_leaving(key);
        if self.is_stale_step(actor) {
            return;
        }
        let (now, round_trip) = (self.now, self.round_trip(connection));
        let Some(player) = self.player(actor) else { return };
        let may_step = player.pace.allows(now, round_trip);
        let Some(from) = self.character(actor).map(|own| own.position) else { return };
        let Some(heading) = Heading::from_wire(heading) else {
            return self.refuse_step(actor);
        };
        let (x, y) = heading.step(from.x, from.y);
        let to = Position { x, y, ..from };
        if !may_step {
            return self.refuse_step(actor);
        }
        if !self.world.is_free(to) {
            return self.refuse_step_to_taken(actor, [from, to]);
        }
        match self.content.map(to.map).and_then(|map| map.exit(x, y)) {
            Some(destination) => self.leave_through(actor, to, heading, destination),
            None => {
                self.step(index, (x, y), heading);
                self.confirm_heading(actor);
            }
        }
        self.note_step(key, from);
        self.mark_unsaved(key, Unsaved::Position);
    }

    /// Stores the own place of a displaced character from its first step on: it no longer stands at `from`.
    fn note_step(&mut self, key: PlayerKey, from: Position) {
        let Some(player) = self.players.get_mut(key).filter(|player| player.is_displaced) else { return };
        let stands = self.world.character(player.index).map(|character| character.position);
        player.is_displaced = stands == Some(from);
    }

    /// Tells a client how its own character looks, and where to.
    pub fn tell_heading(&mut self, actor: Actor) {
        let index = self.players.get(actor.player).map(|player| player.index);
        if let Some(character) = index.and_then(|index| self.world.character(index)) {
            self.outbox.send(actor.connection, &looks::change_packet(character));
            self.heading_sent(actor.player);
        }
    }

    /// Tells a client where its character truly stands and looks. Steps that it sent before it heard this are dropped.
    pub fn correct_position(&mut self, actor: Actor) {
        // Packets that the client's system keeps back leave with the first segment that it gets. So the position is in
        // a later one: if either gets lost, those packets do not acknowledge the position.
        self.tell_heading(actor);
        self.outbox.start_segment(actor.connection);
        self.tell_position(actor);
        // A refused step has turned the character on its own client.
        self.tell_heading(actor);
    }

    /// Handles `RequestPositionUpdate`. It snaps the client back from steps that it sent meanwhile, so those are
    /// dropped.
    pub fn tell_position(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let index = player.index;
        if let Some(Position { x, y, .. }) = self.world.character(index).map(|own| own.position) {
            self.send(actor.connection, &ServerPacket::PosUpdate { x, y });
            self.position_sent(actor.player);
        }
    }

    /// Handles `ChangeHeading`: the client waits for the answer before it turns, and asks every frame until then.
    pub fn change_heading(&mut self, actor: Actor, heading: u8) {
        let Actor { player: key, character: index, .. } = actor;
        let now = self.now;
        let Some(faces) = self.character(actor).map(|own| own.heading) else { return };
        let Some(player) = self.player(actor) else { return };
        match Heading::from_wire(heading) {
            Some(heading) if heading != faces => {
                player.turned_at = now;
                self.world.turn(index, heading);
                self.mark_unsaved(key, Unsaved::Position);
                let Some(character) = self.world.character(index) else {
                    return self.fault("a turn without a character");
                };
                let packet = looks::change_packet(character);
                self.tell_all_in_sight(index, &packet);
                self.heading_sent(key);
            }
            _ if now >= player.turned_at + TURN_ANSWER_MS => {
                player.turned_at = now;
                self.tell_heading(actor);
            }
            _ => {}
        }
    }

    /// Takes a player who stepped on an exit to the other map, unless that is for others.
    fn leave_through(&mut self, actor: Actor, exit: Position, heading: Heading, destination: Position) {
        let Actor { connection, player: key, character: index } = actor;
        if let Some(group) = self.restriction_against(key, destination.map) {
            self.tell(connection, &texts::restricted_map(group), Font::Info);
            return self.refuse_step(actor);
        }
        // The destination's own exit, if it has one, is not taken: exits do not chain.
        match self.arrival_tile(destination) {
            Some(arrival) => self.warp(actor, arrival, heading),
            None => self.step(index, (exit.x, exit.y), heading),
        }
    }

    /// Returns the tile itself when it is free, else the nearest free one that leads nowhere.
    fn arrival_tile(&self, destination: Position) -> Option<Position> {
        if self.world.is_free(destination) {
            return Some(destination);
        }
        self.world.free_tile_near(destination, true)
    }

    /// Returns the group that a map is for, if this player is not in it.
    fn restriction_against(&self, key: PlayerKey, map: MapId) -> Option<&'static str> {
        let level = self.players.get(key).map_or(1, |player| player.character.stats.level);
        match self.content.map(map)?.info.restriction {
            Restriction::None => None,
            Restriction::Newbie if is_newbie(level) => None,
            Restriction::Newbie => Some(texts::NEWBIES),
            // Nobody is in a faction while there are none to join.
            Restriction::RoyalArmy => Some(texts::ROYAL_ARMY),
            Restriction::ChaosLegion => Some(texts::CHAOS_LEGION),
            Restriction::Faction => Some(texts::FACTION_MEMBERS),
            // Players have no ranks yet, so nobody is staff.
            Restriction::Staff => Some(texts::STAFF),
        }
    }

    /// Puts a player's character on a free tile of another map, under a new index, and shows its client the new place.
    fn warp(&mut self, actor: Actor, to: Position, heading: Heading) {
        let Actor { connection, player: key, character: index } = actor;
        self.hide_from_others(index);
        let Some(character) = self.world.leave(index) else {
            return self.fault("a warp without a character");
        };
        let Some(new_index) = self.world.re_enter(character, to, heading) else {
            // Its tile and its index were free a moment ago.
            self.fault(&format!("player {key} fell out of the world on the way to {to}"));
            self.close(key, CloseReason::InternalError);
            return self.remove_player(key);
        };
        if let Some(player) = self.players.get_mut(key) {
            player.index = new_index;
        }
        self.session_changed(key);
        self.show_map(connection, new_index);
        self.position_sent(key);
        self.show_surroundings(connection, new_index);
        self.show_to_others(new_index);
    }

    /// Sends the map, the own character and its index, which a client needs before it can show anything else.
    pub fn show_map(&mut self, connection: ConnectionId, own: CharIndex) {
        let Some(character) = self.world.character(own) else {
            return self.fault("a map for a player without a character");
        };
        let map = character.position.map;
        let version = self.content.map(map).map_or(0, |map| map.version);
        let map = i16::try_from(map.get()).unwrap_or(i16::MAX);
        self.outbox.send(connection, &ServerPacket::ChangeMap { map, version });
        self.outbox.send(connection, &looks::create_packet(character));
        self.outbox.send(connection, &ServerPacket::UserCharIndexInServer { char_index: own.wire() });
    }
}
