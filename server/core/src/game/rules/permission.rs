//! Permission to attack a user or an NPC, and to help a user (AO 0.13).
//!
//! The caller gathers the facts; the first rule that matches decides. A permission names what it costs; the caller applies
//! it even when the blow misses. Ownership of NPCs is not among these rules.

use crate::content::{NpcType, Trigger};

/// Greatest distance of a shot, both axes together.
pub const SHOT_REACH: u32 = 18;
/// Rewards of a faction above which its members fight in their own towns.
const OFFICER_REWARDS: u8 = 11;

/// Faction of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Faction {
    /// In none.
    #[default]
    None,
    /// The royal army, Armada Real.
    RoyalArmy,
    /// The chaos legion, Legión Oscura.
    ChaosLegion,
}

/// Facts about one of two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// True if it is a ghost.
    pub is_dead: bool,
    /// True if staff and player talk in private and are left alone.
    pub is_consulting: bool,
    /// True if its reputation makes it a criminal.
    pub is_criminal: bool,
    /// True if it belongs to the staff.
    pub is_staff: bool,
    /// Its faction.
    pub faction: Faction,
    /// Trigger of the tile it stands on.
    pub trigger: Trigger,
}

impl Side {
    const fn is_citizen(self) -> bool {
        !self.is_criminal
    }

    fn is_in(self, faction: Faction) -> bool {
        self.faction == faction
    }
}

/// Reason for which an attack or a help is refused. Each has its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The acting character is dead.
    ActorDead,
    /// The target is dead.
    TargetDead,
    /// One of both is in a consultation.
    InConsultation,
    /// One of both is in an arena and the other is not.
    ArenaBorder,
    /// The target belongs to the staff.
    TargetIsStaff,
    /// The attacker belongs to the staff.
    ActorIsStaff,
    /// Both are in the same faction, or the NPC is of the attacker's.
    SameFaction,
    /// Safe mode protects the target.
    SafeMode,
    /// The royal army neither attacks citizens nor helps criminals.
    RoyalArmyOath,
    /// The chaos legion does not help citizens.
    ChaosLegionOath,
    /// The target's map is safe.
    SafeMap,
    /// One of both stands on a safe tile.
    SafeTile,
    /// The NPC cannot be attacked.
    NotAttackable,
    /// The target is too far away.
    TooFar,
    /// The NPC is protected while others live.
    Guarded,
}

/// Facts about an attack of a user on a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserAttack {
    /// The attacker.
    pub attacker: Side,
    /// The victim.
    pub victim: Side,
    /// True if the attacker's safe mode is on.
    pub has_safe_mode: bool,
    /// True if the victim is in the attackable state towards this attacker.
    pub victim_is_attackable: bool,
    /// True if the victim is staff that nobody sees.
    pub victim_is_unseen_staff: bool,
    /// True if the victim's map is safe.
    pub is_safe_map: bool,
    /// True if the attacker is an officer at home: see [`is_officer_at_home`].
    pub is_officer_at_home: bool,
}

/// Consequences of an attack on a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserAttackTerms {
    /// True if the fight is in an arena: it changes no reputation.
    pub is_in_arena: bool,
    /// True if the attackable state is renewed, and the attack changes no reputation.
    pub renews_attackable: bool,
    /// True if the attacker becomes a criminal.
    pub becomes_criminal: bool,
}

/// Returns true for officers of a faction in the towns of their own: the royal army with more than 11 rewards on the maps
/// 58, 59 and 60, the chaos legion on 151 and 156 (AO 0.13).
#[must_use]
pub fn is_officer_at_home(faction: Faction, rewards: u8, map: u16) -> bool {
    rewards > OFFICER_REWARDS
        && match faction {
            Faction::RoyalArmy => matches!(map, 58..=60),
            Faction::ChaosLegion => matches!(map, 151 | 156),
            Faction::None => false,
        }
}

