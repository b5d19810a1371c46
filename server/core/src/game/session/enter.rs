//! Entering the world: the burst of packets that a client needs, in the order it needs them.

use crate::base::ids::{ConnectionId, PlayerKey};
use crate::content::Position;
use crate::game::account::refusal::Refusal;
use crate::game::account::rolls::Rolls;
use crate::game::chat::limit::ChatLimit;
use crate::game::effect::{Effect, Event};
use crate::game::movement::pace::Pace;
use crate::game::movement::reconciliation::{PendingCorrections, Reconciliation};
use crate::game::play::{Actor, Play};
use crate::game::player::appearance;
use crate::game::player::table::{Player, Unsaved};
use crate::game::rules::reputation::{is_criminal, nick_color};
use crate::game::{CloseReason, Game, Stage, texts};
use crate::protocol::font::Font;
use crate::protocol::multi_message::MultiMessage;
use crate::protocol::server::ServerPacket;
use crate::records::{AccountRecord, CharacterRecord, PositionRecord};
use crate::world::Newcomer;
use crate::world::character::Owner;
use crate::world::heading::Heading;
use core::net::IpAddr;

/// The visual effect of a warp.
const WARP_FX: i16 = 1;

impl Game {
    /// Puts a character that is not in the world into it, played by `connection`.
    pub(in crate::game) fn enter(
        &mut self,
        connection: ConnectionId,
        account: AccountRecord,
        character: CharacterRecord,
    ) {
        let Some(address) = self.lobby.connections.get(connection).map(|connection| connection.address)
        else {
            return;
        };
        let PositionRecord { map, x, y, .. } = character.position;
        let saved = Position { map, x, y };
        let (name, user_id) = (account.account.username.clone(), account.user_id);
        self.play.keep_numbers_free();
        self.carry_out_effects();
        let place = self.play.room_for(saved, account.account.home);
        self.carry_out_effects();
        let Some(position) = place else {
            log::warn!("no room for {name:?} near {saved}");
            return self.refuse_login(connection, &name, Some(user_id), &Refusal::NoRoom);
        };
        let arrival = Arrival { connection, address, position, is_displaced: position != saved };
        let Some(key) = self.play.add_player(arrival, account, character) else {
            log::warn!("no character index left for {name:?}");
            return self.refuse_login(connection, &name, Some(user_id), &Refusal::NoRoom);
        };
        let unsaved = self.durable.returned(&name);
        self.play.mark_unsaved(key, unsaved);
        self.begin_play(connection, key);
        self.play.show_arrival(key);
        self.carry_out_effects();
    }

    /// Gives a character that stands in the world to `connection`, in place. The connection that played it is told and
    /// closed.
    pub(in crate::game) fn take_over(&mut self, connection: ConnectionId, key: PlayerKey) {
        if let Some(old) = self.play.players.connect(key, connection) {
            self.close(old, CloseReason::Replaced);
        }
        let address = self.lobby.connections.get(connection).map(|connection| connection.address);
        self.play.hand_over(connection, key, address);
        self.begin_play(connection, key);
        self.carry_out_effects();
    }

    fn begin_play(&mut self, connection: ConnectionId, key: PlayerKey) {
        if let Some(connection) = self.lobby.connections.get_mut(connection) {
            connection.stage = Stage::Playing(key);
            connection.rolls = Rolls::default();
        }
        if let Some(actor) = self.play.actor(connection, key) {
            self.play.welcome(actor);
        }
    }
}

/// A character's way into the world.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Connection that plays it.
    pub connection: ConnectionId,
    /// Address of its client.
    pub address: IpAddr,
    /// Free tile on which it is put.
    pub position: Position,
    /// True if that is another tile than the stored one.
    pub is_displaced: bool,
}

impl Play {
    /// Puts a character on its tile, with its player in the table. `None`, and nothing changed, if no character index
    /// is left.
    fn add_player(
        &mut self,
        arrival: Arrival,
        account: AccountRecord,
        character: CharacterRecord,
    ) -> Option<PlayerKey> {
        let Arrival { connection, address, position, is_displaced } = arrival;
        let index = self.world.enter(Newcomer {
            owner: Owner::Player(self.players.next_key()),
            position,
            heading: Heading::from_wire(character.position.heading).unwrap_or(Heading::South),
            look: appearance::look(&self.content, &account, &character),
            name: account.account.username.clone(),
            nick_color: nick_color(&character.reputation),
            viewer: Some(connection),
        })?;
        let key = self.players.insert(Player {
            safe_mode: !is_criminal(&character.reputation),
            resurrection_safe: character.stats.hp == 0,
            account,
            character,
            is_displaced,
            index,
            connection: Some(connection),
            address,
            close_reason: None,
            pace: Pace::new(self.now),
            chat: ChatLimit::new(self.settings.chat_per_second, self.now),
            leaves_at: None,
            absent_since: 0,
            turned_at: 0,
            corrections: PendingCorrections::default(),
            reconciliation: Reconciliation::default(),
            unsaved: Unsaved::Nothing,
        });
        Some(key)
    }

    /// Shows everybody in sight a character that has just entered.
    fn show_arrival(&mut self, key: PlayerKey) {
        let Some(index) = self.players.get(key).map(|player| player.index) else {
            return self.fault("an arrival without a player");
        };
        self.show_to_others(index);
        let fx = ServerPacket::CreateFX { char_index: index.wire(), fx: WARP_FX, fx_loops: 0 };
        self.tell_all_in_sight(index, &fx);
    }

