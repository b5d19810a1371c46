use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::font::Font;

use super::*;

fn character(char_index: i16, x: u8, y: u8) -> ServerPacket<'static> {
    ServerPacket::CharacterCreate {
        char_index,
        body: 1,
        head: 70,
        heading: 3,
        x,
        y,
        weapon: 2,
        shield: 2,
        helmet: 2,
        fx: 0,
        fx_loops: 0,
        name: format!("Alguien{char_index} <Los Ñoquis>").into(),
        nick_color: 2,
        privileges: 1,
    }
}

fn block(packets: &[ServerPacket<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Latin1));
    bytes
}

fn login_burst() -> [ServerPacket<'static>; 4] {
    [
        ServerPacket::Logged { class: 1 },
        ServerPacket::ChangeMap { map: 1, version: 0 },
        character(7, 50, 50),
        ServerPacket::UserCharIndexInServer { char_index: 7 },
    ]
}

/// Returns a client in the game: character 7 at 50,50 of map 1.
fn playing() -> ShadowClient {
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
    shadow.read(&block(&login_burst())).unwrap();
    assert_eq!(shadow.faults, [""; 0]);
    shadow
}

/// Returns the faults that `packets` cause to a client in the game.
fn faults(packets: &[ServerPacket<'_>]) -> Vec<String> {
    let mut shadow = playing();
    let _ = shadow.read(&block(packets));
    shadow.faults
}

#[test]
fn a_login_burst_opens_the_game_with_the_own_character() {
    let shadow = playing();
    assert_eq!((shadow.screen, shadow.map, shadow.own_index), (Screen::Game, Some(1), Some(7)));
    assert_eq!(shadow.position(), Some((50, 50)));
    assert_eq!(shadow.own().unwrap().name, "Alguien7 <Los Ñoquis>");
    assert_eq!(shadow.find("alguien7"), Some(7));
    assert_eq!(shadow.received.count("Logged"), 1);
}

#[test]
fn a_block_that_ends_inside_a_packet_is_an_error() {
    let mut shadow = playing();
    let bytes = block(&[ServerPacket::Pong, character(8, 51, 50)]);
    let error = shadow.read(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(error, BlockError::Cut { id: 29, offset: 1 });
    assert!(!shadow.characters.contains_key(&8));
}

#[test]
fn packets_the_client_cannot_read_are_errors() {
    let mut shadow = playing();
    let unread = block(&[ServerPacket::AddSlots { backpack_slots: 1 }]);
    assert_eq!(shadow.read(&unread), Err(BlockError::NotConsumed("AddSlots")));
    assert_eq!(shadow.read(&[107]), Err(BlockError::Unreadable(DecodeError::UnknownId(107))));
    let dice = ServerPacket::DiceRoll {
        strength: 18,
        agility: 18,
        intelligence: 18,
        charisma: 18,
        constitution: 18,
    };
    assert_eq!(shadow.read(&block(&[dice])), Err(BlockError::NotConsumed("DiceRoll")));
    assert_eq!(shadow.faults.len(), 3);
}

#[test]
fn the_creation_screen_takes_dice_and_errors_and_stays() {
    let mut shadow = ShadowClient::new(Screen::Creation, TextEncoding::Latin1);
    let dice = ServerPacket::DiceRoll {
        strength: 15,
        agility: 16,
        intelligence: 17,
        charisma: 18,
        constitution: 14,
    };
    shadow.read(&block(&[dice])).unwrap();
    shadow.read(&block(&[ServerPacket::ErrorMsg { text: "Nombre ocupado".into() }])).unwrap();
    assert_eq!(shadow.dice, Some([15, 16, 17, 18, 14]));
    assert_eq!((shadow.screen, shadow.leaves), (Screen::Creation, false));
    shadow.read(&block(&login_burst())).unwrap();
    assert_eq!((shadow.screen, shadow.faults.len()), (Screen::Game, 0));
}

#[test]
fn an_error_on_the_login_screen_ends_the_connection() {
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
    shadow.read(&block(&[ServerPacket::ErrorMsg { text: "No".into() }])).unwrap();
    assert_eq!((shadow.screen, shadow.leaves), (Screen::Login, true));
    assert_eq!(shadow.errors, ["No"]);
}

#[test]
fn anything_else_before_success_is_a_fault() {
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
    shadow.read(&block(&[ServerPacket::console("Bienvenido", Font::Info)])).unwrap();
    assert_eq!(shadow.faults, ["ConsoleMsg opens the game instead of Logged"]);

    let mut shadow = ShadowClient::new(Screen::Creation, TextEncoding::Latin1);
    let error = ServerPacket::ErrorMsg { text: "No".into() };
    shadow.read(&block(&[error, ServerPacket::Logged { class: 1 }])).unwrap();
    assert_eq!(shadow.faults, ["Logged opens the game in the middle of a read"]);
}

#[test]
fn a_roll_that_comes_too_soon_or_before_the_game_in_one_read_is_a_fault() {
    let roll =
        ServerPacket::DiceRoll { strength: 9, agility: 9, intelligence: 9, charisma: 9, constitution: 9 };
    for (waited, faults) in [(0, 1), (20, 1), (59, 0), (300, 0)] {
        let mut shadow = ShadowClient::new(Screen::Creation, TextEncoding::Latin1);
        shadow.now = 1_000;
        shadow.throws_dice();
        shadow.now += waited;
        shadow.read(&block(std::slice::from_ref(&roll))).unwrap();
        assert_eq!(shadow.faults.len(), faults, "{waited} ms: {:?}", shadow.faults);
    }
    let mut shadow = ShadowClient::new(Screen::Creation, TextEncoding::Latin1);
    shadow.read(&block(&[roll, ServerPacket::Logged { class: 1 }])).unwrap();
    assert_eq!(shadow.faults, ["Logged opens the game in the middle of a read"]);
}

#[test]
fn a_text_that_the_clients_system_cannot_decode_is_a_fault() {
    let say = |text: &'static str| ServerPacket::console(text, Font::Info);
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Utf8);
    let mut bytes = Vec::new();
    login_burst()[..2].iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Utf8));
    say("ñandú").encode(&mut bytes, TextEncoding::Utf8);
    say("hola").encode(&mut bytes, TextEncoding::Latin1);
    shadow.read(&bytes).unwrap();
    assert_eq!(shadow.faults, [""; 0]);
    shadow.read(&block(&[say("ñandú")])).unwrap();
    assert_eq!(shadow.faults, ["ConsoleMsg has a text that is not in utf8"]);

    let mut shadow = playing();
    let mut bytes = Vec::new();
    say("ñandú").encode(&mut bytes, TextEncoding::Utf8);
    shadow.read(&bytes).unwrap();
    assert_eq!(shadow.faults, ["ConsoleMsg has a text that is not in latin1"]);
}

