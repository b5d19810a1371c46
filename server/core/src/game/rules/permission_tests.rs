//! Tests of the permissions to attack and to help.

use super::*;

const CITIZEN: Side = Side {
    is_dead: false,
    is_consulting: false,
    is_criminal: false,
    is_staff: false,
    faction: Faction::None,
    trigger: Trigger::None,
};
const CRIMINAL: Side = Side { is_criminal: true, ..CITIZEN };
const SOLDIER: Side = Side { faction: Faction::RoyalArmy, ..CITIZEN };
const LEGIONARY: Side = Side { faction: Faction::ChaosLegion, ..CRIMINAL };

fn attack(attacker: Side, victim: Side) -> UserAttack {
    UserAttack { attacker, victim, ..UserAttack::default() }
}

fn on(trigger: Trigger, side: Side) -> Side {
    Side { trigger, ..side }
}

#[test]
fn the_dead_and_the_consulting_do_not_fight() {
    let dead = Side { is_dead: true, ..CITIZEN };
    let consulting = Side { is_consulting: true, ..CITIZEN };
    assert_eq!(attack_user(&attack(dead, CRIMINAL)), Err(Refusal::ActorDead));
    assert_eq!(attack_user(&attack(CITIZEN, dead)), Err(Refusal::TargetDead));
    assert_eq!(attack_user(&attack(CITIZEN, consulting)), Err(Refusal::InConsultation));
}

#[test]
fn an_arena_allows_everything_inside_and_nothing_across_its_border() {
    let [attacker, victim] = [SOLDIER, SOLDIER].map(|side| on(Trigger::Arena, side));
    let inside = UserAttack { has_safe_mode: true, is_safe_map: true, ..attack(attacker, victim) };
    assert!(attack_user(&inside).unwrap().is_in_arena);
    assert_eq!(attack_user(&attack(attacker, CRIMINAL)), Err(Refusal::ArenaBorder));
    assert_eq!(attack_user(&attack(CRIMINAL, victim)), Err(Refusal::ArenaBorder));
    let unseen = Side { is_staff: true, ..victim };
    let unseen = UserAttack { victim_is_unseen_staff: true, ..attack(attacker, unseen) };
    assert_eq!(attack_user(&unseen), Err(Refusal::TargetIsStaff));
}

#[test]
fn staff_neither_attack_nor_are_attacked() {
    let staff = Side { is_staff: true, ..CITIZEN };
    assert_eq!(attack_user(&attack(CRIMINAL, staff)), Err(Refusal::TargetIsStaff));
    assert_eq!(attack_user(&attack(staff, CRIMINAL)), Err(Refusal::ActorIsStaff));
}

#[test]
fn safe_mode_protects_citizens_and_nobody_else() {
    let safe = |victim| UserAttack { has_safe_mode: true, ..attack(CITIZEN, victim) };
    assert_eq!(attack_user(&safe(CITIZEN)), Err(Refusal::SafeMode));
    assert_eq!(attack_user(&safe(CRIMINAL)), Ok(UserAttackTerms::default()));
    assert!(attack_user(&attack(CITIZEN, CITIZEN)).unwrap().becomes_criminal);
    assert!(!attack_user(&attack(CRIMINAL, CITIZEN)).unwrap().becomes_criminal);
}

#[test]
fn factions_keep_their_oaths() {
    assert_eq!(attack_user(&attack(SOLDIER, SOLDIER)), Err(Refusal::SameFaction));
    assert_eq!(attack_user(&attack(SOLDIER, CITIZEN)), Err(Refusal::RoyalArmyOath));
    assert_eq!(attack_user(&attack(LEGIONARY, LEGIONARY)), Err(Refusal::SameFaction));
    assert!(attack_user(&attack(SOLDIER, LEGIONARY)).is_ok());
}

#[test]
fn an_attackable_citizen_is_attacked_without_a_price_even_in_safe_mode() {
    let facts = UserAttack { victim_is_attackable: true, has_safe_mode: true, ..attack(CITIZEN, CITIZEN) };
    let terms = UserAttackTerms { renews_attackable: true, ..UserAttackTerms::default() };
    assert_eq!(attack_user(&facts), Ok(terms));
}

#[test]
fn safe_maps_and_tiles_are_for_officers_at_home_only() {
    let town = UserAttack { is_safe_map: true, ..attack(SOLDIER, CRIMINAL) };
    assert_eq!(attack_user(&town), Err(Refusal::SafeMap));
    assert!(attack_user(&UserAttack { is_officer_at_home: true, ..town }).is_ok());
    assert!(
        is_officer_at_home(Faction::RoyalArmy, 12, 59) && !is_officer_at_home(Faction::RoyalArmy, 11, 59)
    );
    assert!(is_officer_at_home(Faction::ChaosLegion, 12, 151) && !is_officer_at_home(Faction::None, 12, 151));
    for facts in
        [attack(on(Trigger::Safe, CRIMINAL), CRIMINAL), attack(CRIMINAL, on(Trigger::Safe, CRIMINAL))]
    {
        assert_eq!(attack_user(&facts), Err(Refusal::SafeTile));
    }
}

fn hunt(attacker: Side) -> NpcAttack {
    NpcAttack { attacker, is_attackable: true, is_hostile: true, distance: 1, ..NpcAttack::default() }
}

