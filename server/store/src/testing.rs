//! Helpers for tests of whatever stands on a store: sample records, a store in memory, and one that fails on demand.

mod faulty;
#[cfg(any(test, feature = "testing"))]
mod memory;

use pyao_core::base::ids::{MapId, ObjectId, SpellId};

use super::records::{
    AttributesRecord, BadField, CharacterRecord, CharacterSave, Field, FieldKind, Fields, INVENTORY_SLOTS,
    ItemRecord, NewAccount, PositionRecord, ReputationRecord, SKILLS, SPELL_SLOTS, SkillRecord, StatsRecord,
    StoredValue, UserId, VAULT_SLOTS,
};
pub use faulty::{Faults, FaultyStore};

/// Builds an account of that name.
#[must_use]
pub fn sample_account(username: &str) -> NewAccount {
    NewAccount {
        username: username.into(),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FtcGxlc2FsdA$c2FtcGxl".into(),
        email: "player@example.org".into(),
        created_at: 1_700_000_000,
        race: 2,
        gender: 1,
        class: 1,
        head: 101,
        home: 1,
    }
}

/// Builds a character whose every number differs from its neighbours, so that a swapped field shows.
#[must_use]
pub fn sample_character() -> CharacterRecord {
    let mut skills = [SkillRecord::default(); SKILLS];
    for (skill, number) in skills.iter_mut().zip(1..) {
        *skill = SkillRecord { level: number, experience: 100 + u32::from(number) };
    }
    let mut inventory = [None; INVENTORY_SLOTS];
    for (slot, number) in inventory.iter_mut().zip(1..).step_by(3) {
        *slot = Some(ItemRecord {
            object: ObjectId::new(400 + number),
            amount: 10 * number,
            equipped: number % 2 == 0,
        });
    }
    let mut spells = [SpellId::NONE; SPELL_SLOTS];
    for (slot, number) in spells.iter_mut().zip(1..).step_by(4) {
        *slot = SpellId::new(number);
    }
    let mut character = CharacterRecord {
        position: PositionRecord { map: MapId::new(1), x: 50, y: 51, heading: 3 },
        attributes: AttributesRecord {
            strength: 18,
            agility: 17,
            intelligence: 16,
            charisma: 15,
            constitution: 14,
        },
        stats: sample_stats(),
        reputation: ReputationRecord {
            assassin: 1,
            bandit: 2,
            bourgeois: 3,
            thief: 4,
            noble: 1000,
            plebeian: 30,
        },
        skills,
        inventory,
        spells,
        vault: sample_vault(),
        bank: numbered(700),
        states: numbered(1),
        life: numbered(2),
        membership: numbered(7),
        faction: numbered(1),
        notices: vec![numbered(1_700_000_200), numbered(1_700_000_300)],
        ..CharacterRecord::blank()
    };
    character.description = "Un mago de Ullathorpe".into();
    character
}

fn sample_vault() -> [Option<ItemRecord>; VAULT_SLOTS] {
    let mut vault = [None; VAULT_SLOTS];
    for (slot, number) in vault.iter_mut().zip(1..).step_by(9) {
        *slot =
            Some(ItemRecord { object: ObjectId::new(500 + number), amount: 20 * number, equipped: false });
    }
    vault
}

/// Returns a record whose numbers count up from `first` as far as their ranges allow, and whose texts are numbered likewise.
#[must_use]
pub fn numbered<F: Fields>(first: i64) -> F {
    let mut next = first;
    let value_of = |field: &'static Field| {
        let number = next;
        next = next.saturating_add(1);
        Ok::<_, BadField>(Some(match &field.kind {
            FieldKind::Number { range, .. } => {
                StoredValue::Number(number.clamp(*range.start(), *range.end()))
            }
            FieldKind::Text { .. } => StoredValue::Text(format!("Añoranza {number}").into()),
        }))
    };
    F::read(value_of).unwrap_or_else(|_| F::blank())
}

/// Returns a record with every number at its upper end.
#[must_use]
pub fn at_limits<F: Fields>() -> F {
    numbered(i64::MAX)
}

fn sample_stats() -> StatsRecord {
    StatsRecord {
        max_hp: 21,
        hp: 20,
        max_mana: 101,
        mana: 100,
        max_stamina: 61,
        stamina: 60,
        min_hit: 1,
        max_hit: 2,
        gold: 5000,
        level: 4,
        experience: 150,
        experience_to_next: 300,
        water: 99,
        food: 98,
        free_skill_points: 10,
        assigned_skill_points: 9,
        ..numbered(15)
    }
}

/// Builds a save of the position alone.
#[must_use]
pub fn position_save(user_id: UserId, position: PositionRecord) -> CharacterSave {
    CharacterSave::Position { user_id, position }
}

/// Builds a save of the whole character.
#[must_use]
pub fn sheet_save(user_id: UserId, sheet: CharacterRecord) -> CharacterSave {
    CharacterSave::Sheet { user_id, sheet: Box::new(sheet) }
}
