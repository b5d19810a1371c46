//! Object templates: items, doors, signs and trees (`Dat/obj.dat`).

use serde::Deserialize;

use super::record::Record;
use crate::base::ids::{ObjectId, SpellId};

/// Kind of an object; the number is AO's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(transparent)]
pub struct ObjectType(pub u16);

#[expect(missing_docs, reason = "the names say it")]
impl ObjectType {
    pub const FOOD: Self = Self(1);
    pub const WEAPON: Self = Self(2);
    pub const ARMOUR: Self = Self(3);
    pub const TREE: Self = Self(4);
    pub const GOLD: Self = Self(5);
    pub const DOOR: Self = Self(6);
    pub const CONTAINER: Self = Self(7);
    pub const SIGN: Self = Self(8);
    pub const KEY: Self = Self(9);
    pub const FORUM: Self = Self(10);
    pub const POTION: Self = Self(11);
    pub const BOOK: Self = Self(12);
    pub const DRINK: Self = Self(13);
    pub const FIREWOOD: Self = Self(14);
    pub const CAMPFIRE: Self = Self(15);
    pub const SHIELD: Self = Self(16);
    pub const HELMET: Self = Self(17);
    pub const RING: Self = Self(18);
    pub const TELEPORT: Self = Self(19);
    pub const FURNITURE: Self = Self(20);
    pub const JEWEL: Self = Self(21);
    pub const ORE_DEPOSIT: Self = Self(22);
    pub const ORE: Self = Self(23);
    pub const SCROLL: Self = Self(24);
    pub const INSTRUMENT: Self = Self(26);
    pub const ANVIL: Self = Self(27);
    pub const FORGE: Self = Self(28);
    pub const INGOT: Self = Self(29);
    pub const PLANT: Self = Self(30);
    pub const BOAT: Self = Self(31);
    pub const AMMUNITION: Self = Self(32);
    pub const EMPTY_BOTTLE: Self = Self(33);
    pub const FULL_BOTTLE: Self = Self(34);
    pub const STAIN: Self = Self(35);
    pub const ELVEN_TREE: Self = Self(36);
    pub const BACKPACK: Self = Self(37);
    /// Anything; only among the kinds that a merchant buys.
    pub const ANY: Self = Self(1000);
}

