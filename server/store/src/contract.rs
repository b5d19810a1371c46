//! The rules of every store, as tests that run against each of them.
//!
//! A rule is a function over `connect`, which gives one more connection to one store that was empty at first. A store
//! runs them all with [`store_contract`].

pub(super) mod previous;
mod servers;
mod settings;

use std::sync::Barrier;
use std::thread;

pub(super) use servers::*;
pub(super) use settings::*;

use pyao_core::base::ids::{MapId, ObjectId, SpellId};

use super::records::{
    AccountRecord, CharacterRecord, CharacterSave, INVENTORY_SLOTS, ItemRecord, MapsRecord, NOTICES_MAX,
    PositionRecord, SKILLS, SPELL_SLOTS, UserId, VAULT_SLOTS,
};
use super::testing::{at_limits, position_save, sample_account, sample_character, sheet_save};
use super::{CreateError, Store, StoreError, StoredAccount};

/// Makes a test of each rule. `$fixture::new()` is an empty store, its `connect()` a `Box<dyn Store>`,
/// or `None` where that kind of store cannot run.
macro_rules! store_contract {
    ($fixture:ident) => {
        $crate::contract::store_contract!($fixture:
            an_empty_store_has_no_accounts,
            a_created_account_is_loaded_as_it_was_given,
            the_first_account_has_number_one_and_the_next_another,
            names_that_differ_by_case_are_one_name,
            one_of_many_simultaneous_creations_takes_the_name,
            a_saved_position_changes_the_position_alone,
            a_saved_sheet_replaces_the_whole_character,
            a_group_with_a_failing_member_changes_nobody,
            saving_an_unknown_user_is_an_error,
            saving_nobody_succeeds,
            a_password_hash_is_replaced,
            text_of_any_script_survives,
            numbers_at_their_limits_survive,
            what_was_told_is_there_after_reopening,
            a_game_master_is_made_and_unmade,
            an_account_is_found_by_name,
            accounts_are_listed_page_by_page,
            restored_accounts_keep_their_numbers,
            a_restored_account_replaces_nobody,
            every_stored_position_is_visited,
            the_maps_of_a_store_are_kept,
            each_run_of_a_server_has_a_larger_epoch,
            a_store_keeps_the_name_that_its_first_server_gave_it,
            connections_are_the_sum_over_live_servers,
            a_server_without_heartbeats_is_forgotten,
            a_server_that_only_slept_is_back_with_its_next_heartbeat,
            what_a_server_tells_of_itself_is_read_back,
            of_two_servers_with_one_id_the_older_is_told_to_end,
            only_a_registered_server_has_heartbeats_and_sessions,
            a_session_is_read_back_as_it_was_last_written,
            sessions_are_listed_by_user,
            a_character_is_claimed_by_one_live_server_at_a_time,
            a_claim_that_failed_ends_the_session_of_nobody_else,
            an_absent_character_is_held_longer_than_its_session_is_shown,
            sessions_of_dead_servers_are_marked_at_the_next_start,
            a_server_that_starts_again_takes_over_at_once,
            a_server_cannot_save_a_character_that_another_took,
            a_setting_is_set_read_and_removed,
            a_setting_that_has_changed_meanwhile_is_not_replaced,
            a_default_is_set_where_nothing_is,
            a_setting_of_one_server_wins_there_and_nowhere_else,
            a_setting_of_one_server_that_has_changed_meanwhile_is_not_replaced,
            a_setting_that_no_server_has_of_its_own_is_refused,
            an_unknown_setting_is_refused,
            every_live_setting_can_be_set,
            a_store_tells_what_it_is,
        );
    };
    ($fixture:ident: $($rule:ident),* $(,)?) => {
        $(
            #[test]
            fn $rule() {
                let fixture = $fixture::new();
                if fixture.connect().is_some() {
                    $crate::contract::$rule(&|| fixture.connect().unwrap());
                }
            }
        )*
    };
}
pub(super) use store_contract;

type Connect<'a> = &'a (dyn Fn() -> Box<dyn Store> + Sync);

fn create(store: &mut dyn Store, name: &str) -> UserId {
    store.create_account(&sample_account(name), &sample_character()).unwrap()
}