#[test]
fn the_skills_need_their_points_before_them_and_a_class_needs_a_name() {
    let points = ServerPacket::LevelUp { free_skill_points: 3 };
    let skills = || ServerPacket::SendSkills { skills: Default::default() };
    let class = |class| ServerPacket::MiniStats {
        citizens_killed: 0,
        criminals_killed: 0,
        users_killed: 0,
        npcs_killed: 0,
        class,
        jail_time: 0,
    };
    assert_eq!(faults(&[points.clone(), skills(), class(0), class(8)]), [""; 0]);
    let late = "SendSkills without a LevelUp right before it";
    assert_eq!(faults(&[points.clone(), ServerPacket::Pong, skills(), points])[1..], [late]);
    assert_eq!(faults(&[class(9)]), ["the client has no name for class 9"]);
}

#[test]
fn a_map_change_forgets_everyone_and_everything() {
    let mut shadow = playing();
    let object = ServerPacket::ObjectCreate { x: 9, y: 9, grh_index: 510 };
    let door = ServerPacket::BlockPosition { x: 8, y: 9, blocked: true };
    shadow.read(&block(&[character(8, 51, 50), object, door])).unwrap();
    assert_eq!((shadow.objects.len(), shadow.blocked.len()), (1, 1));
    shadow.read(&block(&[ServerPacket::ChangeMap { map: 2, version: 0 }])).unwrap();
    assert!(shadow.characters.is_empty() && shadow.objects.is_empty() && shadow.blocked.is_empty());
    assert_eq!(shadow.position(), None);
}

