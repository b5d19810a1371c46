//! NPC templates: townspeople, merchants and creatures (`Dat/NPCs.dat`).

use serde::Deserialize;

use super::object::ObjectType;
use super::record::{ItemAmount, Record};
use crate::base::ids::{NpcTemplateId, ObjectId, SpellId};

/// Kind of an NPC: guard, merchant and so on; the number is AO's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(transparent)]
pub struct NpcType(pub u8);

#[expect(missing_docs, reason = "the names say it")]
impl NpcType {
    pub const COMMON: Self = Self(0);
    /// Raises and heals.
    pub const PRIEST: Self = Self(1);
    pub const ROYAL_GUARD: Self = Self(2);
    pub const TRAINER: Self = Self(3);
    pub const BANKER: Self = Self(4);
    /// Enlists into a faction.
    pub const NOBLE: Self = Self(5);
    pub const DRAGON: Self = Self(6);
    pub const GAMBLER: Self = Self(7);
    pub const CHAOS_GUARD: Self = Self(8);
    /// Raises and heals newbies.
    pub const NEWBIE_PRIEST: Self = Self(9);
    pub const PRAETORIAN: Self = Self(10);
    pub const GOVERNOR: Self = Self(11);
}

/// Way an NPC moves and chooses its targets; the number is AO's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(transparent)]
pub struct Movement(pub u8);

#[expect(missing_docs, reason = "the names say it")]
impl Movement {
    pub const NONE: Self = Self(0);
    pub const STATIC: Self = Self(1);
    pub const RANDOM: Self = Self(2);
    pub const ATTACKS_USERS: Self = Self(3);
    pub const DEFENDS: Self = Self(4);
    pub const GUARD: Self = Self(5);
    pub const OBJECT: Self = Self(6);
    pub const FOLLOWS_MASTER: Self = Self(8);
    pub const ATTACKS_NPCS: Self = Self(9);
    pub const FINDS_PATH: Self = Self(10);
}

/// Properties shared by all NPCs of one number. In comments, the key of `NPCs.dat`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NpcTemplate {
    /// From 1.
    pub number: NpcTemplateId,
    /// Shown to players. `Name`
    pub name: String,
    /// Text sent on a click; may be empty. `Desc`
    pub description: String,
    /// Its trade. `NpcType`
    pub npc_type: NpcType,
    /// Body graphic. `Body`
    pub body: u16,
    /// Head graphic, 0 when the body has its own. `Head`
    pub head: u16,
    /// 1 north, 2 east, 3 south, 4 west; 0 in a record is read as south. `Heading`
    pub heading: u8,
    /// Way it moves. `Movement`
    pub movement: Movement,
    /// True if it can be attacked. `Attackable`
    pub attackable: bool,
    /// True if it attacks. `Hostile`
    pub hostile: bool,
    /// True if it trades. `Comercia`
    pub merchant: bool,
    /// True if a killed one does not come back. `ReSpawn`, where 1 means that it does not
    pub stays_dead: bool,
    /// True if it comes back at the place that the map gave it, and not anywhere. `PosOrig`
    pub returns_home: bool,
    /// True if a world save keeps it. `BackUp`
    pub backup: bool,
    /// True if it may enter water. `AguaValida`
    pub enters_water: bool,
    /// True if it may not leave water. `TierraInvalida`
    pub water_only: bool,
    /// Side that it takes, which decides over the reputation of its killer: 0 and 1 good, 2 evil, 4 neutral.
    /// `Alineacion`
    pub alignment: u8,
    /// Faction it belongs to, 0 for none. `Faccion`
    pub faction: u8,
    /// Difficulty of taming it; 0 = cannot be tamed. `Domable`
    pub taming: u16,
    /// Experience for killing it. `GiveEXP`
    pub experience: u32,
    /// Gold for killing it. `GiveGLD`
    pub gold: u32,
    /// Least hit points at spawn. `MinHP`
    pub hp: u32,
    /// Most hit points, at spawn and by healing. `MaxHP`
    pub max_hp: u32,
    /// Least damage. `MinHIT`
    pub min_hit: u16,
    /// Most damage. `MaxHIT`
    pub max_hit: u16,
    /// Defense. `DEF`
    pub defense: u16,
    /// Defense against magic. `DEFm`
    pub magic_defense: u16,
    /// Attack power. `PoderAtaque`
    pub attack_power: u16,
    /// Evasion power. `PoderEvasion`
    pub evasion_power: u16,
    /// True if it poisons. `Veneno`
    pub poisons: bool,
    /// True if it cannot be paralysed. `AfectaParalisis`, where 1 means immune
    pub paralysis_immune: bool,
    /// True if it strikes or casts at random. `AtacaDoble`
    pub double_attack: bool,
    /// Spells it casts. `Sp1`…
    pub spells: Vec<SpellId>,
    /// Initial stock of a merchant. `Obj1`…
    pub stock: Vec<ItemAmount>,
    /// Kind of objects that a merchant buys. `TipoItems`
    pub buys: ObjectType,
    /// True if a sold-out stock stays so. `InvReSpawn`
    pub stock_runs_out: bool,
    /// Loot steps, from the common to the rare, at most five; see [`NpcTemplate::drop`]. `Drop1`…`Drop5`
    pub drops: Vec<ItemAmount>,
    /// Creatures a trainer keeps. `CI1`…
    pub creatures: Vec<NpcTemplateId>,
    /// Names under which a trainer offers its creatures, in the same order; may be shorter. `CN1`…
    pub creature_names: Vec<String>,
    /// Phrases that it says now and then, when it has a master. `Exp1`…
    pub phrases: Vec<String>,
    /// City of a governor, 1..=5. `Ciudad`
    pub city: u8,
    /// Sounds of attack, hit and death, 0 for none. `Snd1`…
    pub sounds: [u16; 3],
}

