//! The states of a character that outlast a logout, its life so far, and the notices of its absence.

use crate::base::ids::MapId;
use crate::fields;

/// Most notices that a character keeps; an older one makes room.
pub const NOTICES_MAX: usize = 20;

fields! {
    /// Effects that go on where they stopped when the player comes back. A tick is 40 ms.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct StatesRecord {
        /// True while poison acts.
        poisoned: bool = 0,
        /// Ticks of paralysis or immobility left; 0 = neither.
        paralysis_ticks: u32 = 0,
        /// True if what is left is immobility: the character may act but not walk.
        immobilised: bool = 0,
        /// Ticks left of a changed strength or agility; 0 = both are as in the attributes.
        attribute_ticks: u32 = 0,
        /// Strength while the change lasts; the attributes keep the own one.
        strength: u8 = 0,
        /// Agility while the change lasts; the attributes keep the own one.
        agility: u8 = 0,
    }
}

fields! {
    /// The life of a character so far, beside the counters of its stats.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct LifeRecord {
        /// Home city, 1..=6; 0 = the one of the account.
        home: u8 in 0..=6 = 0,
        /// Times that it died.
        deaths: u32 = 0,
        /// The last map that the character could leave on foot; 0 = none yet.
        last_map: MapId = 0,
        /// Account number of the criminal killed last, who counts once in a row; 0 = none.
        last_criminal_killed: u32 = 0,
        /// Account number of the citizen killed last, who counts once in a row; 0 = none.
        last_citizen_killed: u32 = 0,
    }
}

fields! {
    /// The guild of a character.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct MembershipRecord {
        /// Number of the guild; 0 = none.
        guild: u32 = 0,
        /// Rank in the guild; 0 = plain member.
        rank: u8 = 0,
    }
}

fields! {
    /// The faction of a character, and the numbers that count once in a life.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct FactionRecord {
        /// 0 none, 1 royal army, 2 chaos legion.
        faction: u8 in 0..=2 = 0,
        /// Rank in the faction, from 0.
        rank: u8 = 0,
        /// Time of joining, Unix seconds; 0 = never.
        joined_at: u64 = 0,
        /// Level at the time of joining.
        level_at_joining: u8 = 0,
        /// Kills at the time of joining.
        kills_at_joining: u32 = 0,
        /// Kills that the next reward needs.
        next_reward: u32 = 0,
        /// Rewards received.
        rewards: u32 = 0,
        /// Times that the character joined again.
        times_joined_again: u8 = 0,
        /// True once the army gave its armour.
        has_royal_armour: bool = 0,
        /// True once the legion gave its armour.
        has_chaos_armour: bool = 0,
        /// True once the army gave its first experience.
        has_royal_experience: bool = 0,
        /// True once the legion gave its first experience.
        has_chaos_experience: bool = 0,
    }
}

fields! {
    /// Gold in the bank.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct BankRecord {
        /// Gold deposited.
        gold: u32 = 0,
    }
}

fields! {
    /// An act against a character whose player was away, told at the next login.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NoticeRecord {
        /// Time of the act, Unix seconds.
        at: u64,
        /// Number of the act; the game names them.
        act: u8,
        /// Name of the actor.
        actor: String = "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{CharacterRecord, Fields};

    #[test]
    fn the_oldest_notice_makes_room_for_the_newest() {
        let mut character = CharacterRecord::blank();
        let notice = |at| NoticeRecord { at, act: 1, actor: "Ana".to_owned() };
        (0..25).for_each(|at| character.notify(notice(at)));
        assert_eq!(character.notices, (5..25).map(notice).collect::<Vec<_>>());
    }

    #[test]
    fn a_changed_attribute_counts_while_the_change_lasts() {
        let mut character = CharacterRecord::blank();
        (character.attributes.strength, character.attributes.agility) = (18, 17);
        character.states = StatesRecord { attribute_ticks: 1, strength: 30, agility: 10, ..character.states };
        assert_eq!((character.strength(), character.agility()), (30, 10));
        character.states.attribute_ticks = 0;
        assert_eq!((character.strength(), character.agility()), (18, 17));
    }

    #[test]
    fn a_record_is_default_while_nothing_in_it_was_changed() {
        assert!(LifeRecord::blank().is_default() && FactionRecord::blank().is_default());
        assert!(!LifeRecord { deaths: 1, ..LifeRecord::blank() }.is_default());
        assert!(!CharacterRecord::blank().stats.is_default(), "its fields were always there");
    }
}