#[test]
fn things_placed_before_a_map_are_faults() {
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
    shadow.read(&block(&[ServerPacket::Logged { class: 1 }, character(7, 50, 50)])).unwrap();
    assert_eq!(shadow.faults, ["CharacterCreate before ChangeMap"]);
}

#[test]
fn an_own_index_before_its_character_is_a_fault() {
    let unknown = ServerPacket::UserCharIndexInServer { char_index: 9 };
    assert_eq!(faults(&[unknown]), ["UserCharIndexInServer of unknown character 9"]);
}

#[test]
fn the_own_character_walks_before_the_server_agrees_and_is_put_back_when_it_does_not() {
    let mut shadow = playing();
    assert_eq!(shadow.predict_walk(2), Some(ClientPacket::Walk { heading: 2 }));
    assert_eq!(shadow.position(), Some((51, 50)));
    shadow.read(&block(&[ServerPacket::PosUpdate { x: 50, y: 50 }])).unwrap();
    assert_eq!(shadow.position(), Some((50, 50)));
    assert_eq!(shadow.own().unwrap().heading, 2);
}

#[test]
fn a_known_character_or_block_in_the_way_only_turns() {
    let mut shadow = playing();
    let door = ServerPacket::BlockPosition { x: 50, y: 49, blocked: true };
    shadow.read(&block(&[character(8, 51, 50), door])).unwrap();
    assert_eq!(shadow.predict_walk(2), Some(ClientPacket::ChangeHeading { heading: 2 }));
    assert_eq!(shadow.predict_walk(1), Some(ClientPacket::ChangeHeading { heading: 1 }));
    assert_eq!(shadow.predict_walk(3), Some(ClientPacket::Walk { heading: 3 }));
    assert_eq!(shadow.position(), Some((50, 51)));
}

#[test]
fn ghosts_can_be_walked_into() {
    let mut shadow = playing();
    shadow.read(&block(&[character(8, 51, 50)])).unwrap();
    shadow.characters.get_mut(&8).unwrap().head = 500;
    assert_eq!(shadow.predict_walk(2), Some(ClientPacket::Walk { heading: 2 }));
}

#[test]
fn paralysis_only_turns_and_meditation_does_not_move() {
    let mut shadow = playing();
    shadow.read(&block(&[ServerPacket::ParalizeOK])).unwrap();
    assert_eq!(shadow.predict_walk(2), Some(ClientPacket::ChangeHeading { heading: 2 }));
    assert_eq!(shadow.predict_walk(3), None);
    shadow.read(&block(&[ServerPacket::ParalizeOK, ServerPacket::MeditateToggle])).unwrap();
    assert_eq!(shadow.predict_walk(2), Some(ClientPacket::Walk { heading: 2 }));
    assert_eq!(shadow.position(), Some((50, 50)));
}

#[test]
fn an_open_window_locks_the_keys() {
    let mut shadow = playing();
    shadow.read(&block(&[ServerPacket::CommerceInit])).unwrap();
    assert_eq!(shadow.predict_walk(2), None);
    shadow.read(&block(&[ServerPacket::CommerceEnd])).unwrap();
    assert!(shadow.predict_walk(2).is_some());
}

#[test]
fn another_characters_step_is_derived_from_the_difference() {
    for (x, y, heading) in [(30, 29, 1), (31, 30, 2), (30, 31, 3), (29, 30, 4)] {
        let mut shadow = playing();
        let step = ServerPacket::CharacterMove { char_index: 8, x, y };
        shadow.read(&block(&[character(8, 30, 30), step])).unwrap();
        let seen = &shadow.characters[&8];
        assert_eq!((seen.x, seen.y, seen.heading), (x, y, heading));
        assert_eq!(shadow.faults, [""; 0]);
    }
}

