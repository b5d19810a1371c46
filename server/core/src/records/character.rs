//! The parts of a character. A part made of numbers and texts is declared with [`fields!`]; from these declarations a
//! store derives how it writes and reads them.

use super::UserId;
use super::fields::{Fields, Slot};
use super::life::{
    BankRecord, FactionRecord, LifeRecord, MembershipRecord, NOTICES_MAX, NoticeRecord, StatesRecord,
};
use crate::base::ids::{MapId, ObjectId, SpellId};
use crate::fields;

/// Number of inventory slots of a player.
pub const INVENTORY_SLOTS: usize = 25;
/// Number of slots of a player's vault in the bank.
pub const VAULT_SLOTS: usize = 40;
/// Number of spell slots of a player.
pub const SPELL_SLOTS: usize = 35;
/// Number of skills.
pub const SKILLS: usize = 20;

fields! {
    /// The place of a character.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct PositionRecord {
        /// Map number.
        map: MapId,
        /// 1..=100.
        x: u8 in 1..=100,
        /// 1..=100.
        y: u8 in 1..=100,
        /// 1 north, 2 east, 3 south, 4 west.
        heading: u8 in 1..=4,
    }
}

fields! {
    /// Attributes with race modifiers, in the protocol's order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct AttributesRecord {
        /// Fuerza.
        strength: u8,
        /// Agilidad.
        agility: u8,
        /// Inteligencia.
        intelligence: u8,
        /// Carisma.
        charisma: u8,
        /// Constitución.
        constitution: u8,
    }
}

fields! {
    /// Bars, level, purse and counters: what changes in play.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct StatsRecord {
        /// Most hit points.
        max_hp: u16,
        /// Hit points; 0 is dead.
        hp: u16,
        /// Most mana.
        max_mana: u16,
        /// Mana.
        mana: u16,
        /// Most stamina.
        max_stamina: u16,
        /// Stamina.
        stamina: u16,
        /// Smallest blow without a weapon.
        min_hit: u16,
        /// Largest blow without a weapon.
        max_hit: u16,
        /// Gold carried.
        gold: u32,
        /// Level, from 1.
        level: u8 in 1..=255,
        /// Experience in this level.
        experience: u32,
        /// Experience that completes this level.
        experience_to_next: u32,
        /// Thirst bar, 0..=100; 0 is thirsty.
        water: u8 in 0..=100,
        /// Hunger bar, 0..=100; 0 is hungry.
        food: u8 in 0..=100,
        /// Skill points not yet assigned.
        free_skill_points: u16,
        /// Skill points ever assigned, counted to 10.
        assigned_skill_points: u8 in 0..=10,
        /// Citizens killed.
        citizens_killed: u32,
        /// Criminals killed.
        criminals_killed: u32,
        /// Users killed.
        users_killed: u32,
        /// NPCs killed.
        npcs_killed: u32,
        /// Minutes of jail left.
        jail_minutes: u32,
    }
}

fields! {
    /// Reputation counters, each 0..=6,000,000.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ReputationRecord {
        /// Asesino.
        assassin: u32 in 0..=6_000_000,
        /// Bandido.
        bandit: u32 in 0..=6_000_000,
        /// Burgués.
        bourgeois: u32 in 0..=6_000_000,
        /// Ladrón.
        thief: u32 in 0..=6_000_000,
        /// Noble.
        noble: u32 in 0..=6_000_000,
        /// Plebe.
        plebeian: u32 in 0..=6_000_000,
    }
}

fields! {
    /// One skill.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct SkillRecord {
        /// 0..=100.
        level: u8 in 0..=100,
        /// Experience gathered towards the next point.
        experience: u32,
    }
}

fields! {
    /// One slot in use, of an inventory or a vault.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ItemRecord {
        /// Object number.
        object: ObjectId in 1..=65_535,
        /// 1..=10,000.
        amount: u16 in 1..=10_000,
        /// True if it is worn or wielded.
        equipped: bool,
    }
}

fields! {
    /// One spell slot in use.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct SpellRecord {
        /// Number of the spell.
        spell: SpellId,
    }
}

/// Every skill is stored, also one at zero.
impl Slot for SkillRecord {
    type Record = Self;

    fn free() -> Self {
        Self::default()
    }

    fn used(&self) -> Option<Self> {
        Some(*self)
    }

    fn holding(record: Self) -> Self {
        record
    }
}

