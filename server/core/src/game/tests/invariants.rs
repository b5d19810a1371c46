//! The invariants find what they are there for.

use super::*;
use crate::game::player::table::Unsaved;

/// Returns the verdict on a game with two players after some damage.
fn damaged(damage: impl FnOnce(&mut Game)) -> Result<(), String> {
    let mut table = Table::new();
    let connection = table.player("Ana");
    table.player("Bea");
    table.pass(6_000);
    table.walk(connection, 4, 2);
    assert_eq!(table.game.check_invariants(), Ok(()), "a sound game");
    damage(&mut table.game);
    table.game.check_invariants()
}

fn key(game: &Game) -> crate::base::ids::PlayerKey {
    game.play.players.by_name("Ana").unwrap()
}

#[test]
fn a_player_without_a_character_is_found() {
    let damage = |game: &mut Game| {
        let index = game.play.players.get(key(game)).unwrap().index;
        game.play.world.leave(index);
    };
    assert!(damaged(damage).is_err());
}

#[test]
fn a_change_that_nothing_saves_is_found() {
    let damage = |game: &mut Game| {
        let key = game.play.players.by_name("Bea").unwrap();
        game.play.players.get_mut(key).unwrap().unsaved = Unsaved::Sheet;
    };
    assert!(damaged(damage).is_err());
}

#[test]
fn a_connection_that_plays_somebody_elses_player_is_found() {
    let damage = |game: &mut Game| {
        let key = key(game);
        let other = game.play.players.by_name("Bea").unwrap();
        let connection = game.play.players.get(key).unwrap().connection.unwrap();
        game.lobby.connections.get_mut(connection).unwrap().stage = Stage::Playing(other);
    };
    assert!(damaged(damage).is_err());
}

#[test]
fn a_viewer_that_no_block_lists_is_found() {
    let damage = |game: &mut Game| {
        let index = game.play.players.get(key(game)).unwrap().index;
        game.play.world.change_viewer(index, None);
    };
    assert!(damaged(damage).is_err());
}

#[test]
fn a_save_that_was_never_answered_but_counted_so_is_found() {
    let damage = |game: &mut Game| game.durable.saving.asked();
    assert!(damaged(damage).is_err());
}

#[test]
fn an_effect_that_was_not_carried_out_is_found() {
    let damage = |game: &mut Game| {
        let key = key(game);
        game.play.session_changed(key);
    };
    assert!(damaged(damage).is_err());
}