    /// Lets another connection play a character that stands in the world.
    fn hand_over(&mut self, connection: ConnectionId, key: PlayerKey, address: Option<IpAddr>) {
        let now = self.now;
        let Some(player) = self.players.get_mut(key) else {
            return self.fault("a takeover of a player who is not there");
        };
        player.leaves_at = None;
        player.pace = Pace::new(now);
        // The new client sends nothing before it has received everything.
        player.corrections = PendingCorrections::default();
        player.reconciliation = Reconciliation::default();
        player.address = address.unwrap_or(player.address);
        player.close_reason = None;
        let index = player.index;
        self.world.change_viewer(index, Some(connection));
    }

    /// As [`Self::place_for`]; where all is full, an absent character leaves, the oldest one there.
    fn room_for(&mut self, saved: Position, home: u8) -> Option<Position> {
        let place = self.place_for(saved, home);
        if place.is_some() {
            return place;
        }
        let maps = [saved.map, self.content.city(home).map];
        let stands_there = |key: &PlayerKey| {
            let index = self.players.get(*key).map(|player| player.index);
            let character = index.and_then(|index| self.world.character(index));
            character.is_some_and(|character| maps.contains(&character.position.map))
        };
        let oldest = self.players.absent().keys().find(stands_there)?;
        self.remove_player(oldest);
        self.place_for(saved, home)
    }

    /// Returns the stored tile, or the nearest free one; at home if that map is gone or full.
    fn place_for(&self, saved: Position, home: u8) -> Option<Position> {
        let near = |position| self.world.free_tile_near(position, true);
        near(saved).or_else(|| near(self.content.city(home)))
    }

    /// Sends a client that begins to play everything that it needs.
    fn welcome(&mut self, actor: Actor) {
        let Actor { connection, player: key, character: index } = actor;
        self.session_changed(key);
        let Some(player) = self.player(actor) else { return };
        let class = player.account.account.class;
        let (name, user_id) = (player.name().to_owned(), player.account.user_id);
        self.effects.push(Effect::Event(Event::Entered { name, user_id, connection }));
        self.outbox.start_segment(connection);
        self.send(connection, &ServerPacket::Logged { class });
        let user_index = i16::try_from(connection.slot % 32_767 + 1).unwrap_or(1);
        self.send(connection, &ServerPacket::UserIndexInServer { user_index });
        self.show_map(connection, index);
        self.tell_bars(actor);
        self.tell_inventory(actor);
        self.tell_spells(actor);
        self.show_surroundings(connection, index);
        self.tell_safes(actor);
        self.tell_motd(connection);
    }

    /// Stats, hunger and thirst, strength and agility, free skill points.
    fn tell_bars(&mut self, actor: Actor) {
        let connection = actor.connection;
        let Some(player) = self.player(actor) else { return };
        let (stats, attributes) = (player.character.stats, player.character.attributes);
        let number = |value: u16| i16::try_from(value).unwrap_or(i16::MAX);
        let large = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        self.send(
            connection,
            &ServerPacket::UpdateUserStats {
                max_hp: number(stats.max_hp),
                hp: number(stats.hp),
                max_mana: number(stats.max_mana),
                mana: number(stats.mana),
                max_sta: number(stats.max_stamina),
                sta: number(stats.stamina),
                gold: large(stats.gold),
                level: stats.level,
                exp_next_level: large(stats.experience_to_next),
                exp: large(stats.experience),
            },
        );
        let (thirst, hunger) = (stats.water, stats.food);
        let bars = ServerPacket::UpdateHungerAndThirst { max_thirst: 100, thirst, max_hunger: 100, hunger };
        self.send(connection, &bars);
        let (strength, agility) = (attributes.strength, attributes.agility);
        self.send(connection, &ServerPacket::UpdateStrenghtAndDexterity { strength, agility });
        let free_skill_points = number(stats.free_skill_points);
        self.send(connection, &ServerPacket::LevelUp { free_skill_points });
    }

    fn tell_safes(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let messages =
            [safe_mode_message(player.safe_mode), resurrection_safe_message(player.resurrection_safe)];
        for message in messages {
            self.send(actor.connection, &ServerPacket::multi(message));
        }
    }

    /// Handles `SafeToggle`.
    pub fn toggle_safe_mode(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        player.safe_mode = !player.safe_mode;
        let message = safe_mode_message(player.safe_mode);
        self.send(actor.connection, &ServerPacket::multi(message));
    }

    /// Handles `ResuscitationSafeToggle`.
    pub fn toggle_resurrection_safe(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        player.resurrection_safe = !player.resurrection_safe;
        let message = resurrection_safe_message(player.resurrection_safe);
        self.send(actor.connection, &ServerPacket::multi(message));
    }

    /// Returns the operator's message of the day, or the world's.
    pub fn motd(&self) -> &[String] {
        if self.settings.motd.is_empty() { self.content.motd() } else { &self.settings.motd }
    }

    /// Sends the message of the day, a line each; nothing when there is none.
    pub fn tell_motd(&mut self, connection: ConnectionId) {
        let motd = self.motd().to_vec();
        if !motd.is_empty() {
            self.tell(connection, texts::MOTD_HEADING, Font::InfoBold);
        }
        for line in motd {
            self.tell(connection, &line, Font::Server);
        }
    }
}

fn safe_mode_message(on: bool) -> MultiMessage<'static> {
    if on { MultiMessage::SafeModeOn } else { MultiMessage::SafeModeOff }
}

fn resurrection_safe_message(on: bool) -> MultiMessage<'static> {
    if on { MultiMessage::ResuscitationSafeOn } else { MultiMessage::ResuscitationSafeOff }
}
