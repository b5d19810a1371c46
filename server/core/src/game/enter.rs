//! Entering the world: the burst of packets that a client needs, in the order it needs them.

use super::chat_limit::ChatLimit;
use super::dice::Rolls;
use super::players::{Player, PlayerKey, Unsaved};
use super::refusal::Refusal;
use super::{CloseReason, Game, Stage, agreement::Agreement, appearance, pace::Pace, texts, told::Words};
use crate::content::Position;
use crate::protocol::font::Font;
use crate::protocol::multi_message::MultiMessage;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::records::{AccountRecord, CharacterRecord};
use crate::world::Newcomer;
use crate::world::character::Owner;
use crate::world::heading::Heading;

/// The visual effect of a warp.
const WARP_FX: i16 = 1;

impl Game {
    /// Puts a character that is not in the world into it, played by `connection`.
    pub(super) fn enter(
        &mut self,
        connection: ConnectionId,
        account: AccountRecord,
        character: CharacterRecord,
    ) {
        let Some(address) = self.connections.get(connection).map(|connection| connection.address) else {
            return;
        };
        let saved =
            Position { map: character.position.map, x: character.position.x, y: character.position.y };
        self.keep_numbers_free();
        let Some(position) = self.room_for(saved, account.account.home) else {
            log::warn!("no room for {:?} near {saved}", account.account.username);
            let (name, user) = (&account.account.username, account.user_id);
            return self.refuse_login(connection, name, Some(user), &Refusal::NoRoom);
        };
        let key = self.players.next_key();
        let newcomer = Newcomer {
            owner: Owner::Player(key),
            position,
            heading: Heading::from_wire(character.position.heading).unwrap_or(Heading::South),
            look: appearance::look(self.world.content(), &account, &character),
            name: account.account.username.clone(),
            nick_color: appearance::nick_color(&character.reputation),
            viewer: Some(connection),
        };
        let Some(index) = self.world.enter(newcomer) else {
            log::warn!("no character index left for {:?}", account.account.username);
            let (name, user) = (&account.account.username, account.user_id);
            return self.refuse_login(connection, name, Some(user), &Refusal::NoRoom);
        };
        let unsaved = self.saving.returned(&account.account.username);
        self.players.insert(Player {
            safe_mode: !appearance::is_criminal(&character.reputation),
            resurrection_safe: character.stats.hp == 0,
            account,
            character,
            is_displaced: position != saved,
            index,
            connection: Some(connection),
            address,
            close_reason: None,
            pace: Pace::new(self.now),
            chat: ChatLimit::new(self.settings.chat_per_second, self.now),
            leaves_at: None,
            absent_since: 0,
            turned_at: 0,
            words: Words::default(),
            agreement: Agreement::default(),
            unsaved: Unsaved::Nothing,
        });
        self.mark_unsaved(key, unsaved);
        self.begin_play(connection, key);
        self.show_to_others(index);
        self.tell_all_in_sight(
            index,
            &ServerPacket::CreateFX { char_index: index.wire(), fx: WARP_FX, fx_loops: 0 },
        );
    }

    /// As [`Self::place_for`]; where all is full, an absent character leaves, the oldest one there.
    fn room_for(&mut self, saved: Position, home: u8) -> Option<Position> {
        let place = self.place_for(saved, home);
        if place.is_some() {
            return place;
        }
        let maps = [saved.map, self.world.content().city(home).map];
        let stands_there = |key: &PlayerKey| {
            let index = self.players.get(*key).map(|player| player.index);
            let character = index.and_then(|index| self.world.character(index));
            character.is_some_and(|character| maps.contains(&character.position.map))
        };
        let oldest = self.players.absent().keys().find(stands_there)?;
        self.remove_player(oldest);
        self.place_for(saved, home)
    }

    /// Where it stood, or the nearest free tile; where that map is gone or full, the same at home.
    fn place_for(&self, saved: Position, home: u8) -> Option<Position> {
        let near = |position| self.world.free_tile_near(position, true);
        near(saved).or_else(|| near(self.world.content().city(home)))
    }

    /// Gives a character that stands in the world to `connection`, in place. Whoever played it is told and closed.
    pub(super) fn take_over(&mut self, connection: ConnectionId, key: PlayerKey) {
        let now = self.now;
        let old = self.players.connect(key, connection);
        let Some(player) = self.players.get_mut(key) else { return };
        player.leaves_at = None;
        player.pace = Pace::new(now);
        // The new client says nothing before it has heard everything.
        player.words = Words::default();
        player.agreement = Agreement::default();
        let index = player.index;
        self.world.change_viewer(index, Some(connection));
        if let Some(old) = old {
            self.close(old, CloseReason::Replaced);
        }
        let address = self.connections.get(connection).map(|connection| connection.address);
        if let Some(player) = self.players.get_mut(key) {
            player.address = address.unwrap_or(player.address);
            player.close_reason = None;
        }
        self.begin_play(connection, key);
    }

    fn begin_play(&mut self, connection: ConnectionId, key: PlayerKey) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.stage = Stage::Playing(key);
            connection.rolls = Rolls::default();
        }
        self.session_changed(key);
        let Some(player) = self.players.get(key) else { return };
        let (index, class) = (player.index, player.account.account.class);
        let (name, user) = (player.name().to_owned(), player.account.user_id);
        self.log_login(&name, user, connection);
        self.outbox.start_segment(connection);
        self.send(connection, &ServerPacket::Logged { class });
        let user_index = i16::try_from(connection.slot % 32_767 + 1).unwrap_or(1);
        self.send(connection, &ServerPacket::UserIndexInServer { user_index });
        self.show_map(connection, index);
        self.tell_bars(connection, key);
        self.tell_inventory(connection, key);
        self.tell_spells(connection, key);
        self.show_surroundings(connection, index);
        self.tell_safes(connection, key);
        self.tell_motd(connection);
    }

    /// Stats, hunger and thirst, strength and agility, free skill points.
    fn tell_bars(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
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

    fn tell_safes(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let messages =
            [safe_mode_message(player.safe_mode), resurrection_safe_message(player.resurrection_safe)];
        for message in messages {
            self.send(connection, &ServerPacket::multi(message));
        }
    }

    /// `SafeToggle`.
    pub(super) fn toggle_safe_mode(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get_mut(key) else { return };
        player.safe_mode = !player.safe_mode;
        let message = safe_mode_message(player.safe_mode);
        self.send(connection, &ServerPacket::multi(message));
    }

    /// `ResuscitationSafeToggle`.
    pub(super) fn toggle_resurrection_safe(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get_mut(key) else { return };
        player.resurrection_safe = !player.resurrection_safe;
        let message = resurrection_safe_message(player.resurrection_safe);
        self.send(connection, &ServerPacket::multi(message));
    }

    /// The operator's message of the day, or the world's.
    pub(super) fn motd(&self) -> &[String] {
        if self.settings.motd.is_empty() { self.world.content().motd() } else { &self.settings.motd }
    }

    /// The message of the day, a line each; nothing when there is none.
    pub(super) fn tell_motd(&mut self, connection: ConnectionId) {
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