/// Decides whether a user may attack a user (AO 0.13; staff attack nobody, as in 0.13.3).
///
/// In this order: life and consultations; arenas; staff; two citizens of the royal army, or one that is attackable; two of
/// the chaos legion; safe mode and the royal army's oath; a safe map; safe tiles.
///
/// # Errors
/// Returns the first reason against it.
pub fn attack_user(facts: &UserAttack) -> Result<UserAttackTerms, Refusal> {
    let UserAttack { attacker, victim, .. } = *facts;
    check_alive(attacker, victim)?;
    let are_in_arena = [attacker, victim].map(|side| side.trigger == Trigger::Arena);
    match are_in_arena {
        [true, true] if !facts.victim_is_unseen_staff && !attacker.is_staff => {
            return Ok(UserAttackTerms { is_in_arena: true, ..UserAttackTerms::default() });
        }
        [true, false] | [false, true] => return Err(Refusal::ArenaBorder),
        _ => {}
    }
    if victim.is_staff {
        return Err(Refusal::TargetIsStaff);
    }
    if attacker.is_staff {
        return Err(Refusal::ActorIsStaff);
    }
    let are_citizens = attacker.is_citizen() && victim.is_citizen();
    if are_citizens && attacker.is_in(Faction::RoyalArmy) && victim.is_in(Faction::RoyalArmy) {
        return Err(Refusal::SameFaction);
    }
    if are_citizens && facts.victim_is_attackable {
        return Ok(UserAttackTerms { renews_attackable: true, ..UserAttackTerms::default() });
    }
    if attacker.is_in(Faction::ChaosLegion) && victim.is_in(Faction::ChaosLegion) {
        return Err(Refusal::SameFaction);
    }
    if victim.is_citizen() && facts.has_safe_mode {
        return Err(Refusal::SafeMode);
    }
    if victim.is_citizen() && attacker.is_in(Faction::RoyalArmy) {
        return Err(Refusal::RoyalArmyOath);
    }
    if facts.is_safe_map && !facts.is_officer_at_home {
        return Err(Refusal::SafeMap);
    }
    if attacker.trigger == Trigger::Safe || victim.trigger == Trigger::Safe {
        return Err(Refusal::SafeTile);
    }
    Ok(UserAttackTerms { becomes_criminal: are_citizens, ..UserAttackTerms::default() })
}

/// Facts about an attack of a user on an NPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NpcAttack {
    /// The attacker.
    pub attacker: Side,
    /// True if the attacker has the lowest rank of the staff, which may not fight.
    pub is_counsellor: bool,
    /// True if the attacker's safe mode is on.
    pub has_safe_mode: bool,
    /// True if the NPC can be attacked.
    pub is_attackable: bool,
    /// True if the NPC attacks by itself, or has been provoked.
    pub is_hostile: bool,
    /// The NPC's trade.
    pub npc_type: NpcType,
    /// The NPC's master, if it is a pet.
    pub master: Option<Side>,
    /// Distance between both, both axes together.
    pub distance: u32,
    /// True if the NPC's map is safe.
    pub is_safe_map: bool,
    /// True if the NPC is protected while others of its kind live.
    pub is_guarded: bool,
}

/// Consequences of an attack on an NPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NpcAttackTerms {
    /// True if the attacker becomes a criminal.
    pub becomes_criminal: bool,
    /// True if attacking a peaceful NPC makes a bandit: see [`attack_peaceful_npc`](super::reputation::attack_peaceful_npc).
    pub becomes_bandit: bool,
    /// True if the attack counts by the NPC's side: see [`attack_npc`](super::reputation::attack_npc). It does not for the
    /// pet of a citizen.
    pub counts_by_side: bool,
}

/// Decides whether a user may attack an NPC (AO 0.13).
///
/// In this order: life, rank and consultations; the NPC can be attacked, from less than 18 tiles; pets are left alone on
/// safe maps; guards and other peaceful NPCs; pets of citizens and of the chaos legion; protected NPCs.
///
/// # Errors
/// Returns the first reason against it.
pub fn attack_npc(facts: &NpcAttack) -> Result<NpcAttackTerms, Refusal> {
    let attacker = facts.attacker;
    if attacker.is_dead {
        return Err(Refusal::ActorDead);
    }
    if facts.is_counsellor {
        return Err(Refusal::ActorIsStaff);
    }
    if attacker.is_consulting {
        return Err(Refusal::InConsultation);
    }
    if !facts.is_attackable {
        return Err(Refusal::NotAttackable);
    }
    if facts.distance >= SHOT_REACH {
        return Err(Refusal::TooFar);
    }
    if facts.master.is_some() && facts.is_safe_map {
        return Err(Refusal::SafeMap);
    }
    if !facts.is_hostile
        && let Some(terms) = attack_peaceful_npc(facts)?
    {
        return Ok(terms);
    }
    let mut terms = NpcAttackTerms { counts_by_side: true, ..NpcAttackTerms::default() };
    if let Some(master) = facts.master {
        terms = attack_pet(facts, master)?;
    }
    if facts.is_guarded { Err(Refusal::Guarded) } else { Ok(terms) }
}