fn load(store: &mut dyn Store, name: &str) -> StoredAccount {
    store.load_account(name).unwrap().unwrap()
}

/// Builds a save of a step to column `x`.
fn step(user_id: UserId, x: u8) -> CharacterSave {
    position_save(user_id, PositionRecord { x, ..sample_character().position })
}

pub(super) fn an_empty_store_has_no_accounts(connect: Connect<'_>) {
    assert_eq!(connect().load_account("Nadie").unwrap(), None);
}

pub(super) fn a_created_account_is_loaded_as_it_was_given(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Gandalf");
    let stored = load(&mut *store, "Gandalf");
    assert_eq!(stored.account.user_id, user_id);
    assert_eq!(stored.account.account, sample_account("Gandalf"));
    assert!(!stored.account.is_gm);
    assert_eq!(stored.character, sample_character());
}

pub(super) fn the_first_account_has_number_one_and_the_next_another(connect: Connect<'_>) {
    let mut store = connect();
    assert_eq!(create(&mut *store, "Primero"), UserId(1));
    assert_eq!(create(&mut *store, "Segundo"), UserId(2));
}

pub(super) fn names_that_differ_by_case_are_one_name(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Gandalf");
    let second = store.create_account(&sample_account("gANDALF"), &sample_character());
    assert_eq!(second, Err(CreateError::NameTaken));
    let stored = load(&mut *store, "GANDALF");
    assert_eq!(stored.account.user_id, user_id);
    assert_eq!(stored.account.account.username, "Gandalf");
}

pub(super) fn one_of_many_simultaneous_creations_takes_the_name(connect: Connect<'_>) {
    const CREATORS: usize = 100;
    let start = Barrier::new(CREATORS);
    let results: Vec<_> = thread::scope(|scope| {
        let creators: Vec<_> = (0..CREATORS)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    let mut store = connect();
                    let mut account = sample_account("Unico");
                    account.email = format!("{number}@example.org");
                    start.wait();
                    (number, store.create_account(&account, &sample_character()))
                })
            })
            .collect();
        creators.into_iter().map(|creator| creator.join().unwrap()).collect()
    });
    let winners: Vec<usize> =
        results.iter().filter(|(_, result)| result.is_ok()).map(|(number, _)| *number).collect();
    let refused = results.iter().filter(|(_, result)| *result == Err(CreateError::NameTaken)).count();
    assert_eq!((winners.len(), refused), (1, CREATORS - 1), "{results:?}");
    let stored = load(&mut *connect(), "unico");
    assert_eq!(stored.account.account.email, format!("{}@example.org", winners[0]));
}

pub(super) fn a_saved_position_changes_the_position_alone(connect: Connect<'_>) {
    let mut store = connect();
    let walker = create(&mut *store, "Caminante");
    create(&mut *store, "Quieto");
    let position = PositionRecord { map: MapId::new(34), x: 1, y: 100, heading: 4 };
    store.save_characters(&[position_save(walker, position)]).unwrap();
    let expected = CharacterRecord { position, ..sample_character() };
    assert_eq!(load(&mut *store, "Caminante").character, expected);
    assert_eq!(load(&mut *store, "Quieto").character, sample_character());
}

pub(super) fn a_saved_sheet_replaces_the_whole_character(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Cambiante");
    let mut sheet = limits();
    // Slots in use become free, free ones used, and some keep their place with another content.
    sheet.inventory = [None; INVENTORY_SLOTS];
    sheet.inventory[1] = Some(ItemRecord { object: ObjectId::new(7), amount: 3, equipped: true });
    sheet.inventory[3] = Some(ItemRecord { object: ObjectId::new(8), amount: 4, equipped: false });
    sheet.spells = [SpellId::NONE; SPELL_SLOTS];
    sheet.spells[34] = SpellId::new(2);
    store.save_characters(&[sheet_save(user_id, sheet.clone())]).unwrap();
    assert_eq!(load(&mut *store, "Cambiante").character, sheet);
    assert_eq!(load(&mut *store, "Cambiante").account.account, sample_account("Cambiante"));
}