#[test]
fn a_jump_a_diagonal_and_no_step_at_all_end_on_the_wrong_tile() {
    for (x, y, believed) in [(30, 30, (30, 31)), (32, 30, (31, 30)), (31, 31, (31, 30))] {
        let mut shadow = playing();
        let step = ServerPacket::CharacterMove { char_index: 8, x, y };
        shadow.read(&block(&[character(8, 30, 30), step])).unwrap();
        let seen = &shadow.characters[&8];
        assert_eq!((seen.x, seen.y), believed);
        assert_eq!(shadow.faults.len(), 1);
    }
}

#[test]
fn moving_the_own_or_an_unknown_character_is_a_fault() {
    let own = ServerPacket::CharacterMove { char_index: 7, x: 51, y: 50 };
    assert_eq!(faults(&[own]), ["CharacterMove of the own character"]);
    let unknown = ServerPacket::CharacterMove { char_index: 8, x: 51, y: 50 };
    assert_eq!(faults(&[unknown]), ["CharacterMove of unknown character 8"]);
}

#[test]
fn values_the_client_has_no_place_for_are_faults() {
    assert_eq!(faults(&[ServerPacket::ForceCharMove { heading: 0 }]), ["ForceCharMove with heading 0"]);
    assert_eq!(faults(&[ServerPacket::PosUpdate { x: 0, y: 5 }]), ["PosUpdate at 0,5, off the map"]);
    assert_eq!(faults(&[ServerPacket::ChangeMap { map: 291, version: 0 }]), ["the client has no map 291"]);
    let line = ServerPacket::ConsoleMsg { text: "hola".into(), font: 21 };
    assert_eq!(faults(&[line]), ["a console line with font 21"]);
    let spell = ServerPacket::ChangeSpellSlot { slot: 36, spell_id: 0, name: "(None)".into() };
    assert_eq!(faults(&[spell]), ["no spell slot 36"]);
    let hit = MultiMessage::NPCHitUser { body_part: 0, damage: 1 };
    assert_eq!(faults(&[ServerPacket::multi(hit)]), ["no part 0 of a body"]);
    let killer = MultiMessage::UserKill { killer_char_index: 9 };
    assert_eq!(faults(&[ServerPacket::multi(killer)]), ["UserKill of unknown character 9"]);
    assert_eq!(faults(&[ServerPacket::Pong]), ["Pong without a ping"]);
    assert_eq!(faults(&[ServerPacket::BankEnd]), ["BankEnd without a bank's window"]);
}

#[test]
fn pictures_and_sounds_that_the_client_lacks_are_faults() {
    let changed = |[body, head, weapon, shield, helmet]: [i16; 5], fx| ServerPacket::CharacterChange {
        char_index: 7,
        body,
        head,
        heading: 3,
        weapon,
        shield,
        helmet,
        fx,
        fx_loops: 0,
    };
    assert_eq!(faults(&[changed([548, 0, 76, 10, 16], 35), changed([8, 500, 2, 2, 2], 0)]), [""; 0]);
    let expected = ["body 549", "head 52", "weapon 77", "shield 11", "helmet 17"];
    let expected = expected.map(|part| format!("CharacterChange: the client has no {part}"));
    assert_eq!(faults(&[changed([549, 52, 77, 11, 17], 0)]), expected);
    assert_eq!(faults(&[changed([1, 1, 2, 2, 2], 36)]), ["the client has no effect 36"]);
    let fx = |fx| ServerPacket::CreateFX { char_index: 7, fx, fx_loops: 0 };
    assert_eq!(
        faults(&[fx(35), fx(36), fx(-1)]),
        [36, -1].map(|fx| format!("the client has no effect {fx}"))
    );
    let sound = |wave| ServerPacket::PlayWave { wave, x: 0, y: 0 };
    assert_eq!(faults(&[sound(173), sound(174)]), ["the client has no sound 174"]);
    // One that moves shows on the floor and not as an icon.
    let object = |grh_index| ServerPacket::ObjectCreate { x: 9, y: 9, grh_index };
    assert_eq!(faults(&[object(0), object(1_521), object(20_405), object(421)]), [""; 0]);
    assert_eq!(faults(&[object(30_000)]), ["the client has no graphic 30000"]);
    let slot = |obj_index, grh_index| ServerPacket::ChangeBankSlot {
        slot: 1,
        obj_index,
        name: "".into(),
        amount: 1,
        grh_index,
        obj_type: 1,
        max_hit: 0,
        min_hit: 0,
        max_def: 0,
        min_def: 0,
        value: 0,
    };
    assert_eq!(faults(&[slot(0, 0), slot(63, 510)]), [""; 0]);
    assert_eq!(faults(&[slot(63, 1_521)]), ["the client has no icon 1521, of object 63"]);
}

