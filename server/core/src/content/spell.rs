//! Spell templates (`Dat/Hechizos.dat`).

use serde::Deserialize;

use super::record::Record;
use crate::base::ids::{NpcTemplateId, SpellId};

/// Effect of a spell on one bar: a change by a random amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatChange {
    /// 0 leaves it, 1 raises it, 2 lowers it.
    pub direction: u8,
    /// Least amount.
    pub min: u16,
    /// Most amount.
    pub max: u16,
}

/// A spell. In comments, the key of `Hechizos.dat`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpellTemplate {
    /// From 1.
    pub number: SpellId,
    /// Shown to players. `Nombre`
    pub name: String,
    /// Shown on request. `Desc`
    pub description: String,
    /// Text over the caster's head; may be empty. `PalabrasMagicas`
    pub magic_words: String,
    /// Text sent to the caster, with the target's name appended. `HechizeroMsg`
    pub caster_message: String,
    /// Text sent to the target, after the caster's name. `TargetMsg`
    pub target_message: String,
    /// Text sent to a caster whose target is itself. `PropioMsg`
    pub own_message: String,
    /// 1 changes bars, 2 changes a state, 3 creates, 4 summons. `Tipo`
    pub kind: u8,
    /// 1 users, 2 NPCs, 3 both, 4 the ground. `Target`
    pub target: u8,
    /// Sound, 0 for none. `WAV`
    pub sound: u16,
    /// Effect graphic, 0 for none. `FXgrh`
    pub effect: u16,
    /// Repeats of the effect. `Loops`
    pub effect_loops: u16,
    /// Magic skill needed; 101 is for NPCs only. `MinSkill`
    pub min_skill: u16,
    /// Mana it costs. `ManaRequerido`
    pub mana: u16,
    /// Stamina it costs. `StaRequerido`
    pub stamina: u16,
    /// Power a mage's staff needs. `NeedStaff`
    pub staff_power: u16,
    /// True if a staff adds to its damage. `StaffAffected`
    pub staff_affected: bool,

    /// Hit points. `SubeHP`
    pub hp_change: StatChange,
    /// Mana. `SubeMana`
    pub mana_change: StatChange,
    /// Stamina. `SubeSta`
    pub stamina_change: StatChange,
    /// Hunger. `SubeHam`
    pub hunger_change: StatChange,
    /// Thirst. `SubeSed`
    pub thirst_change: StatChange,
    /// Agility. `SubeAG`
    pub agility_change: StatChange,
    /// Strength. `SubeFU`
    pub strength_change: StatChange,
    /// Charisma; no spell of AO 0.13 has it. `SubeCA`
    pub charisma_change: StatChange,

    /// True if it makes invisible. `Invisibilidad`
    pub invisibility: bool,
    /// True if it paralyses. `Paraliza`
    pub paralyzes: bool,
    /// True if it roots to the spot. `Inmoviliza`
    pub immobilizes: bool,
    /// True if it ends paralysis. `RemoverParalisis`
    pub removes_paralysis: bool,
    /// True if it ends stupidity. `RemoverEstupidez`
    pub removes_stupidity: bool,
    /// True if it shows the invisible for a moment. `RemueveInvisibilidadParcial`
    pub reveals_invisible: bool,
    /// True if it cures poison. `CuraVeneno`
    pub cures_poison: bool,
    /// True if it poisons. `Envenena`
    pub poisons: bool,
    /// True if it curses. `Maldicion`
    pub curses: bool,
    /// True if it ends a curse. `RemoverMaldicion`
    pub removes_curse: bool,
    /// True if it blesses. `Bendicion`
    pub blesses: bool,
    /// True if it raises the dead. `Revivir`
    pub revives: bool,
    /// True if it blinds. `Ceguera`
    pub blinds: bool,
    /// True if it stupefies. `Estupidez`
    pub stupefies: bool,
    /// True if it takes the target's looks. `Mimetiza`
    pub mimics: bool,
    /// True if it summons creatures. `Invoca`
    pub summons: bool,
    /// Number of the creature that it summons. `NumNpc`
    pub summoned_npc: NpcTemplateId,
    /// Number of creatures summoned. `Cant`
    pub summoned_count: u16,
    /// True if it calls the caster's own pets. `Warp`
    pub calls_pets: bool,
}

/// Reads the section `[HECHIZOn]`.
pub(super) fn read(number: SpellId, record: &mut Record<'_, '_>) -> SpellTemplate {
    SpellTemplate {
        number,
        name: record.text("Nombre").to_owned(),
        description: record.text("Desc").to_owned(),
        magic_words: record.text("PalabrasMagicas").to_owned(),
        caster_message: record.text("HechizeroMsg").to_owned(),
        target_message: record.text("TargetMsg").to_owned(),
        own_message: record.text("PropioMsg").to_owned(),
        kind: record.number("Tipo"),
        target: record.number("Target"),
        sound: record.number("WAV"),
        effect: record.number("FXgrh"),
        effect_loops: record.number("Loops"),
        min_skill: record.number("MinSkill"),
        mana: record.number("ManaRequerido"),
        stamina: record.number("StaRequerido"),
        staff_power: record.number("NeedStaff"),
        staff_affected: record.flag("StaffAffected"),
        hp_change: read_change(record, "SubeHP", "MinHP", "MaxHP"),
        mana_change: read_change(record, "SubeMana", "MinMana", "MaxMana"),
        stamina_change: read_change(record, "SubeSta", "MinSta", "MaxSta"),
        hunger_change: read_change(record, "SubeHam", "MinHam", "MaxHam"),
        thirst_change: read_change(record, "SubeSed", "MinSed", "MaxSed"),
        agility_change: read_change(record, "SubeAG", "MinAG", "MaxAG"),
        strength_change: read_change(record, "SubeFU", "MinFU", "MaxFU"),
        charisma_change: read_change(record, "SubeCA", "MinCA", "MaxCA"),
        summons: record.flag("Invoca"),
        summoned_npc: NpcTemplateId::new(record.number("NumNpc")),
        summoned_count: record.number("Cant"),
        calls_pets: record.flag("Warp"),
        ..read_states(record)
    }
}

/// Reads the states that a spell gives or takes.
fn read_states(record: &mut Record<'_, '_>) -> SpellTemplate {
    SpellTemplate {
        invisibility: record.flag("Invisibilidad"),
        paralyzes: record.flag("Paraliza"),
        immobilizes: record.flag("Inmoviliza"),
        removes_paralysis: record.flag("RemoverParalisis"),
        removes_stupidity: record.flag("RemoverEstupidez"),
        reveals_invisible: record.flag("RemueveInvisibilidadParcial"),
        cures_poison: record.flag("CuraVeneno"),
        poisons: record.flag("Envenena"),
        curses: record.flag("Maldicion"),
        removes_curse: record.flag("RemoverMaldicion"),
        blesses: record.flag("Bendicion"),
        revives: record.flag("Revivir"),
        blinds: record.flag("Ceguera"),
        stupefies: record.flag("Estupidez"),
        mimics: record.flag("Mimetiza"),
        ..SpellTemplate::default()
    }
}

fn read_change(record: &mut Record<'_, '_>, direction: &str, min: &str, max: &str) -> StatChange {
    StatChange { direction: record.number(direction), min: record.number(min), max: record.number(max) }
}