/// A spell slot is the number of its spell, [`SpellId::NONE`] where it is free.
impl Slot for SpellId {
    type Record = SpellRecord;

    fn free() -> Self {
        Self::NONE
    }

    fn used(&self) -> Option<SpellRecord> {
        (*self != Self::NONE).then_some(SpellRecord { spell: *self })
    }

    fn holding(record: SpellRecord) -> Self {
        record.spell
    }
}

/// A whole character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterRecord {
    /// Its place.
    pub position: PositionRecord,
    /// Its attributes.
    pub attributes: AttributesRecord,
    /// Its bars and counters.
    pub stats: StatsRecord,
    /// Its reputation.
    pub reputation: ReputationRecord,
    /// Its skills, in the protocol's order.
    pub skills: [SkillRecord; SKILLS],
    /// Its inventory.
    pub inventory: [Option<ItemRecord>; INVENTORY_SLOTS],
    /// Its spells, [`SpellId::NONE`] for an empty slot.
    pub spells: [SpellId; SPELL_SLOTS],
    /// Its items in the bank.
    pub vault: [Option<ItemRecord>; VAULT_SLOTS],
    /// Its gold in the bank.
    pub bank: BankRecord,
    /// Its states that outlast a logout.
    pub states: StatesRecord,
    /// Its life so far.
    pub life: LifeRecord,
    /// Its guild.
    pub membership: MembershipRecord,
    /// Its faction.
    pub faction: FactionRecord,
    /// Acts against it that its player has not read, oldest first; at most [`NOTICES_MAX`].
    pub notices: Vec<NoticeRecord>,
    /// The description it gave itself.
    pub description: String,
}

impl CharacterRecord {
    /// Returns a character with nothing, and every number at its default or the least that it may be.
    #[must_use]
    pub fn blank() -> Self {
        Self {
            position: PositionRecord::blank(),
            attributes: AttributesRecord::blank(),
            stats: StatsRecord::blank(),
            reputation: ReputationRecord::blank(),
            skills: [SkillRecord::default(); SKILLS],
            inventory: [None; INVENTORY_SLOTS],
            spells: [SpellId::NONE; SPELL_SLOTS],
            vault: [None; VAULT_SLOTS],
            bank: BankRecord::blank(),
            states: StatesRecord::blank(),
            life: LifeRecord::blank(),
            membership: MembershipRecord::blank(),
            faction: FactionRecord::blank(),
            notices: Vec::new(),
            description: String::new(),
        }
    }

    /// Returns the strength that counts now: the changed one while a change lasts.
    #[must_use]
    pub fn strength(&self) -> u8 {
        if self.states.attribute_ticks > 0 { self.states.strength } else { self.attributes.strength }
    }

    /// Returns the agility that counts now: the changed one while a change lasts.
    #[must_use]
    pub fn agility(&self) -> u8 {
        if self.states.attribute_ticks > 0 { self.states.agility } else { self.attributes.agility }
    }

    /// Adds a notice for the player, who is away; the oldest goes when there are more than [`NOTICES_MAX`].
    pub fn notify(&mut self, notice: NoticeRecord) {
        self.notices.push(notice);
        let surplus = self.notices.len().saturating_sub(NOTICES_MAX);
        self.notices.drain(..surplus);
    }
}

/// The changed part of a character since its last save.
#[derive(Debug, Clone, PartialEq)]
pub enum CharacterSave {
    /// It has only moved.
    Position {
        /// Number of the account.
        user_id: UserId,
        /// Its place now.
        position: PositionRecord,
    },
    /// Anything but its position has changed.
    Sheet {
        /// Number of the account.
        user_id: UserId,
        /// The whole character.
        sheet: Box<CharacterRecord>,
    },
}

impl CharacterSave {
    /// Returns number of the account.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        match self {
            Self::Position { user_id, .. } | Self::Sheet { user_id, .. } => *user_id,
        }
    }

    /// Returns the place of the character.
    #[must_use]
    pub fn position(&self) -> PositionRecord {
        match self {
            Self::Position { position, .. } => *position,
            Self::Sheet { sheet, .. } => sheet.position,
        }
    }

    /// Applies the change to a stored character.
    pub fn apply_to(self, character: &mut CharacterRecord) {
        match self {
            Self::Position { position, .. } => character.position = position,
            Self::Sheet { sheet, .. } => *character = *sheet,
        }
    }
}