impl NpcTemplate {
    /// Returns its drop at a loot step, 1..=5; `None` if that step drops nothing.
    #[must_use]
    pub fn drop(&self, step: usize) -> Option<ItemAmount> {
        let item = self.drops.get(step.checked_sub(1)?)?;
        (item.object != ObjectId::NONE && item.amount > 0).then_some(*item)
    }
}

/// Reads the section `[NPCn]`.
pub(super) fn read(number: NpcTemplateId, record: &mut Record<'_, '_>) -> NpcTemplate {
    let stock_slots = record.number("NROITEMS");
    let spell_count = record.number("LanzaSpells");
    let creature_count = record.number("NroCriaturas");
    let phrase_count = record.number("NROEXP");
    NpcTemplate {
        number,
        name: record.text("Name").to_owned(),
        description: record.text("Desc").to_owned(),
        npc_type: NpcType(record.number("NpcType")),
        body: record.number("Body"),
        head: record.number("Head"),
        heading: read_heading(record),
        movement: Movement(record.number("Movement")),
        attackable: record.flag("Attackable"),
        hostile: record.flag("Hostile"),
        merchant: record.flag("Comercia"),
        stays_dead: record.flag("ReSpawn"),
        returns_home: record.flag("PosOrig") || record.flag("OrigPos"),
        backup: record.flag("BackUp"),
        enters_water: record.flag("AguaValida"),
        water_only: record.flag("TierraInvalida"),
        alignment: record.number("Alineacion"),
        faction: record.number("Faccion"),
        poisons: record.flag("Veneno"),
        paralysis_immune: record.flag("AfectaParalisis"),
        double_attack: record.flag("AtacaDoble"),
        spells: record.list("Sp", spell_count, read_reference),
        stock: record.list("Obj", stock_slots, Record::item),
        buys: ObjectType(record.number("TipoItems")),
        stock_runs_out: record.flag("InvReSpawn"),
        drops: record.list("Drop", 5, |record, key| Some(record.item(key).unwrap_or_default())),
        creatures: record.list("CI", creature_count, read_reference),
        creature_names: record.list("CN", creature_count, |record, key| Some(record.trimmed(key).to_owned())),
        phrases: record.list("Exp", phrase_count, read_phrase),
        city: record.number("Ciudad"),
        sounds: ["Snd1", "Snd2", "Snd3"].map(|key| record.number(key)),
        ..read_fight(record)
    }
}

/// Reads the fields that count in a fight.
fn read_fight(record: &mut Record<'_, '_>) -> NpcTemplate {
    NpcTemplate {
        taming: record.number("Domable"),
        experience: record.number("GiveEXP"),
        gold: record.number("GiveGLD"),
        hp: record.number("MinHP"),
        max_hp: record.number("MaxHP"),
        min_hit: record.number("MinHIT"),
        max_hit: record.number("MaxHIT"),
        defense: record.number("DEF"),
        magic_defense: record.number("DEFm"),
        attack_power: record.number("PoderAtaque"),
        evasion_power: record.number("PoderEvasion"),
        ..NpcTemplate::default()
    }
}

/// Reads a heading: south unless the record names another of the four.
fn read_heading(record: &mut Record<'_, '_>) -> u8 {
    match record.number("Heading") {
        heading @ 1..=4 => heading,
        _ => 3,
    }
}

/// Reads a phrase, `None` for an empty one or a missing key.
fn read_phrase(record: &mut Record<'_, '_>, key: &str) -> Option<String> {
    Some(record.trimmed(key).to_owned()).filter(|phrase| !phrase.is_empty())
}

/// Reads a number of another record, `None` for 0 or a missing key.
fn read_reference<Id: From<u16>>(record: &mut Record<'_, '_>, key: &str) -> Option<Id> {
    Some(record.number(key)).filter(|&number| number != 0).map(Id::from)
}
