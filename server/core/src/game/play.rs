//! The world being played: everything that a rule works on.
//!
//! A rule is a method of [`Play`], or a function over parts of it. It has no way to the store, to the password threads
//! or to a connection's end: it pushes an [`Effect`], which [`crate::game::Game`] carries out after the rule.

use crate::base::ids::{ConnectionId, PlayerKey};
use crate::base::random::Random;
use crate::content::Content;
use crate::game::effect::Effect;
use crate::game::faults::Faults;
use crate::game::npc::inhabited_world;
use crate::game::npc::table::Npcs;
use crate::game::player::table::{Player, Players, Unsaved};
use crate::game::timers::Timers;
use crate::game::{CloseReason, Millis, Settings, texts};
use crate::protocol::font::Font;
use crate::protocol::outbox::Outbox;
use crate::protocol::server::ServerPacket;
use crate::world::World;
use crate::world::char_index::CharIndex;
use crate::world::character::Character;
use std::sync::Arc;

/// The sender of a packet in play, resolved once when the packet is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Its connection.
    pub connection: ConnectionId,
    /// Its player.
    pub player: PlayerKey,
    /// Its character in the world. A warp gives it another one.
    pub character: CharIndex,
}

/// See the module.
#[derive(Debug)]
pub struct Play {
    /// Static data.
    pub content: Arc<Content>,
    /// The operator's settings.
    pub settings: Settings,
    /// The time of the input that is handled.
    pub now: Millis,
    /// The only source of randomness.
    pub random: Random,
    /// Places and sight.
    pub world: World,
    /// The players in the world.
    pub players: Players,
    /// The NPCs in the world.
    pub npcs: Npcs,
    /// Deadlines.
    pub timers: Timers,
    /// Bytes for clients.
    pub outbox: Outbox,
    /// Round trips to clients.
    pub round_trips: RoundTrips,
    /// Requests of rules to the rest of the game, in order.
    pub effects: Vec<Effect>,
    /// Lines of chat over a player's limit that were not counted yet.
    pub dropped_chat: u64,
    /// Faults of our own; see [`Self::fault`].
    pub faults: Faults,
}

/// The kernel's estimates of a round trip to each client, in milliseconds; 0 while unknown.
#[derive(Debug, Default)]
pub struct RoundTrips(Vec<Millis>);

impl RoundTrips {
    /// Notes the estimate for an open connection.
    pub fn set(&mut self, connection: ConnectionId, estimate: Millis) {
        let slot = connection.slot as usize;
        if self.0.len() <= slot {
            self.0.resize(slot + 1, 0);
        }
        self.0[slot] = estimate;
    }

    /// Returns the estimate for an open connection.
    #[must_use]
    pub fn get(&self, connection: ConnectionId) -> Millis {
        self.0.get(connection.slot as usize).copied().unwrap_or(0)
    }
}

impl Play {
    /// Creates the world of `content`, in which nobody plays yet.
    #[must_use]
    pub fn new(content: Arc<Content>, settings: Settings, seed: u64) -> Self {
        let (world, npcs) = inhabited_world(&content);
        Self {
            world,
            npcs,
            content,
            now: 0,
            random: Random::new(seed),
            players: Players::default(),
            timers: Timers::default(),
            outbox: Outbox::new(settings.text_encoding.for_client(None, None)),
            round_trips: RoundTrips::default(),
            effects: Vec::new(),
            dropped_chat: 0,
            faults: Faults::default(),
            settings,
        }
    }

    /// Resolves the sender of a packet. `None` is a fault of ours: a connection plays only while its player is there.
    pub fn actor(&mut self, connection: ConnectionId, player: PlayerKey) -> Option<Actor> {
        let known = self.players.get(player);
        let actor = known.map(|known| Actor { connection, player, character: known.index });
        if actor.is_none() {
            self.fault("a connection plays a player who is not there");
        }
        actor
    }

    /// Returns the player of an actor. `None` is a fault of ours.
    pub fn player(&mut self, actor: Actor) -> Option<&mut Player> {
        let Self { players, faults, .. } = self;
        let player = players.get_mut(actor.player);
        if player.is_none() {
            faults.report("an actor without a player", "");
        }
        player
    }

    /// Returns the character of an actor. `None` is a fault of ours.
    pub fn character(&mut self, actor: Actor) -> Option<&Character> {
        let Self { world, faults, .. } = self;
        let character = world.character(actor.character);
        if character.is_none() {
            faults.report("an actor without a character", "");
        }
        character
    }

    /// Counts a fault of our own, logs the first of its kind, and stops a debug build there.
    pub fn fault(&mut self, kind: &'static str) {
        self.faults.report(kind, "");
    }

    /// Sends a packet to one client.
    pub fn send(&mut self, to: ConnectionId, packet: &ServerPacket<'_>) {
        self.outbox.send(to, packet);
    }

    /// Sends a console line to one client.
    pub fn tell(&mut self, to: ConnectionId, text: &str, font: Font) {
        self.send(to, &ServerPacket::console(text, font));
    }

    /// Sends the text of a close reason, if it has one: the last thing that the client reads.
    pub fn tell_close(&mut self, to: ConnectionId, reason: CloseReason) {
        if let Some(text) = texts::of_close(reason) {
            self.send(to, &ServerPacket::ErrorMsg { text: text.into() });
        }
    }

    /// Closes a player's connection, if there is one. The character stays in the world.
    pub fn close(&mut self, key: PlayerKey, reason: CloseReason) {
        let Some(player) = self.players.get_mut(key) else { return };
        let Some(connection) = player.connection else { return };
        player.close_reason = Some(reason);
        self.tell_close(connection, reason);
        self.effects.push(Effect::Close(connection, reason));
    }

    /// Notes that something of a player has changed; it is written with the next save.
    pub fn mark_unsaved(&mut self, key: PlayerKey, what: Unsaved) {
        let Some(player) = self.players.get_mut(key).filter(|_| what > Unsaved::Nothing) else { return };
        if player.unsaved == Unsaved::Nothing {
            self.effects.push(Effect::Unsaved(key));
        }
        player.unsaved = player.unsaved.max(what);
    }

    /// Notes that something of a player's session has changed; it is written with the next batch.
    pub fn session_changed(&mut self, key: PlayerKey) {
        self.effects.push(Effect::SessionChanged(key));
    }

    /// Follows settings that were other than `old`.
    pub fn follow_settings(&mut self, old: &Settings) {
        if old.chat_per_second != self.settings.chat_per_second {
            self.renew_chat_limits();
        }
        if old.disconnect_stay_ms != self.settings.disconnect_stay_ms {
            self.watch_absent_players();
        }
        let absent = |settings: &Settings| (settings.absent_characters, settings.absent_characters_per_ip);
        if absent(old) != absent(&self.settings) {
            self.limit_all_absent();
        }
    }
}
