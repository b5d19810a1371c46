//! Answers to a player who asks: how many play, how long the server runs, what his sheet says.

use super::kinds::Class;
use super::players::PlayerKey;
use super::{Game, appearance, skills, texts};
use crate::protocol::font::Font;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::{ServerPacket, SkillLevel};
use std::sync::Arc;

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl Game {
    /// `Online`.
    pub(super) fn tell_online(&mut self, connection: ConnectionId) {
        let text = texts::online(self.online());
        self.tell(connection, &text, Font::Info);
    }

    /// `Uptime`.
    pub(super) fn tell_uptime(&mut self, connection: ConnectionId) {
        let text = texts::uptime(self.now / 1_000);
        self.tell(connection, &text, Font::Info);
    }

    /// `RequestMOTD`.
    pub(super) fn answer_motd(&mut self, connection: ConnectionId) {
        if self.motd().is_empty() {
            self.tell(connection, texts::NO_MOTD, Font::Info);
        } else {
            self.tell_motd(connection);
        }
    }

    /// `Help`.
    pub(super) fn tell_help(&mut self, connection: ConnectionId) {
        let content = Arc::clone(self.world.content());
        for line in content.help() {
            self.tell(connection, line, Font::Info);
        }
    }

    /// `RequestStats`: the sheet as console lines.
    pub(super) fn tell_stats(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let (name, stats) = (player.name().to_string(), player.character.stats);
        let lines = [
            format!("Estadísticas de {name}:"),
            format!("Nivel {}, experiencia {}/{}.", stats.level, stats.experience, stats.experience_to_next),
            format!(
                "Vida {}/{}, maná {}/{}, energía {}/{}.",
                stats.hp, stats.max_hp, stats.mana, stats.max_mana, stats.stamina, stats.max_stamina
            ),
            format!("Golpe {} a {}, oro {}.", stats.min_hit, stats.max_hit, stats.gold),
        ];
        for line in lines {
            self.tell(connection, &line, Font::Info);
        }
    }

    /// `RequestAtributes`.
    pub(super) fn tell_attributes(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let attributes = player.character.attributes;
        let packet = ServerPacket::Atributes {
            strength: attributes.strength,
            agility: attributes.agility,
            intelligence: attributes.intelligence,
            charisma: attributes.charisma,
            constitution: attributes.constitution,
        };
        self.send(connection, &packet);
    }

    /// `RequestFame`.
    pub(super) fn tell_fame(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let reputation = player.character.reputation;
        let packet = ServerPacket::Fame {
            assassin: number(reputation.assassin),
            bandit: number(reputation.bandit),
            bourgeois: number(reputation.bourgeois),
            thief: number(reputation.thief),
            noble: number(reputation.noble),
            plebeian: number(reputation.plebeian),
            average: i32::try_from(appearance::average_reputation(&reputation)).unwrap_or_default(),
        };
        self.send(connection, &packet);
    }

    /// `RequestMiniStats`.
    pub(super) fn tell_kills(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let stats = player.character.stats;
        let class = Class::from_wire(player.account.account.class).map_or(0, Class::number_in_mini_stats);
        let packet = ServerPacket::MiniStats {
            citizens_killed: number(stats.citizens_killed),
            criminals_killed: number(stats.criminals_killed),
            users_killed: number(stats.users_killed),
            npcs_killed: i16::try_from(stats.npcs_killed).unwrap_or(i16::MAX),
            class,
            jail_time: number(stats.jail_minutes),
        };
        self.send(connection, &packet);
    }

    /// `RequestSkills`: the points left to assign, then every skill with its progress. The client's window opens with the
    /// skills and takes its points from the `LevelUp` before them.
    pub(super) fn tell_skills(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let free = player.character.stats.free_skill_points;
        let skills = player
            .character
            .skills
            .map(|skill| SkillLevel { level: skill.level, progress: skills::progress_percent(skill) });
        let free_skill_points = i16::try_from(free).unwrap_or(i16::MAX);
        self.send(connection, &ServerPacket::LevelUp { free_skill_points });
        self.send(connection, &ServerPacket::SendSkills { skills });
    }
}