#[test]
fn slots_keep_what_they_were_told_and_empty_ones_vanish() {
    let slot = |obj_index, name: &'static str, amount| ServerPacket::ChangeInventorySlot {
        slot: 3,
        obj_index,
        name: name.into(),
        amount,
        equipped: false,
        grh_index: 510,
        obj_type: 2,
        max_hit: 0,
        min_hit: 0,
        max_def: 0,
        min_def: 0,
        sale_price: 2.5,
    };
    let mut shadow = playing();
    shadow.read(&block(&[slot(460, "Daga", 2)])).unwrap();
    let dagger = &shadow.inventory[&3];
    assert_eq!((dagger.obj_index, dagger.name.as_str(), dagger.amount), (460, "Daga", 2));
    shadow.read(&block(&[slot(0, "", 0)])).unwrap();
    assert!(shadow.inventory.is_empty());
    assert_eq!(shadow.faults, [""; 0]);
}

#[test]
fn texts_are_kept_with_who_said_them() {
    let mut shadow = playing();
    let chat =
        |char_index| ServerPacket::ChatOverHead { text: "¡hola!".into(), char_index, r: 1, g: 2, b: 3 };
    shadow.read(&block(&[chat(7), chat(99), ServerPacket::console("Estás muerto", Font::Fight)])).unwrap();
    let heard = ChatLine { char_index: 7, text: "¡hola!".to_owned(), color: (1, 2, 3) };
    assert_eq!(shadow.chat, [heard]);
    assert!(shadow.console_has("muerto"));
    assert_eq!(shadow.received.last("ConsoleMsg").map(ServerPacket::name), Some("ConsoleMsg"));
}

#[test]
fn stats_follow_the_last_word() {
    let mut shadow = playing();
    let all = ServerPacket::UpdateUserStats {
        max_hp: 20,
        hp: 18,
        max_mana: 0,
        mana: 0,
        max_sta: 40,
        sta: 40,
        gold: 100,
        level: 1,
        exp_next_level: 300,
        exp: 0,
    };
    let burst = [all, ServerPacket::UpdateHP { hp: 5 }, ServerPacket::LevelUp { free_skill_points: 10 }];
    shadow.read(&block(&burst)).unwrap();
    assert_eq!((shadow.stats.hp, shadow.stats.max_hp, shadow.stats.gold), (5, 20, 100));
    assert_eq!(shadow.free_skill_points, 10);
}

#[test]
fn a_move_that_is_read_the_short_way_is_the_same_packet() {
    for bytes in [[32, 7, 0, 50, 51], [32, 255, 127, 1, 100], [32, 0, 128, 0, 255], [33, 7, 0, 50, 51]] {
        let decoded = ServerPacket::decode(&bytes, TextEncoding::Latin1).unwrap();
        let is_move = |packet: &ServerPacket<'_>| matches!(packet, ServerPacket::CharacterMove { .. });
        assert_eq!(whole_move(&bytes), decoded.map(|(packet, _)| packet).filter(is_move));
    }
    assert!(whole_move(&[32, 7, 0, 50, 51]).is_some() && whole_move(&[32, 7, 0, 50]).is_none());
    let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
    shadow.read(&[32, 7, 0, 50, 51]).unwrap();
    assert!(!shadow.faults.is_empty(), "a move does not open the game");
}