#[test]
fn creatures_are_hunted_from_less_than_eighteen_tiles() {
    let terms = NpcAttackTerms { counts_by_side: true, ..NpcAttackTerms::default() };
    assert_eq!(attack_npc(&hunt(CITIZEN)), Ok(terms));
    assert_eq!(attack_npc(&NpcAttack { distance: 18, ..hunt(CITIZEN) }), Err(Refusal::TooFar));
    let wall = NpcAttack { is_attackable: false, ..hunt(CITIZEN) };
    assert_eq!(attack_npc(&wall), Err(Refusal::NotAttackable));
    let counsellor = NpcAttack { is_counsellor: true, ..hunt(CITIZEN) };
    assert_eq!(attack_npc(&counsellor), Err(Refusal::ActorIsStaff));
    assert_eq!(attack_npc(&hunt(Side { is_dead: true, ..CITIZEN })), Err(Refusal::ActorDead));
    assert_eq!(attack_npc(&NpcAttack { is_guarded: true, ..hunt(CITIZEN) }), Err(Refusal::Guarded));
}

#[test]
fn guards_are_attacked_by_those_who_become_criminals() {
    let guard = |attacker, npc_type| NpcAttack { npc_type, is_hostile: false, ..hunt(attacker) };
    let royal = guard(CITIZEN, NpcType::ROYAL_GUARD);
    assert!(attack_npc(&royal).unwrap().becomes_criminal);
    assert_eq!(attack_npc(&NpcAttack { has_safe_mode: true, ..royal }), Err(Refusal::SafeMode));
    assert_eq!(attack_npc(&guard(SOLDIER, NpcType::ROYAL_GUARD)), Err(Refusal::SameFaction));
    assert_eq!(attack_npc(&guard(LEGIONARY, NpcType::CHAOS_GUARD)), Err(Refusal::SameFaction));
    assert!(!attack_npc(&guard(CITIZEN, NpcType::CHAOS_GUARD)).unwrap().becomes_criminal);
}

#[test]
fn attacking_the_peaceful_makes_a_bandit_of_a_citizen() {
    let peaceful = |attacker| NpcAttack { is_hostile: false, ..hunt(attacker) };
    assert!(attack_npc(&peaceful(CITIZEN)).unwrap().becomes_bandit);
    assert!(!attack_npc(&peaceful(CRIMINAL)).unwrap().becomes_bandit);
    assert_eq!(attack_npc(&peaceful(SOLDIER)), Err(Refusal::RoyalArmyOath));
    let safe = NpcAttack { has_safe_mode: true, ..peaceful(CITIZEN) };
    assert_eq!(attack_npc(&safe), Err(Refusal::SafeMode));
}

#[test]
fn pets_are_protected_as_their_masters_are() {
    let pet = |attacker, master| NpcAttack { master: Some(master), ..hunt(attacker) };
    let terms = attack_npc(&pet(CITIZEN, CITIZEN)).unwrap();
    assert!(terms.becomes_criminal && !terms.counts_by_side);
    assert!(!attack_npc(&pet(CRIMINAL, CITIZEN)).unwrap().becomes_criminal);
    let safe = NpcAttack { has_safe_mode: true, ..pet(CRIMINAL, CITIZEN) };
    assert_eq!(attack_npc(&safe), Err(Refusal::SafeMode), "for criminals too");
    assert_eq!(attack_npc(&pet(SOLDIER, CITIZEN)), Err(Refusal::RoyalArmyOath));
    assert_eq!(attack_npc(&pet(LEGIONARY, LEGIONARY)), Err(Refusal::SameFaction));
    assert!(attack_npc(&pet(CITIZEN, CRIMINAL)).unwrap().counts_by_side);
    let town = NpcAttack { is_safe_map: true, ..pet(CRIMINAL, CRIMINAL) };
    assert_eq!(attack_npc(&town), Err(Refusal::SafeMap));
}

fn help(caster: Side, target: Side) -> Support {
    Support { caster, target, ..Support::default() }
}

#[test]
fn helping_a_criminal_costs_a_citizen_its_name() {
    assert_eq!(support(&help(CITIZEN, CITIZEN)), Ok(SupportTerms::default()));
    assert_eq!(support(&help(CRIMINAL, CRIMINAL)), Ok(SupportTerms::default()));
    let cure = help(CITIZEN, CRIMINAL);
    assert_eq!(support(&cure), Ok(SupportTerms { becomes_criminal: false, costs_name: true }));
    let raise = Support { criminalizes: true, ..cure };
    assert_eq!(support(&raise), Ok(SupportTerms { becomes_criminal: true, costs_name: false }));
    assert_eq!(support(&Support { has_safe_mode: true, ..cure }), Err(Refusal::SafeMode));
    assert_eq!(support(&help(SOLDIER, CRIMINAL)), Err(Refusal::RoyalArmyOath));
}

#[test]
fn the_legion_helps_no_citizen_and_an_arena_asks_nothing() {
    assert_eq!(support(&help(LEGIONARY, CITIZEN)), Err(Refusal::ChaosLegionOath));
    let inside = help(on(Trigger::Arena, LEGIONARY), on(Trigger::Arena, CITIZEN));
    assert_eq!(support(&inside), Ok(SupportTerms::default()));
    let consulting = Side { is_consulting: true, ..CITIZEN };
    assert_eq!(support(&help(consulting, CITIZEN)), Err(Refusal::InConsultation));
}

#[test]
fn helping_one_that_another_may_attack_costs_too() {
    let third =
        Support { target_is_attackable_by_another: true, criminalizes: true, ..help(CITIZEN, CITIZEN) };
    assert_eq!(support(&third), Ok(SupportTerms { becomes_criminal: false, costs_name: true }));
    assert_eq!(support(&Support { has_safe_mode: true, ..third }), Err(Refusal::SafeMode));
}
