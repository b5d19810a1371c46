//! From packet to rule: one line a packet.
//!
//! Before login only dice, login and creation exist. In play every packet has its line: the system that handles it, a
//! refusal that the player reads while the system is not there yet, or silence for what clients send by themselves.

use super::character_form::CharacterForm;
use super::creation::CreationRequest;
use super::players::PlayerKey;
use super::{CloseReason, Game, Stage, texts};
use crate::protocol::client::ClientPacket;
use crate::protocol::font::Font;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;

impl Game {
    pub(super) fn dispatch(&mut self, id: ConnectionId, packet: ClientPacket) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.last_packet = Some(now);
        match connection.stage {
            Stage::Lobby => self.dispatch_in_lobby(id, packet),
            Stage::Waiting(_) => {}
            Stage::Playing(key) => self.dispatch_in_play(id, key, packet),
        }
    }

    fn dispatch_in_lobby(&mut self, id: ConnectionId, packet: ClientPacket) {
        match packet {
            ClientPacket::ThrowDices => self.throw_dice(id),
            ClientPacket::LoginExistingChar { username, password, ver_major, ver_minor, ver_rev } => {
                self.log_in(id, username, password, (ver_major, ver_minor, ver_rev));
            }
            ClientPacket::LoginNewChar {
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
            } => {
                let version = (ver_major, ver_minor, ver_rev);
                let form = CharacterForm { name: username, email, race, gender, class, head, home };
                self.create(id, CreationRequest { form, password, version });
            }
            _ => self.close(id, CloseReason::OutOfOrder),
        }
    }

    fn dispatch_in_play(&mut self, id: ConnectionId, key: PlayerKey, packet: ClientPacket) {
        match packet {
            ClientPacket::Walk { heading } => self.walk(id, key, heading),
            ClientPacket::ChangeHeading { heading } => self.change_heading(id, key, heading),
            ClientPacket::RequestPositionUpdate => self.tell_position(id, key),
            ClientPacket::Talk { text } => self.talk(id, key, &text),
            ClientPacket::Yell { text } => self.yell(id, key, &text),
            ClientPacket::Whisper { target_name, text } => self.whisper(id, key, &target_name, &text),
            ClientPacket::LeftClick { x, y } => self.look_at(id, key, x, y),
            ClientPacket::Ping => self.send(id, &ServerPacket::Pong),
            ClientPacket::Online => self.tell_online(id),
            ClientPacket::Uptime => self.tell_uptime(id),
            ClientPacket::RequestMOTD => self.answer_motd(id),
            ClientPacket::Help => self.tell_help(id),
            ClientPacket::RequestStats => self.tell_stats(id, key),
            ClientPacket::RequestAtributes => self.tell_attributes(id, key),
            ClientPacket::RequestFame => self.tell_fame(id, key),
            ClientPacket::RequestMiniStats => self.tell_kills(id, key),
            ClientPacket::RequestSkills => self.tell_skills(id, key),
            ClientPacket::ModifySkills { points_by_skill } => {
                self.assign_skill_points(id, key, &points_by_skill)
            }
            ClientPacket::MoveItem { from_slot, to_slot, .. } => self.move_item(id, key, from_slot, to_slot),
            ClientPacket::MoveSpell { upwards, slot } => self.move_spell(id, key, upwards, slot),
            ClientPacket::SpellInfo { spell_slot } => self.tell_spell_info(id, key, spell_slot),
            ClientPacket::SafeToggle => self.toggle_safe_mode(id, key),
            ClientPacket::ResuscitationSafeToggle => self.toggle_resurrection_safe(id, key),
            ClientPacket::ChangeDescription { text } => self.change_description(id, key, &text),
            ClientPacket::ChangePassword { current_password, new_password } => {
                self.change_password(id, current_password, new_password);
            }
            ClientPacket::Quit => self.quit(id, key),
            other => self.dispatch_unbuilt(id, other),
        }
    }

    /// What no system handles yet.
    fn dispatch_unbuilt(&mut self, id: ConnectionId, packet: ClientPacket) {
        match packet {
            // Sent by clients on their own (minimap, shift and click, double click) or with no effect to expect.
            ClientPacket::GMCommands { .. }
            | ClientPacket::DoubleClick { .. }
            | ClientPacket::UseSpellMacro
            | ClientPacket::CastSpell { .. }
            | ClientPacket::InitCrafting { .. }
            // The windows these close, or act in, cannot be open.
            | ClientPacket::CommerceEnd
            | ClientPacket::UserCommerceEnd
            | ClientPacket::UserCommerceConfirm
            | ClientPacket::UserCommerceOk
            | ClientPacket::UserCommerceReject
            | ClientPacket::UserCommerceOffer { .. }
            | ClientPacket::CommerceChat { .. }
            | ClientPacket::CommerceBuy { .. }
            | ClientPacket::CommerceSell { .. }
            | ClientPacket::BankEnd
            | ClientPacket::BankDeposit { .. }
            | ClientPacket::BankExtractItem { .. }
            | ClientPacket::MoveBank { .. }
            // A form sent twice: the second comes after the login.
            | ClientPacket::ThrowDices
            | ClientPacket::LoginExistingChar { .. }
            | ClientPacket::LoginNewChar { .. } => {}
            _ => self.tell(id, texts::NOT_YET, Font::Info),
        }
    }
}
