//! Two servers on one Redis: a character is on one of them, and moves whole.

use pyao_core::game::texts;
use pyao_simulator::forms::NewCharacter;
use pyao_tests::suite::{
    LONG, PASSWORD, answer_to_creation, at_creation, check, create, login, place, wait_until,
};

use crate::support::{DANGEROUS, cli, on, redis, session, try_to_log_in, wait_for_answer, wait_until_saved};

#[test]
fn of_a_hundred_simultaneous_creations_of_one_name_on_two_servers_one_succeeds() {
    let Some(redis) = redis(&[]) else { return };
    let servers = [on(&redis).start().unwrap(), on(&redis).start().unwrap()];
    let mut bots: Vec<_> = (0..100).map(|number| at_creation(&servers[number % 2])).collect();
    for (number, bot) in bots.iter_mut().enumerate() {
        // Upper and lower case make no other name.
        let name = if number % 3 == 0 { "UNICA" } else { "Unica" };
        bot.send(&NewCharacter::named(name, PASSWORD).packet()).unwrap();
    }
    let answers: Vec<_> = bots.iter_mut().map(answer_to_creation).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.as_deref() == Some(texts::NAME_TAKEN)).count(), 99);
    assert_eq!(cli(&redis, "KEYS account:*").lines().count(), 2);
    assert_eq!(
        (cli(&redis, "GET accounts:counter"), cli(&redis, "HLEN accounts:names")),
        ("1".into(), "1".into())
    );
    bots.iter().for_each(|bot| bot.check().unwrap());
}

#[test]
fn a_killed_server_keeps_its_characters_and_its_connections_until_its_lease_ends() {
    let Some(redis) = redis(&[]) else { return };
    let setup = on(&redis).set("world.start_positions", DANGEROUS.to_vec());
    let (mut norte, sur) = (setup.start().unwrap(), on(&redis).start().unwrap());
    let mut ana = create(&norte, "Ana");
    ana.walk_path(&[1, 2]).unwrap();
    wait_until_saved(&redis, "Ana", &mut ana);
    let left_at = place(&mut ana);
    assert_eq!(try_to_log_in(sur.address(), "Ana").err().as_deref(), Some(texts::ON_ANOTHER_SERVER));
    let mut beto = create(&sur, "Beto");
    wait_for_answer(&redis, "GET server:connections:count", "2");
    check([&mut ana]);
    norte.kill().unwrap();
    assert_eq!(try_to_log_in(sur.address(), "Ana").err().as_deref(), Some(texts::ON_ANOTHER_SERVER));
    let mut moved = None;
    wait_until("a login on the other server", || {
        moved = try_to_log_in(sur.address(), "Ana").ok();
        moved.is_some()
    });
    let mut ana = moved.unwrap();
    assert_eq!(place(&mut ana), left_at);
    wait_for_answer(&redis, "SCARD active_workers", "1");
    assert_eq!(cli(&redis, "SMEMBERS active_workers"), session(&redis, "Ana")["server"]);
    check([&mut beto]);
    beto.quit(LONG).unwrap();
    wait_for_answer(&redis, "GET server:connections:count", "1");
    check([&mut ana]);
}

#[test]
fn a_killed_server_with_a_name_of_its_own_has_its_characters_back_at_once() {
    let Some(redis) = redis(&[]) else { return };
    let setup = on(&redis).set("world.start_positions", DANGEROUS.to_vec()).set("server.id", "norte");
    let mut norte = setup.start().unwrap();
    let mut ana = create(&norte, "Ana");
    ana.walk_path(&[1, 2]).unwrap();
    wait_until_saved(&redis, "Ana", &mut ana);
    let left_at = place(&mut ana);
    assert_eq!(session(&redis, "Ana")["server"], "norte");
    norte.kill().unwrap();
    let norte = setup.start().unwrap();
    assert_eq!(place(&mut try_to_log_in(norte.address(), "Ana").unwrap()), left_at);
}

#[test]
fn a_second_start_that_finds_its_port_taken_does_not_end_the_server_of_its_name() {
    let Some(redis) = redis(&[]) else { return };
    let setup = || on(&redis).set("server.id", "norte");
    let norte = setup().start().unwrap();
    let mut ana = create(&norte, "Ana");
    let port = norte.address().port().to_string();
    let refusal = setup().arg("--port").arg(&port).start().err().unwrap().to_string();
    assert!(refusal.contains("cannot listen on"), "{refusal}");
    wait_for_answer(&redis, "GET server:connections:count", "1");
    assert_eq!(cli(&redis, "SMEMBERS active_workers"), "norte");
    check([&mut ana]);
}

#[test]
fn a_character_that_leaves_one_server_enters_the_other_as_it_was() {
    let Some(redis) = redis(&[]) else { return };
    let servers = [on(&redis).start().unwrap(), on(&redis).start().unwrap()];
    let mut ana = create(&servers[0], "Ana");
    for turn in 1..=4 {
        ana.walk_path(&[1 + u8::try_from(turn % 4).unwrap()]).unwrap();
        let (left_at, stats, bag) = (place(&mut ana), ana.shadow.stats.clone(), ana.shadow.inventory.clone());
        check([&mut ana]);
        ana.quit(LONG).unwrap();
        // The good-bye does not wait for Redis.
        wait_for_answer(&redis, "EXISTS session:1:active", "0");
        ana = login(&servers[turn % 2], "Ana");
        assert_eq!((place(&mut ana), &ana.shadow.stats, &ana.shadow.inventory), (left_at, &stats, &bag));
    }
    check([&mut ana]);
}

#[test]
fn a_character_that_stands_absent_longer_than_its_session_is_shown_stays_on_its_server() {
    let Some(redis) = redis(&[]) else { return };
    let setup = on(&redis).set("world.start_positions", DANGEROUS.to_vec());
    let (norte, sur) = (setup.start().unwrap(), on(&redis).start().unwrap());
    let mut ana = create(&norte, "Ana");
    let left_at = place(&mut ana);
    check([&mut ana]);
    drop(ana);
    wait_until("a disconnected session", || session(&redis, "Ana")["websocket_connected"] == "false");
    // The hour is over.
    assert_eq!(cli(&redis, "EXPIRE session:1:active 0"), "1");
    let _este = on(&redis).start().unwrap();
    assert_eq!(try_to_log_in(sur.address(), "Ana").err().as_deref(), Some(texts::ON_ANOTHER_SERVER));
    let mut ana = login(&norte, "Ana");
    assert_eq!(place(&mut ana), left_at);
    check([&mut ana]);
}
