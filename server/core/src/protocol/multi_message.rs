//! Fixed messages: packet 104, whose second byte says which. The client has the texts; the server sends numbers.
//!
//! Those that name another character need the client to know that character at that moment. Parts of the body:
//! 1 head, 2 left leg, 3 right leg, 4 right arm, 5 left arm, 6 torso; with any other the client shows no line.

use super::table::{Text, packets};

packets! {
    /// A fixed message to one player.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum MultiMessage<'a>: "multi", UnknownMultiMessage {
        /// The clicked tile is empty. The client shows nothing.
        0 DontSeeAnything
        /// A creature misses the player.
        1 NPCSwing
        /// A creature kills the player.
        2 NPCKillUser
        /// The player's shield stops a blow.
        3 BlockedWithShieldUser
        /// The victim's shield stops the player's blow.
        4 BlockedWithShieldother
        /// The player misses.
        5 UserSwing
        /// The lock against attacking citizens is on.
        6 SafeModeOn
        /// The lock against attacking citizens is off.
        7 SafeModeOff
        /// The lock against being resurrected is off.
        8 ResuscitationSafeOff
        /// The lock against being resurrected is on.
        9 ResuscitationSafeOn
        /// The player is no longer noble.
        10 NobilityLost
        /// Meditating players cannot use objects.
        11 CantUseWhileMeditating
        /// A creature hits the player.
        12 NPCHitUser { body_part: u8, damage: i16 }
        /// The player hits a creature.
        13 UserHitNPC { damage: i32 }
        /// Another player misses the player.
        14 UserAttackedSwing { attacker_char_index: i16 }
        /// Another player hits the player.
        15 UserHittedByUser { attacker_char_index: i16, body_part: u8, damage: i16 }
        /// The player hits another player.
        16 UserHittedUser { victim_char_index: i16, body_part: u8, damage: i16 }
        /// The next click on the world is the target of this skill: 1, 2, 9, 12, 13, 17, 18 or 88.
        17 WorkRequestTarget { skill: u8 }
        /// The player killed another player.
        18 HaveKilledUser { victim_char_index: i16, experience: i32 }
        /// Another player killed the player.
        19 UserKill { killer_char_index: i16 }
        /// Experience was earned. The client shows nothing.
        20 EarnExp
        /// The dead's trip home begins; walking stops until it ends.
        21 Home { distance_maps: u8, seconds: i16, home_name: Text<'a> }
        /// The trip home is broken off; walking goes on.
        22 CancelHome
        /// The trip home ends; walking goes on.
        23 FinishHome
    }
}
