//! Answers to a player who asks: how many play, how long the server runs, what their sheet says.

use crate::game::play::{Actor, Play};
use crate::game::rules::kinds::Class;
use crate::game::rules::reputation::average_reputation;
use crate::game::rules::skills::progress_percent;
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::{ServerPacket, SkillLevel};

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl Play {
    /// Handles `Online`.
    pub fn tell_online(&mut self, actor: Actor) {
        let text = texts::online(self.players.connected());
        self.tell(actor.connection, &text, Font::Info);
    }

    /// Handles `Uptime`.
    pub fn tell_uptime(&mut self, actor: Actor) {
        let text = texts::uptime(self.now / 1_000);
        self.tell(actor.connection, &text, Font::Info);
    }

    /// Handles `RequestMOTD`.
    pub fn answer_motd(&mut self, actor: Actor) {
        if self.motd().is_empty() {
            self.tell(actor.connection, texts::NO_MOTD, Font::Info);
        } else {
            self.tell_motd(actor.connection);
        }
    }

    /// Handles `Help`.
    pub fn tell_help(&mut self, actor: Actor) {
        for line in self.content.help() {
            self.outbox.send(actor.connection, &ServerPacket::console(line.as_str(), Font::Info));
        }
    }

    /// Handles `RequestStats`: the sheet as console lines.
    pub fn tell_stats(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        for line in texts::stats(player.name(), &player.character.stats) {
            self.tell(actor.connection, &line, Font::Info);
        }
    }

    /// Handles `RequestAtributes`.
    pub fn tell_attributes(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let attributes = player.character.attributes;
        let packet = ServerPacket::Atributes {
            strength: attributes.strength,
            agility: attributes.agility,
            intelligence: attributes.intelligence,
            charisma: attributes.charisma,
            constitution: attributes.constitution,
        };
        self.send(actor.connection, &packet);
    }

    /// Handles `RequestFame`.
    pub fn tell_fame(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let reputation = player.character.reputation;
        let packet = ServerPacket::Fame {
            assassin: number(reputation.assassin),
            bandit: number(reputation.bandit),
            bourgeois: number(reputation.bourgeois),
            thief: number(reputation.thief),
            noble: number(reputation.noble),
            plebeian: number(reputation.plebeian),
            average: i32::try_from(average_reputation(&reputation)).unwrap_or_default(),
        };
        self.send(actor.connection, &packet);
    }

    /// Handles `RequestMiniStats`.
    pub fn tell_kills(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
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
        self.send(actor.connection, &packet);
    }

    /// Handles `RequestSkills`: the points left to assign, then every skill with its progress. The client's window
    /// opens with the skills and takes its points from the `LevelUp` before them.
    pub fn tell_skills(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let free = player.character.stats.free_skill_points;
        let skills = player
            .character
            .skills
            .map(|skill| SkillLevel { level: skill.level, progress: progress_percent(skill) });
        let free_skill_points = i16::try_from(free).unwrap_or(i16::MAX);
        self.send(actor.connection, &ServerPacket::LevelUp { free_skill_points });
        self.send(actor.connection, &ServerPacket::SendSkills { skills });
    }
}
