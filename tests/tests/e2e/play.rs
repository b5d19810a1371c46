//! The whole story of two players: they meet, talk, walk to another map, leave, and come back, also to a server that
//! was restarted or killed.

use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, Map, Position, Restriction};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::world::heading::Heading;
use pyao_store::prelude::*;
use pyao_store::sqlite::SqliteStore;
use pyao_tests::bot::{Bot, PATIENCE, STEP};
use pyao_tests::process::{Server, ServerSetup};

use crate::support::{
    LONG, check, create, hear, last_words, login, lose_sight, place, read, see, setup, shown_place, start,
    wait_until,
};

/// Free tiles that stand in a line before an exit.
const APPROACH: u8 = 3;

/// A straight way onto an exit.
struct Crossing {
    /// The way, its last tile the exit.
    way: Vec<Position>,
    heading: u8,
    destination: Position,
}

fn step(from: Position, heading: u8) -> Position {
    let (x, y) = Heading::from_wire(heading).unwrap().step(from.x, from.y);
    Position { x, y, ..from }
}

fn opposite(heading: u8) -> u8 {
    (heading + 1) % 4 + 1
}

fn is_plain(map: &Map, at: Position) -> bool {
    let taken = map.npc_placements().iter().any(|npc| (npc.x, npc.y) == (at.x, at.y));
    map.walkable(at.x, at.y) && map.exit(at.x, at.y).is_none() && !taken
}

/// Finds [`APPROACH`] plain tiles in a row that lead onto the exit at `exit`, walking towards `heading`.
fn way_onto(map: &Map, exit: Position, heading: u8) -> Option<Vec<Position>> {
    let mut way = vec![exit];
    for _ in 0..APPROACH {
        let before = step(*way.last()?, opposite(heading));
        if !is_plain(map, before) {
            return None;
        }
        way.push(before);
    }
    way.reverse();
    Some(way)
}

/// Finds the first exit of the world that has a straight way onto it and leads to a free tile of another map, open to
/// every player.
fn find_crossing(content: &Content) -> Crossing {
    let exits = content.maps().flat_map(|map| map.exits().map(move |exit| (map, exit)));
    let crossing = |(map, (x, y, destination)): (&Map, (u8, u8, Position))| {
        let other = content.map(destination.map).filter(|other| other.number != map.number)?;
        let is_open = other.info.restriction == Restriction::None && is_plain(other, destination);
        let exit = Position { map: map.number, x, y };
        let way = |heading| Some(Crossing { way: way_onto(map, exit, heading)?, heading, destination });
        (is_open && map.walkable(x, y)).then(|| (1..=4).find_map(way))?
    };
    exits.filter_map(crossing).next().unwrap()
}

/// Puts two new players beside each other: each sees the other and hears the other's chat.
fn meet(server: &Server) -> (Bot, Bot) {
    let (mut ana, mut beto) = (create(server, "Ana"), create(server, "Beto"));
    let (seen_ana, seen_beto) = (see(&mut beto, "Ana"), see(&mut ana, "Beto"));
    ana.talk("¡hola, Beto!").unwrap();
    hear(&mut beto, seen_ana, "¡hola, Beto!");
    let own_index = ana.shadow.own_index.unwrap();
    hear(&mut ana, own_index, "¡hola, Beto!");
    beto.send(&ClientPacket::Yell { text: "¡Ana!".into() }).unwrap();
    hear(&mut ana, seen_beto, "¡Ana!");
    (ana, beto)
}

/// Walks `steps` steps and waits for the map behind the exit.
fn cross(bot: &mut Bot, crossing: &Crossing, steps: usize) {
    bot.walk_path(&vec![crossing.heading; steps]).unwrap();
    let map = i16::try_from(crossing.destination.map.get()).unwrap();
    bot.wait_for("the other map", PATIENCE, |shadow| shadow.map == Some(map) && shadow.position().is_some())
        .unwrap();
}

/// Sends both through the exit, one after the other; they find each other again on the other side.
fn cross_one_by_one(ana: &mut Bot, beto: &mut Bot, crossing: &Crossing) {
    cross(ana, crossing, 2);
    assert_eq!(place(ana), shown_place(ana));
    let arrival =
        Position::new(crossing.destination.map, ana.shadow.own().unwrap().x, ana.shadow.own().unwrap().y);
    assert_eq!(arrival, crossing.destination, "the tile behind the exit was free");
    lose_sight(beto, "Ana");

    let to_beto = ClientPacket::Whisper { target_name: "beto".into(), text: "[b]vení[/b]".into() };
    ana.send(&to_beto).unwrap();
    read(beto, "Ana te susurra: (b]vení(/b]");
    read(ana, "Le susurraste a Beto: (b]vení(/b]");

    cross(beto, crossing, 3);
    let seen_ana = see(beto, "Ana");
    see(ana, "Beto");
    ana.talk("acá estoy").unwrap();
    hear(beto, seen_ana, "acá estoy");
}

/// Leaves with `/SALIR` and returns to the tile that was left.
fn leave_and_return(server: &Server, mut ana: Bot, beto: &mut Bot) -> Bot {
    let left_at = place(&mut ana);
    ana.send(&ClientPacket::Quit).unwrap();
    ana.expect_closed(LONG).unwrap();
    assert!(ana.shadow.console_has("¡Gracias por jugar"), "{:?}", ana.shadow.console);
    ana.check().unwrap();
    lose_sight(beto, "Ana");
    let mut ana = login(server, "Ana");
    assert_eq!(place(&mut ana), left_at);
    see(&mut ana, "Beto");
    see(beto, "Ana");
    ana
}

