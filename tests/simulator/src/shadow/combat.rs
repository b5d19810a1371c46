//! Fixed messages: mostly lines of combat, some of which look another character up.

use pyao_core::protocol::multi_message::MultiMessage;

use super::ShadowClient;

/// Skills that the client has a text and a cursor for when it is asked for a target.
const TARGET_SKILLS: [u8; 8] = [1, 2, 9, 12, 13, 17, 18, 88];

impl ShadowClient {
    pub(super) fn note_message(&mut self, message: MultiMessage<'static>) {
        match message {
            MultiMessage::SafeModeOn => self.state.safe_mode = Some(true),
            MultiMessage::SafeModeOff => self.state.safe_mode = Some(false),
            MultiMessage::ResuscitationSafeOn => self.state.resuscitation_safe = Some(true),
            MultiMessage::ResuscitationSafeOff => self.state.resuscitation_safe = Some(false),
            MultiMessage::NPCHitUser { body_part, .. } => self.check_body_part(body_part),
            MultiMessage::UserHittedByUser { attacker_char_index: index, body_part, .. }
            | MultiMessage::UserHittedUser { victim_char_index: index, body_part, .. } => {
                self.check_known(index, message.name());
                self.check_body_part(body_part);
            }
            MultiMessage::UserAttackedSwing { attacker_char_index: index }
            | MultiMessage::HaveKilledUser { victim_char_index: index, .. }
            | MultiMessage::UserKill { killer_char_index: index } => self.check_known(index, message.name()),
            MultiMessage::WorkRequestTarget { skill } => {
                let has_text = TARGET_SKILLS.contains(&skill);
                self.check(has_text, || format!("WorkRequestTarget of skill {skill}"));
                self.state.asked_target = Some(skill);
            }
            MultiMessage::Home { .. } => self.state.travelling_home = true,
            MultiMessage::CancelHome | MultiMessage::FinishHome => self.state.travelling_home = false,
            _ => {}
        }
        self.messages.push(message);
    }

    fn check_body_part(&mut self, part: u8) {
        self.check((1..=6).contains(&part), || format!("no part {part} of a body"));
    }
}