/// Decides about guards and other NPCs that do not attack; `None` leaves it to the later rules.
fn attack_peaceful_npc(facts: &NpcAttack) -> Result<Option<NpcAttackTerms>, Refusal> {
    let attacker = facts.attacker;
    let terms = NpcAttackTerms { counts_by_side: true, ..NpcAttackTerms::default() };
    match facts.npc_type {
        NpcType::CHAOS_GUARD if attacker.is_in(Faction::ChaosLegion) => Err(Refusal::SameFaction),
        NpcType::CHAOS_GUARD => Ok(None),
        NpcType::ROYAL_GUARD if attacker.is_in(Faction::RoyalArmy) => Err(Refusal::SameFaction),
        NpcType::ROYAL_GUARD if facts.has_safe_mode => Err(Refusal::SafeMode),
        NpcType::ROYAL_GUARD => Ok(Some(NpcAttackTerms { becomes_criminal: true, ..terms })),
        _ if facts.master.is_some() => Ok(None),
        _ if attacker.is_criminal => Ok(Some(terms)),
        _ if attacker.is_in(Faction::RoyalArmy) => Err(Refusal::RoyalArmyOath),
        _ if facts.has_safe_mode => Err(Refusal::SafeMode),
        _ => Ok(Some(NpcAttackTerms { becomes_bandit: true, ..terms })),
    }
}

/// Decides about the pet of `master`.
fn attack_pet(facts: &NpcAttack, master: Side) -> Result<NpcAttackTerms, Refusal> {
    let attacker = facts.attacker;
    if master.is_in(Faction::ChaosLegion) && attacker.is_in(Faction::ChaosLegion) {
        return Err(Refusal::SameFaction);
    }
    if master.is_criminal {
        return Ok(NpcAttackTerms { counts_by_side: true, ..NpcAttackTerms::default() });
    }
    if attacker.is_in(Faction::RoyalArmy) {
        return Err(Refusal::RoyalArmyOath);
    }
    if facts.has_safe_mode {
        return Err(Refusal::SafeMode);
    }
    Ok(NpcAttackTerms { becomes_criminal: attacker.is_citizen(), ..NpcAttackTerms::default() })
}

/// Facts about a helpful spell of a user on another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Support {
    /// The caster.
    pub caster: Side,
    /// The target.
    pub target: Side,
    /// True if the caster's safe mode is on.
    pub has_safe_mode: bool,
    /// True for effects that make a criminal of a citizen who helps one: invisibility, freeing from paralysis, raising.
    pub criminalizes: bool,
    /// True if the target is in the attackable state towards somebody else than the caster.
    pub target_is_attackable_by_another: bool,
}

/// Consequences of helping a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SupportTerms {
    /// True if the caster becomes a criminal.
    pub becomes_criminal: bool,
    /// True if it costs the caster's name: see [`help_criminal`](super::reputation::help_criminal).
    pub costs_name: bool,
}

/// Decides whether a user may help another one by a spell (AO 0.13).
///
/// In this order: consultations; both in an arena; a citizen helps a criminal; the chaos legion helps a citizen; a citizen
/// helps one that another may attack.
///
/// # Errors
/// Returns the first reason against it.
pub fn support(facts: &Support) -> Result<SupportTerms, Refusal> {
    let Support { caster, target, .. } = *facts;
    if caster.is_consulting {
        return Err(Refusal::InConsultation);
    }
    if caster.trigger == Trigger::Arena && target.trigger == Trigger::Arena {
        return Ok(SupportTerms::default());
    }
    let helps_outlaw = if target.is_criminal {
        caster.is_citizen()
    } else if caster.is_in(Faction::ChaosLegion) {
        return Err(Refusal::ChaosLegionOath);
    } else {
        facts.target_is_attackable_by_another && caster.is_citizen()
    };
    if !helps_outlaw {
        return Ok(SupportTerms::default());
    }
    if caster.is_in(Faction::RoyalArmy) {
        return Err(Refusal::RoyalArmyOath);
    }
    if facts.has_safe_mode {
        return Err(Refusal::SafeMode);
    }
    let becomes_criminal = target.is_criminal && facts.criminalizes;
    Ok(SupportTerms { becomes_criminal, costs_name: !becomes_criminal })
}

fn check_alive(attacker: Side, victim: Side) -> Result<(), Refusal> {
    if attacker.is_dead {
        Err(Refusal::ActorDead)
    } else if victim.is_dead {
        Err(Refusal::TargetDead)
    } else if attacker.is_consulting || victim.is_consulting {
        Err(Refusal::InConsultation)
    } else {
        Ok(())
    }
}

#[cfg(test)]
#[path = "permission_tests.rs"]
mod tests;