/// Stops the server, starts it on the same store, and finds both where they were.
fn restart(server: &mut Server, setup: &ServerSetup, mut ana: Bot, mut beto: Bot) -> (Bot, Bot) {
    let places = (place(&mut ana), place(&mut beto));
    let status = {
        server.signal(libc::SIGTERM).unwrap();
        for bot in [&mut ana, &mut beto] {
            assert!(last_words(bot).contains("cerrando"));
        }
        check([&mut ana, &mut beto]);
        drop((ana, beto));
        server.wait(LONG).unwrap()
    };
    assert!(status.success(), "{status}:\n{}", server.log());
    *server = setup.start().unwrap();
    let (mut ana, mut beto) = (login(server, "Ana"), login(server, "Beto"));
    assert_eq!((place(&mut ana), place(&mut beto)), places);
    (ana, beto)
}

/// Returns the heading towards a neighbouring tile on which no character stands.
fn free_heading(content: &Content, bot: &Bot) -> u8 {
    let (map, x, y) = shown_place(bot);
    let at = Position { map: MapId::new(u16::try_from(map).unwrap()), x, y };
    let map = content.map(at.map).unwrap();
    let is_free = |tile: Position| {
        is_plain(map, tile)
            && !bot.shadow.characters.values().any(|other| (other.x, other.y) == (tile.x, tile.y))
    };
    (1..=4).find(|&heading| is_free(step(at, heading))).unwrap()
}

/// Returns the stored position of that character.
fn stored_place(setup: &ServerSetup, name: &str) -> (i16, u8, u8) {
    let mut store = SqliteStore::open_shared(&setup.store()).unwrap();
    let position = store.load_account(name).unwrap().unwrap().character.position;
    (i16::try_from(position.map.get()).unwrap(), position.x, position.y)
}

/// Kills the server on the spot. A character is there if its creation was confirmed, and stands at the tile of its last
/// save: a save comes within five seconds of a step, and this waits for it.
fn kill(server: &mut Server, setup: &ServerSetup, content: &Content, mut ana: Bot) {
    let before = place(&mut ana);
    ana.walk(free_heading(content, &ana)).unwrap();
    let after = place(&mut ana);
    assert_ne!(before, after);
    wait_until("a save after the step", || stored_place(setup, "Ana") == after);
    let caro = create(server, "Caro");
    server.kill().unwrap();
    for bot in [&ana, &caro] {
        bot.check().unwrap();
    }
    *server = setup.start().unwrap();
    let (mut ana, mut caro) = (login(server, "Ana"), login(server, "Caro"));
    assert_eq!(place(&mut ana), after);
    check([&mut ana, &mut caro]);
}

fn play_the_whole_story(setup: ServerSetup, content: &Content) {
    let crossing = find_crossing(content);
    let starts: Vec<_> = [1, 0].map(|tile: usize| crossing.way[tile].to_string()).into();
    let setup = setup.set("world.start_positions", starts);
    let mut server = setup.start().unwrap();
    let (mut ana, mut beto) = meet(&server);
    cross_one_by_one(&mut ana, &mut beto, &crossing);
    let ana = leave_and_return(&server, ana, &mut beto);
    let (ana, mut beto) = restart(&mut server, &setup, ana, beto);
    check([&mut beto]);
    kill(&mut server, &setup, content, ana);
}

#[test]
fn players_meet_talk_travel_leave_and_come_back_in_the_starter_world() {
    play_the_whole_story(setup(), &Content::starter());
}

#[test]
fn players_meet_talk_travel_leave_and_come_back_in_the_full_world() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let (content, _) = Content::load(&data).unwrap();
    play_the_whole_story(setup().data(data), &content);
}

#[test]
fn a_step_is_seen_by_others_as_one_step() {
    let setup = setup().set("world.start_positions", vec!["1:60:60", "1:60:64"]);
    let server = setup.start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let index = see(&mut beto, "Ana");
    for heading in [4, 4, 1, 2] {
        ana.walk(heading).unwrap();
        let (_, x, y) = place(&mut ana);
        beto.wait_for("the step", PATIENCE, |shadow| {
            shadow.characters.get(&index).is_some_and(|seen| (seen.x, seen.y) == (x, y))
        })
        .unwrap();
        ana.pump_for(STEP).unwrap();
    }
    assert_eq!(beto.shadow.received.count("CharacterMove"), 4);
    check([&mut ana, &mut beto]);
}

#[test]
fn a_name_with_a_space_is_reached_with_a_plus() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana Maria"), create(&server, "Beto"));
    let index = see(&mut ana, "Beto");
    beto.send(&ClientPacket::Whisper { target_name: "ana+MARIA".into(), text: "¿vamos?".into() }).unwrap();
    hear(&mut ana, index, "¿vamos?");
    check([&mut ana, &mut beto]);
}

#[test]
fn where_accents_are_off_nobody_is_sent_one() {
    let server = setup().set("server.text_encoding", "ascii").start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let index = see(&mut beto, "Ana");
    ana.talk("¡Ñandú, vení!").unwrap();
    hear(&mut beto, index, "Nandu, veni!");
    check([&mut ana, &mut beto]);
    let lines: Vec<_> = beto.shadow.console.iter().map(|line| &line.text).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.is_ascii()), "{lines:?}");
}
