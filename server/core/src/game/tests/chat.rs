//! Chat, and what players can ask.

use super::*;
use crate::base::ids::MapId;

fn talk(text: &str) -> ClientPacket {
    ClientPacket::Talk { text: text.into() }
}

#[test]
fn speech_goes_over_the_head_of_the_speaker_for_everybody_in_sight() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.read(bea);
    let told = table.ask(ana, talk("  hola [b]vecina[/b] "));
    assert!(
        matches!(&told[..], [ServerPacket::ChatOverHead { text, r: 255, g: 255, b: 255, .. }] if text == "hola [b]vecina[/b]")
    );
    assert_eq!(table.read(bea), told);
    let told = table.ask(ana, ClientPacket::Yell { text: "¡fuego!".into() });
    assert!(matches!(&told[..], [ServerPacket::ChatOverHead { r: 255, g: 0, b: 0, .. }]));
}

#[test]
fn who_says_too_much_is_told_once_and_nobody_reads_the_rest() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.read(bea);
    let whisper = ClientPacket::Whisper { target_name: "Bea".into(), text: "psst".into() };
    let kinds = [talk("hola"), ClientPacket::Yell { text: "¡hola!".into() }, whisper];
    let mut told = Vec::new();
    for packet in kinds.iter().cycle().take(30) {
        told.extend(table.ask(ana, packet.clone()));
    }
    assert_eq!(console(&told), [texts::TOO_MUCH_CHAT]);
    assert_eq!(names(&table.read(bea)), ["ChatOverHead"; 5]);
    assert_eq!((table.game.take_dropped_chat(), table.game.take_dropped_chat()), (25, 0));
    table.pass(1_000);
    assert_eq!(names(&table.ask(ana, talk("hola"))), ["ChatOverHead"]);
    assert!(table.ask(ana, talk("hola")).is_empty(), "she knows it already");
}

#[test]
fn a_changed_chat_limit_counts_at_once() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let settings = Settings { chat_per_second: 0, ..Settings::default() };
    table.game.handle(table.now, Input::Settings(Box::new(settings)));
    let said = (0..100).filter(|_| names(&table.ask(ana, talk("hola"))) == ["ChatOverHead"]).count();
    assert_eq!(said, 100);
}

#[test]
fn commands_are_never_shown_and_empty_lines_say_nothing() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.read(bea);
    assert_eq!(console(&table.ask(ana, talk("/secreto clave"))), [texts::UNKNOWN_COMMAND]);
    assert!(table.ask(ana, talk(" \u{3}\u{4} ")).is_empty());
    assert!(table.read(bea).is_empty());
}

#[test]
fn a_whisper_reaches_only_the_two_and_carries_no_markup_into_the_console() {
    let mut table = Table::with(Settings {
        start_positions: vec![
            Position { map: MapId::new(1), x: 58, y: 45 },
            Position { map: MapId::new(2), x: 50, y: 50 },
        ],
        ..Settings::default()
    });
    let (ana, bea, witness) = (table.player("Ana"), table.player("Bea"), table.player("Cora"));
    table.read(bea);
    table.read(witness);
    let whisper = |to: &str, text: &str| ClientPacket::Whisper { target_name: to.into(), text: text.into() };
    let sent = console(&table.ask(ana, whisper("bea", "[url=x]mirá[/url]")));
    let received = console(&table.read(bea));
    assert_eq!((sent.len(), received.len()), (1, 1), "they are on different maps");
    for line in sent.iter().chain(&received) {
        assert!(!line.contains('['), "{line}");
        assert!(line.contains("(url=x]mirá"));
    }
    assert!(table.read(witness).is_empty());
    let told = table.ask(ana, whisper("Cora", "hola"));
    assert!(
        matches!(&told[..], [ServerPacket::ChatOverHead { r: 0, g: 0, b: 255, .. }]),
        "they see each other"
    );
    assert_eq!(table.read(witness), told);
    assert!(table.read(bea).is_empty());
    assert_eq!(console(&table.ask(ana, whisper("Nadie", "hola"))), [texts::NOT_ONLINE]);
    assert_eq!(console(&table.ask(ana, whisper("ana", "hola"))), [texts::WHISPER_TO_SELF]);
}

#[test]
fn questions_are_answered() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.player("Bea");
    table.pass(61_000);
    assert_eq!(table.ask(ana, ClientPacket::Ping), [ServerPacket::Pong]);
    assert_eq!(console(&table.ask(ana, ClientPacket::Online)), [texts::online(2)]);
    assert_eq!(console(&table.ask(ana, ClientPacket::Uptime)), [texts::uptime(61)]);
    assert!(!console(&table.ask(ana, ClientPacket::RequestMOTD)).is_empty());
    assert!(!console(&table.ask(ana, ClientPacket::Help)).is_empty());
    assert_eq!(console(&table.ask(ana, ClientPacket::RequestStats)).len(), 4);
    assert!(matches!(
        table.ask(ana, ClientPacket::RequestFame)[..],
        [ServerPacket::Fame { noble: 1_000, .. }]
    ));
    assert!(
        matches!(
            table.ask(ana, ClientPacket::RequestMiniStats)[..],
            [ServerPacket::MiniStats { class: 2, .. }]
        ),
        "a mage, 1 elsewhere, is 2 there"
    );
    let skills = table.ask(ana, ClientPacket::RequestSkills);
    assert!(matches!(
        skills[..],
        [ServerPacket::LevelUp { free_skill_points: 10 }, ServerPacket::SendSkills { .. }]
    ));
    assert_eq!(console(&table.ask(ana, ClientPacket::Attack)), [texts::NOT_YET]);
}

#[test]
fn skill_points_are_assigned_all_or_none() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let assign = |points: [u8; 20]| ClientPacket::ModifySkills { points_by_skill: points };
    let mut points = [0; 20];
    points[3] = 6;
    points[0] = 5;
    let told = table.ask(ana, assign(points));
    assert!(matches!(told[0], ServerPacket::LevelUp { free_skill_points: 10 }), "eleven are more than ten");
    points[0] = 4;
    let told = table.ask(ana, assign(points));
    let ServerPacket::SendSkills { skills } = &told[1] else { panic!("{told:?}") };
    assert_eq!((skills[3].level, skills[0].level), (6, 4));
    assert!(matches!(told[0], ServerPacket::LevelUp { free_skill_points: 0 }));
}

#[test]
fn what_a_click_shows_depends_on_what_stands_there() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.player("Bea");
    let bea = table.position("Bea");
    let look = |x, y| ClientPacket::LeftClick { x, y };
    let told = console(&table.ask(ana, look(bea.x, bea.y)));
    assert!(told[0].starts_with("Bea") && told[0].contains("CIUDADANO"), "{told:?}");
    let description = ClientPacket::ChangeDescription { text: "[b]fuerte[/b]".into() };
    let key = table.game.play.players.by_name("Bea").unwrap();
    let connection = table.game.play.players.get(key).unwrap().connection.unwrap();
    table.send(connection, description);
    let told = console(&table.ask(ana, look(bea.x, bea.y)));
    assert!(told[0].contains("(b]fuerte"), "{told:?}");
    assert!(table.ask(ana, look(0, 255)).is_empty(), "out of the window");
}