/// Properties shared by all objects of one number.
///
/// Fields that do not apply to the type are 0, false or empty. In comments, the key of `obj.dat`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectTemplate {
    /// From 1.
    pub number: ObjectId,
    /// Shown to players. `Name`
    pub name: String,
    /// Icon and floor graphic, 0 for none. `GrhIndex`
    pub grh_index: u16,
    /// Kind of object. `ObjType`
    pub object_type: ObjectType,
    /// True if it stays in its place and cannot be picked up. `Agarrable`
    pub anchored: bool,
    /// Price in gold. `Valor`
    pub value: u32,
    /// True if a merchant that sells its last one gets more at once. `Crucial`
    pub crucial: bool,
    /// True if only newbies may have it. `Newbie`
    pub newbie: bool,
    /// True if it stays with the dead. `NoSeCae`
    pub kept_on_death: bool,
    /// True if it cannot be dropped, traded or sold. `Intransferible`
    pub untransferable: bool,
    /// True if its way from hand to hand is worth a line of the log. `Log`
    pub logged: bool,
    /// True if large amounts of it are not worth a line of the log. `NoLog`
    pub unlogged: bool,
    /// Classes, by number, that may not use it. `CP1`…
    pub forbidden_classes: Vec<u8>,
    /// True if only men may wear it. `Hombre`
    pub men_only: bool,
    /// True if only women may wear it. `Mujer`
    pub women_only: bool,
    /// True if only dwarves and gnomes may wear it. `RazaEnana`
    pub short_races: bool,
    /// True if only drow may wear it. `RazaDrow`
    pub drow_only: bool,
    /// True if only the royal army may use it. `Real`
    pub royal_army: bool,
    /// True if only the chaos legion may use it. `Caos`
    pub chaos_legion: bool,

    /// Body shown when worn, or the boat's. `NumRopaje`
    pub body: u16,
    /// Animation of a weapon, shield or helmet. `Anim`
    pub animation: u16,
    /// Weapon animation for dwarves and gnomes, 0 for the usual one. `RazaEnanaAnim`
    pub short_animation: u16,
    /// Least defense. `MinDef`
    pub min_defense: u16,
    /// Most defense. `MaxDef`
    pub max_defense: u16,
    /// Least defense against magic. `DefensaMagicaMin`
    pub min_magic_defense: u16,
    /// Most defense against magic. `DefensaMagicaMax`
    pub max_magic_defense: u16,
    /// Least damage. `MinHit`
    pub min_hit: u16,
    /// Most damage. `MaxHit`
    pub max_hit: u16,
    /// True if it stabs. `Apuñala`
    pub stabs: bool,
    /// True if it slashes. `Acuchilla`
    pub slashes: bool,
    /// True if it poisons. `Envenena`
    pub poisons: bool,
    /// True if it paralyses. `Paraliza`
    pub paralyzes: bool,
    /// True if it shoots. `Proyectil`
    pub ranged: bool,
    /// True if it needs ammunition. `Municiones`
    pub needs_ammunition: bool,
    /// Armour piercing. `Refuerzo`
    pub piercing: u16,
    /// Power of a staff. `StaffPower`
    pub staff_power: u16,
    /// Magic damage that a staff adds, in percent. `StaffDamageBonus`
    pub staff_damage_bonus: u16,
    /// True if it is a wrestling glove. `Guante`
    pub glove: bool,
    /// True if a worn one keeps its wearer from being paralysed. `ImpideParalizar`
    pub blocks_paralysis: bool,
    /// True if a worn one keeps its wearer from being immobilised. `ImpideInmobilizar`
    pub blocks_immobility: bool,
    /// True if a worn one keeps its wearer from being stupefied. `ImpideAturdir`
    pub blocks_stupidity: bool,
    /// True if a worn one keeps its wearer from being blinded. `ImpideCegar`
    pub blocks_blindness: bool,

    /// Spell that a scroll teaches. `HechizoIndex`
    pub spell: SpellId,
    /// 1 agility, 2 strength, 3 hit points, 4 mana, 5 antidote, 6 death. `TipoPocion`
    pub potion: u16,
    /// Least effect. `MinModificador`
    pub min_modifier: u16,
    /// Most effect. `MaxModificador`
    pub max_modifier: u16,
    /// Duration of the effect. `DuracionEfecto`
    pub effect_duration: u16,
    /// Hunger it stills. `MinHam`
    pub food: u16,
    /// Thirst it stills. `MinAgu`
    pub water: u16,
    /// Stamina it restores. `MinST`
    pub stamina: u16,
    /// Skill needed to work it or to sail it. `MinSkill`
    pub min_skill: u16,
    /// Ore that a deposit gives. `MineralIndex`
    pub ore: ObjectId,
    /// Ingot that an ore gives. `LingoteIndex`
    pub ingot: ObjectId,
    /// Iron ingots to forge it. `LingH`
    pub iron_ingots: u16,
    /// Silver ingots to forge it. `LingP`
    pub silver_ingots: u16,
    /// Gold ingots to forge it. `LingO`
    pub gold_ingots: u16,
    /// Smithing skill to forge it; above 100 it cannot be forged. `SkHerreria`
    pub smithing_skill: u16,
    /// Carpentry skill to make it. `SkCarpinteria`
    pub carpentry_skill: u16,
    /// Wood to make it; counts only with a carpentry skill. `Madera`
    pub wood: u16,
    /// Elven wood to make it. `MaderaElfica`
    pub elven_wood: u16,
    /// Object it can be upgraded to. `Upgrade`
    pub upgrade: ObjectId,

    /// A door's object when open, a bottle's when full. `IndexAbierta`
    pub open_object: ObjectId,
    /// A door's object when closed, a bottle's when empty. `IndexCerrada`
    pub closed_object: ObjectId,
    /// A door's object when locked. `IndexCerradaLlave`
    pub locked_object: ObjectId,
    /// True if this is a closed door. `abierta`, where 1 means closed
    pub closed: bool,
    /// True if a closed door needs its key. `Llave`
    pub locked: bool,
    /// Number that door and key share. `Clave`
    pub key: u16,
    /// Text of a sign. `Texto`
    pub text: String,
    /// Picture shown with a sign. `VGrande`
    pub picture: u16,
    /// Forum shown by a board. `ID`
    pub forum: String,
    /// Radius, in tiles, around its destination within which a teleport drops a character. `Radio`
    pub radius: u8,
    /// 1 gives five more slots, 2 gives ten. `MochilaType`
    pub backpack: u8,
    /// Sounds of an instrument. `SND1`…
    pub sounds: [u16; 3],
}

impl ObjectTemplate {
    /// Returns true if a character can pick it up.
    #[must_use]
    pub const fn pickable(&self) -> bool {
        !self.anchored
    }

    /// Returns true if it belongs to the map's own picture, so that the client is never told of it: trees, signs, forum
    /// boards and ore deposits (AO 0.13). Elven trees are not: the maps do not draw all of them.
    #[must_use]
    pub const fn is_fixture(&self) -> bool {
        matches!(
            self.object_type,
            ObjectType::TREE | ObjectType::SIGN | ObjectType::FORUM | ObjectType::ORE_DEPOSIT
        )
    }

    /// Returns true if a class, by number, may not use it.
    #[must_use]
    pub fn forbids_class(&self, class: u8) -> bool {
        self.forbidden_classes.contains(&class)
    }
}