pub(super) fn a_group_with_a_failing_member_changes_nobody(connect: Connect<'_>) {
    let mut store = connect();
    let giver = create(&mut *store, "Dador");
    let nobody = UserId(giver.0 + 1);
    let mut sheet = sample_character();
    sheet.stats.gold = 0;
    let group = [sheet_save(giver, sheet.clone()), sheet_save(nobody, sheet)];
    assert_eq!(store.save_characters(&group), Err(StoreError::UnknownUser(nobody)));
    assert_eq!(load(&mut *store, "Dador").character, sample_character());
    // The failure leaves nothing open: the store goes on.
    create(&mut *store, "Siguiente");
}

pub(super) fn saving_an_unknown_user_is_an_error(connect: Connect<'_>) {
    let mut store = connect();
    let nobody = UserId(77);
    let position = sample_character().position;
    let unknown = Err(StoreError::UnknownUser(nobody));
    assert_eq!(store.save_characters(&[position_save(nobody, position)]), unknown);
    assert_eq!(store.save_characters(&[sheet_save(nobody, sample_character())]), unknown);
    assert_eq!(store.set_password_hash(nobody, "hash"), unknown);
}

pub(super) fn saving_nobody_succeeds(connect: Connect<'_>) {
    assert_eq!(connect().save_characters(&[]), Ok(()));
}

pub(super) fn a_password_hash_is_replaced(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Olvidadizo");
    create(&mut *store, "Otro");
    store.set_password_hash(user_id, "$argon2id$new").unwrap();
    assert_eq!(load(&mut *store, "Olvidadizo").account.account.password_hash, "$argon2id$new");
    let other = load(&mut *store, "Otro").account.account.password_hash;
    assert_eq!(other, sample_account("Otro").password_hash);
}

pub(super) fn text_of_any_script_survives(connect: Connect<'_>) {
    let mut store = connect();
    let mut account = sample_account("Ñandú Ágil");
    account.email = "'; DROP TABLE accounts; --@example.org".into();
    let mut character = sample_character();
    character.description = "¡Añoranza! «€» 日本語 🧙\u{200d}♂️\r\n\t\"'\\:;{}\u{0}fin".into();
    store.create_account(&account, &character).unwrap();
    let stored = load(&mut *store, "ñANDÚ áGIL");
    assert_eq!(stored.account.account, account);
    assert_eq!(stored.character, character);
    character.description = String::new();
    store.save_characters(&[sheet_save(stored.account.user_id, character.clone())]).unwrap();
    assert_eq!(load(&mut *store, "Ñandú Ágil").character, character);
}

pub(super) fn numbers_at_their_limits_survive(connect: Connect<'_>) {
    let mut store = connect();
    let mut account = sample_account("Limites");
    account.created_at = u64::from(u32::MAX) + 1;
    account.head = u16::MAX;
    (account.race, account.gender, account.class, account.home) = (5, 2, 12, 6);
    store.create_account(&account, &limits()).unwrap();
    let stored = load(&mut *store, "Limites");
    assert_eq!(stored.account.account, account);
    assert_eq!(stored.character, limits());
}

pub(super) fn what_was_told_is_there_after_reopening(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Durable");
    store.save_characters(&[sheet_save(user_id, limits())]).unwrap();
    drop(store);
    assert_eq!(load(&mut *connect(), "Durable").character, limits());
}

pub(super) fn a_game_master_is_made_and_unmade(connect: Connect<'_>) {
    let mut store = connect();
    let user_id = create(&mut *store, "Maestro");
    let nobody = UserId(user_id.0 + 1);
    store.set_gm(user_id, true).unwrap();
    assert!(load(&mut *store, "Maestro").account.is_gm);
    store.set_gm(user_id, false).unwrap();
    assert!(!load(&mut *store, "Maestro").account.is_gm);
    assert_eq!(store.set_gm(nobody, true), Err(StoreError::UnknownUser(nobody)));
}

pub(super) fn an_account_is_found_by_name(connect: Connect<'_>) {
    let mut store = connect();
    assert_eq!(store.find_account("Buscado").unwrap(), None);
    create(&mut *store, "Buscado");
    let loaded = load(&mut *store, "Buscado").account;
    assert_eq!(store.find_account("bUSCADO").unwrap(), Some(loaded));
}

