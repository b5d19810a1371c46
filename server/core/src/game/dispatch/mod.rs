//! From packet to rule: one line a packet.
//!
//! Before login only dice, login and creation exist. In play every packet has its line: the system that handles it, a
//! refusal that the player reads while the system is not there yet, or silence for what clients send by themselves.
//! There is no arm for the rest: a new packet does not compile before it has its line.

mod unbuilt;

use crate::base::ids::ConnectionId;
use crate::game::account::character_form::CharacterForm;
use crate::game::account::rolls::CreationRequest;
use crate::game::play::Actor;
use crate::game::{CloseReason, Game, Stage, texts};
use crate::protocol::client::ClientPacket;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;

impl Game {
    /// Handles a packet. Packets of a connection that has gone, or that waits for an answer, are dropped.
    pub(in crate::game) fn dispatch(&mut self, id: ConnectionId, packet: ClientPacket) {
        let now = self.play.now;
        let Some(connection) = self.lobby.connections.get_mut(id) else { return };
        connection.last_packet = Some(now);
        match connection.stage {
            Stage::Lobby => self.dispatch_in_lobby(id, packet),
            Stage::Waiting(_) => {}
            Stage::Playing(key) => {
                if let Some(actor) = self.play.actor(id, key) {
                    self.dispatch_in_play(actor, packet);
                }
            }
        }
    }

    fn dispatch_in_lobby(&mut self, id: ConnectionId, packet: ClientPacket) {
        if let ClientPacket::ThrowDices = packet {
            return self.throw_dice(id);
        }
        if let ClientPacket::LoginExistingChar { username, password, ver_major, ver_minor, ver_rev } = packet
        {
            return self.log_in(id, username, password, (ver_major, ver_minor, ver_rev));
        }
        if let ClientPacket::LoginNewChar {
            username,
            password,
            ver_major,
            ver_minor,
            ver_rev,
            race,
            gender,
            class,
            head,
            email,
            home,
        } = packet
        {
            let version = (ver_major, ver_minor, ver_rev);
            let form = CharacterForm { name: username, email, race, gender, class, head, home };
            return self.create(id, CreationRequest { form, password, version });
        }
        self.close(id, CloseReason::OutOfOrder);
    }

    fn dispatch_in_play(&mut self, actor: Actor, packet: ClientPacket) {
        let play = &mut self.play;
        match packet {
            ClientPacket::Walk { heading } => play.walk(actor, heading),
            ClientPacket::ChangeHeading { heading } => play.change_heading(actor, heading),
            ClientPacket::RequestPositionUpdate => play.tell_position(actor),
            ClientPacket::Talk { text } => play.talk(actor, &text),
            ClientPacket::Yell { text } => play.yell(actor, &text),
            ClientPacket::Whisper { target_name, text } => play.whisper(actor, &target_name, &text),
            ClientPacket::LeftClick { x, y } => play.look_at(actor, x, y),
            ClientPacket::Ping => play.send(actor.connection, &ServerPacket::Pong),
            ClientPacket::Online => play.tell_online(actor),
            ClientPacket::Uptime => play.tell_uptime(actor),
            ClientPacket::RequestMOTD => play.answer_motd(actor),
            ClientPacket::Help => play.tell_help(actor),
            ClientPacket::RequestStats => play.tell_stats(actor),
            ClientPacket::RequestAtributes => play.tell_attributes(actor),
            ClientPacket::RequestFame => play.tell_fame(actor),
            ClientPacket::RequestMiniStats => play.tell_kills(actor),
            ClientPacket::RequestSkills => play.tell_skills(actor),
            ClientPacket::ModifySkills { points_by_skill } => {
                play.assign_skill_points(actor, &points_by_skill)
            }
            ClientPacket::MoveItem { from_slot, to_slot, .. } => play.move_item(actor, from_slot, to_slot),
            ClientPacket::MoveSpell { upwards, slot } => play.move_spell(actor, upwards, slot),
            ClientPacket::SpellInfo { spell_slot } => play.tell_spell_info(actor, spell_slot),
            ClientPacket::SafeToggle => play.toggle_safe_mode(actor),
            ClientPacket::ResuscitationSafeToggle => play.toggle_resurrection_safe(actor),
            ClientPacket::ChangeDescription { text } => play.change_description(actor, &text),
            ClientPacket::ChangePassword { current_password, new_password } => {
                self.change_password(actor, current_password, new_password);
            }
            ClientPacket::Quit => play.quit(actor),
            unbuilt::silent!() => {}
            unbuilt::refused!() => play.tell(actor.connection, texts::NOT_YET, Font::Info),
        }
    }
}