/// Class names of `CP1`… in the order of their numbers, from 1.
const CLASSES: [&str; 12] = [
    "MAGO",
    "CLERIGO",
    "GUERRERO",
    "ASESINO",
    "LADRON",
    "BARDO",
    "DRUIDA",
    "BANDIDO",
    "PALADIN",
    "CAZADOR",
    "TRABAJADOR",
    "PIRATA",
];

/// Reads the section `[OBJn]`.
pub(super) fn read(number: ObjectId, record: &mut Record<'_, '_>) -> ObjectTemplate {
    ObjectTemplate {
        number,
        name: record.text("Name").to_owned(),
        grh_index: record.number("GrhIndex"),
        object_type: ObjectType(record.number("ObjType")),
        anchored: record.flag("Agarrable"),
        value: record.number("Valor"),
        crucial: record.flag("Crucial"),
        newbie: record.flag("Newbie"),
        kept_on_death: record.flag("NoSeCae"),
        untransferable: record.flag("Intransferible"),
        logged: record.flag("Log"),
        unlogged: record.flag("NoLog"),
        forbidden_classes: record.list("CP", 12, |record, key| class_number(record.trimmed(key))),
        men_only: record.flag("Hombre"),
        women_only: record.flag("Mujer"),
        short_races: record.flag("RazaEnana"),
        drow_only: record.flag("RazaDrow"),
        royal_army: record.flag("Real"),
        chaos_legion: record.flag("Caos"),
        stabs: record.flag("Apuñala") || record.flag("Apunala"),
        slashes: record.flag("Acuchilla"),
        poisons: record.flag("Envenena"),
        paralyzes: record.flag("Paraliza"),
        ranged: record.flag("Proyectil"),
        needs_ammunition: record.flag("Municiones"),
        glove: record.flag("Guante"),
        blocks_paralysis: record.flag("ImpideParalizar"),
        blocks_immobility: record.flag("ImpideInmobilizar") || record.flag("ImpideInmovilizar"),
        blocks_stupidity: record.flag("ImpideAturdir"),
        blocks_blindness: record.flag("ImpideCegar"),
        closed: record.flag("abierta"),
        locked: record.flag("Llave"),
        text: record.text("Texto").to_owned(),
        forum: record.trimmed("ID").to_owned(),
        radius: record.number("Radio"),
        backpack: record.number("MochilaType"),
        sounds: ["SND1", "SND2", "SND3"].map(|key| record.number(key)),
        ..read_numbers(record)
    }
}

/// Reads the fields that are plain numbers for some types only.
fn read_numbers(record: &mut Record<'_, '_>) -> ObjectTemplate {
    ObjectTemplate {
        body: record.number("NumRopaje"),
        animation: record.number("Anim"),
        short_animation: record.number("RazaEnanaAnim"),
        min_defense: record.number("MinDef"),
        max_defense: record.number("MaxDef"),
        min_magic_defense: record.number("DefensaMagicaMin"),
        max_magic_defense: record.number("DefensaMagicaMax"),
        min_hit: record.number("MinHit"),
        max_hit: record.number("MaxHit"),
        piercing: record.number("Refuerzo"),
        staff_power: record.number("StaffPower"),
        staff_damage_bonus: record.number("StaffDamageBonus"),
        spell: SpellId::new(record.number("HechizoIndex")),
        potion: record.number("TipoPocion"),
        min_modifier: record.number("MinModificador"),
        max_modifier: record.number("MaxModificador"),
        effect_duration: record.number("DuracionEfecto"),
        food: record.number("MinHam"),
        water: record.number("MinAgu"),
        stamina: record.number("MinST"),
        min_skill: record.number("MinSkill"),
        ore: ObjectId::new(record.number("MineralIndex")),
        ingot: ObjectId::new(record.number("LingoteIndex")),
        iron_ingots: record.number("LingH"),
        silver_ingots: record.number("LingP"),
        gold_ingots: record.number("LingO"),
        smithing_skill: record.number("SkHerreria"),
        carpentry_skill: record.number("SkCarpinteria"),
        wood: record.number("Madera"),
        elven_wood: record.number("MaderaElfica"),
        upgrade: ObjectId::new(record.number("Upgrade")),
        open_object: ObjectId::new(record.number("IndexAbierta")),
        closed_object: ObjectId::new(record.number("IndexCerrada")),
        locked_object: ObjectId::new(record.number("IndexCerradaLlave")),
        key: record.number("Clave"),
        picture: record.number("VGrande"),
        ..ObjectTemplate::default()
    }
}

/// Returns the number of a class, from 1; `None` for no or an unknown name.
fn class_number(name: &str) -> Option<u8> {
    let place = CLASSES.iter().position(|class| class.eq_ignore_ascii_case(name))?;
    u8::try_from(place + 1).ok()
}