pub(super) fn accounts_are_listed_page_by_page(connect: Connect<'_>) {
    let mut store = connect();
    assert!(store.list_accounts(None, 10).unwrap().is_empty());
    let created: Vec<_> = (0..12).map(|number| create(&mut *store, &format!("Jugador {number}"))).collect();
    let mut listed = Vec::new();
    loop {
        let page = store.list_accounts(listed.last().copied(), 5).unwrap();
        assert!(page.len() <= 5);
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|account| account.user_id));
    }
    assert_eq!(listed, created);
    let first = store.list_accounts(None, 1).unwrap();
    assert_eq!(first, [load(&mut *store, "Jugador 0").account]);
}

fn stored(user_id: u32, name: &str) -> StoredAccount {
    let account =
        AccountRecord { user_id: UserId(user_id), account: sample_account(name), is_gm: user_id == 30 };
    StoredAccount { account, character: limits() }
}

pub(super) fn restored_accounts_keep_their_numbers(connect: Connect<'_>) {
    let mut store = connect();
    let accounts = [stored(30, "Treinta"), stored(7, "Siete")];
    store.restore_accounts(&accounts).unwrap();
    store.restore_accounts(&[]).unwrap();
    for account in &accounts {
        assert_eq!(&load(&mut *store, &account.account.account.username), account);
    }
    store.save_characters(&[step(UserId(7), 11)]).unwrap();
    let next = create(&mut *store, "Nuevo");
    assert!(next > UserId(30), "{next}");
}

pub(super) fn a_restored_account_replaces_nobody(connect: Connect<'_>) {
    let mut store = connect();
    let first = create(&mut *store, "Primero");
    let before = load(&mut *store, "Primero");
    let same_name = stored(99, "PRIMERO");
    let same_number = stored(first.0, "Otro");
    store.restore_accounts(&[same_name, same_number, stored(50, "Cincuenta")]).unwrap();
    assert_eq!(load(&mut *store, "Primero"), before);
    assert_eq!(store.load_account("Otro").unwrap(), None);
    assert_eq!(load(&mut *store, "Cincuenta").account.user_id, UserId(50));
    let unknown = Err(StoreError::UnknownUser(UserId(99)));
    assert_eq!(store.save_characters(&[step(UserId(99), 1)]), unknown);
}

/// Builds a character with every number at its upper end.
fn limits() -> CharacterRecord {
    let mut character = CharacterRecord {
        position: at_limits(),
        attributes: at_limits(),
        stats: at_limits(),
        reputation: at_limits(),
        skills: [at_limits(); SKILLS],
        inventory: [Some(at_limits()); INVENTORY_SLOTS],
        spells: [SpellId::new(u16::MAX); SPELL_SLOTS],
        vault: [Some(at_limits()); VAULT_SLOTS],
        bank: at_limits(),
        states: at_limits(),
        life: at_limits(),
        membership: at_limits(),
        faction: at_limits(),
        notices: vec![at_limits(); NOTICES_MAX],
        ..CharacterRecord::blank()
    };
    character.description = "x".repeat(1000);
    character
}

pub(super) fn every_stored_position_is_visited(connect: Connect<'_>) {
    let mut store = connect();
    let visited = |store: &mut dyn Store| {
        let mut columns = Vec::new();
        store.visit_positions(&mut |position| columns.push(position.x)).unwrap();
        columns.sort_unstable();
        columns
    };
    assert_eq!(visited(&mut *store), [0; 0]);
    let users: Vec<_> = (0..5).map(|number| create(&mut *store, &format!("Ana {number}"))).collect();
    let steps: Vec<_> = users.iter().zip(11..).map(|(user_id, x)| step(*user_id, x)).collect();
    store.save_characters(&steps).unwrap();
    assert_eq!(visited(&mut *store), [11, 12, 13, 14, 15]);
}

pub(super) fn the_maps_of_a_store_are_kept(connect: Connect<'_>) {
    let mut store = connect();
    assert_eq!(store.maps().unwrap(), None);
    for maps in [(290, u64::MAX), (5, 0)] {
        let maps = MapsRecord { count: maps.0, fingerprint: maps.1 };
        store.set_maps(&maps).unwrap();
        assert_eq!(connect().maps().unwrap(), Some(maps));
    }
}
