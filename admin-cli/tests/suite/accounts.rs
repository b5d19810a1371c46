//! `accounts` and `account …`.

use std::sync::mpsc;

use pyao_core::game::accounts::Class;
use pyao_core::passwords::{Job, Reply, Ticket};
use pyao_store::hashing::{Hasher, PasswordCost};

use crate::support::{PATIENCE, Place, finish, on_both};

const CREATE: &[&str] = &["account", "create", "Ana", "--email", "ana@example.org"];

/// Returns true if `password` is the one behind `hash`, by the server's own check.
fn is_password(hash: &str, password: &str) -> bool {
    let (done, is_done) = mpsc::channel();
    let cost = PasswordCost { memory_kib: 64, passes: 1, threads: 1 };
    let hasher = Hasher::start(cost, move || done.send(()).unwrap()).unwrap();
    let job = Job::Verify { ticket: Ticket(0), password: password.to_owned(), hash: Some(hash.to_owned()) };
    hasher.submit(job).unwrap();
    is_done.recv_timeout(PATIENCE).unwrap();
    matches!(hasher.try_recv(), Some(Reply::Verified { matches: true, .. }))
}

fn hash_of(place: &mut Place, name: &str) -> String {
    place.store.find_account(name).unwrap().unwrap().account.password_hash
}

#[test]
fn an_account_is_created_with_its_character() {
    on_both(|place| {
        let arguments = [CREATE, &["--race", "elf", "--gender", "female", "--class", "mage"]].concat();
        let run = place.run_with_input(&arguments, "secreto\n");
        assert_eq!(run.stdout, "account Ana\t\tcreated with number 1\n", "{run:?}");
        let stored = place.store.load_account("ana").unwrap().unwrap();
        let account = &stored.account.account;
        assert_eq!((account.race, account.gender, account.class, account.head), (2, 2, 1, 170));
        assert!(account.created_at > 1_700_000_000);
        assert!(is_password(&account.password_hash, "secreto"));
        assert!(account.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "the configured cost");
        let (stats, attributes) = (&stored.character.stats, &stored.character.attributes);
        assert_eq!(
            (stats.level, stats.max_mana),
            (1, 3 * u16::from(attributes.intelligence)),
            "as in the game"
        );
        assert!(stored.character.inventory.iter().flatten().count() > 3, "the first things");
    });
}

#[test]
fn the_password_may_stand_in_a_variable_and_costs_what_is_configured() {
    let mut place = Place::sqlite();
    let mut command = place.command(CREATE);
    command.env("PYAO_NEW_PASSWORD", "secreto").env("PYAO_SECURITY__PASSWORD_MEMORY_KIB", "64");
    finish(&mut command).ok();
    let hash = hash_of(&mut place, "Ana");
    assert!(is_password(&hash, "secreto") && hash.contains("m=64,"), "{hash}");
}

#[test]
fn a_form_that_the_game_refuses_is_refused() {
    on_both(|place| {
        let create = |extra: &[&'static str]| [CREATE, extra].concat();
        for (arguments, part) in [
            (create(&["--head", "1", "--race", "elf"]), "do not have this head"),
            (create(&["--home", "7"]), "home cities are 1 to 6"),
            (vec!["account", "create", "A", "--email", "a@b.c"], "a name has 3 to 15 characters"),
            (vec!["account", "create", "Ana", "--email", "nowhere"], "a mail address looks like"),
            (create(&["--race", "elv"]), "invalid value 'elv'"),
        ] {
            let run = place.run_with_input(&arguments, "secreto\n");
            let error = run.fails(2);
            assert!(error.contains(part), "{arguments:?}: {error}");
        }
        for bad in ["short", "longer than fifteen", "tab\tinside", "clave/12", "clave ñ1"] {
            let error = place.run_with_input(CREATE, bad).fails(2);
            assert!(
                error.contains("a password has 6 to 15") && error.contains(r#"" * , / : < > ? \ |"#),
                "{error}"
            );
        }
        assert!(place.run_with_input(CREATE, "").fails(7).contains("no password on standard input"));
        assert_eq!(place.store.list_accounts(None, 10).unwrap(), []);
    });
}

#[test]
fn a_name_that_is_taken_stays_taken() {
    on_both(|place| {
        place.add_account("aNa");
        let error = place.run_with_input(CREATE, "secreto\n").fails(1);
        assert!(error.contains("the name \"Ana\" is taken"), "{error}");
    });
}

#[test]
fn a_dry_run_creates_nobody() {
    on_both(|place| {
        let run = place.run_with_input(&[CREATE, &["--dry-run"]].concat(), "secreto\n");
        assert_eq!(run.stdout, "account Ana\t\tcreated\n");
        assert!(run.stderr.starts_with("dry run: nothing was written"), "{}", run.stderr);
        assert_eq!(place.store.list_accounts(None, 10).unwrap(), []);
    });
}

#[test]
fn a_password_is_replaced_and_never_shown() {
    on_both(|place| {
        place.add_account("Ana");
        let before = hash_of(place, "Ana");
        place.run_with_input(&["account", "set-password", "ana", "--dry-run"], "novela\n").ok();
        assert_eq!(hash_of(place, "Ana"), before);
        let run = place.run_with_input(&["account", "set-password", "ana"], "novela\n");
        assert_eq!(run.stdout, "password of Ana\t***\t*** (new)\n");
        assert!(!run.stderr.contains("novela"));
        assert!(is_password(&hash_of(place, "Ana"), "novela"));
        assert!(place.run_with_input(&["account", "set-password", "ana"], "abc\n").code == 2);
        assert!(is_password(&hash_of(place, "Ana"), "novela"));
    });
}

#[test]
fn a_game_master_is_made_and_unmade() {
    on_both(|place| {
        place.add_account("Ana");
        let is_gm = |place: &mut Place| place.store.find_account("Ana").unwrap().unwrap().state.is_gm;
        let run = place.run(&["account", "set-gm", "ana", "on"]);
        assert_eq!(run.stdout, "game master Ana\toff\ton\n");
        assert_eq!(run.stderr, "counts from the next login on\n");
        assert!(is_gm(place));
        place.run(&["account", "set-gm", "Ana", "off", "--if-value", "off"]).fails(6);
        place.run(&["account", "set-gm", "Ana", "off", "--dry-run"]).ok();
        assert!(is_gm(place));
        place.run(&["account", "set-gm", "Ana", "off", "--if-value", "on"]).ok();
        assert!(!is_gm(place));
        place.run(&["account", "set-gm", "Ana", "perhaps"]).fails(2);
    });
}

#[test]
fn an_account_is_shown_without_its_password() {
    on_both(|place| {
        place.add_account("Don Ana");
        let text = place.run(&["account", "show", "don+ana"]).ok();
        assert!(
            text.starts_with("user_id\t1\nusername\tDon Ana\ngm\tfalse\nemail\tplayer@example.org\n"),
            "{text}"
        );
        assert!(!text.contains("argon2"), "{text}");
        assert_eq!(
            place.run(&["--json", "account", "show", "Don Ana"]).ok(),
            "{\"schema\":1,\"user_id\":1,\"username\":\"Don Ana\",\"gm\":false,\"email\":\"player@example.org\",\
             \"created_at\":\"2023-11-14T22:13:20Z\",\"race\":\"elf\",\"gender\":\"male\",\"class\":\"mage\",\
             \"home\":1,\"level\":4,\"experience\":150,\"hp\":20,\"max_hp\":21,\"gold\":5000,\"map\":1,\"x\":50,\
             \"y\":51,\"connected\":false}\n"
        );
    });
}

#[test]
fn a_user_is_named_by_number_or_by_name() {
    on_both(|place| {
        place.add_account("Ana");
        place.add_account("Beto");
        let by_name = place.run(&["account", "show", "beto"]).ok();
        assert!(by_name.contains("user_id\t2\n") && by_name.contains("class\tmage\n"), "{by_name}");
        assert_eq!(place.run(&["account", "show", "2"]).ok(), by_name);
        assert_eq!(place.run(&["account", "set-gm", "2", "on"]).ok(), "game master Beto\toff\ton\n");
        let run = place.run_with_input(&["account", "set-password", "1"], "novela\n");
        assert_eq!(run.stdout, "password of Ana\t***\t*** (new)\n", "{run:?}");
        let after = |who| place.rows(&["accounts", "--after", who]).into_iter().map(|row| row[1].clone());
        assert!(after("ana").eq(["Beto"]) && after("1").eq(["Beto"]) && after("0").eq(["Ana", "Beto"]));
        assert_eq!(after("9").count(), 0);
        for (who, part) in [("0", "number 0"), ("3", "number 3"), ("99999999999", "\"99999999999\"")] {
            let error = place.run(&["account", "show", who]).fails(3);
            assert!(error.contains(part), "{who}: {error}");
        }
    });
}

#[test]
fn a_class_has_one_word_in_and_out() {
    let place = Place::sqlite();
    for (number, class) in (1..).zip(Class::ALL) {
        let name = format!("Clase {}", char::from(b'a' + number));
        let arguments = ["account", "create", &name, "--email", "a@example.org", "--class", class.word()];
        place.run_with_input(&arguments, "secreto\n").ok();
        let record = place.run(&["account", "show", &name]).ok();
        assert!(record.contains(&format!("class\t{}\n", class.word())), "{record}");
        assert_eq!(place.rows(&["accounts"]).last().unwrap()[4], class.word());
    }
}

#[test]
fn accounts_come_in_pages() {
    on_both(|place| {
        for number in 1..=5 {
            place.add_account(&format!("Player{number}"));
        }
        let run = place.run(&["accounts", "--limit", "2"]);
        assert_eq!(
            run.stdout,
            "1\tPlayer1\tfalse\telf\tmage\t1\t2023-11-14T22:13:20Z\n\
             2\tPlayer2\tfalse\telf\tmage\t1\t2023-11-14T22:13:20Z\n"
        );
        assert!(run.stderr.ends_with("more: pyao-admin accounts --after 2\n"), "{}", run.stderr);
        let last = place.run(&["--json", "accounts", "--limit", "2", "--after", "4"]).ok();
        assert_eq!(
            last,
            "{\"schema\":1,\"next_after\":null,\"accounts\":[{\"user_id\":5,\"username\":\"Player5\",\"gm\":false,\
             \"race\":\"elf\",\"class\":\"mage\",\"home\":1,\"created_at\":\"2023-11-14T22:13:20Z\"}]}\n"
        );
        place.run(&["accounts", "--limit", "0"]).fails(2);
    });
}

#[test]
fn an_unknown_name_is_not_found_and_a_near_one_suggested() {
    on_both(|place| {
        place.add_account("Anabella");
        for command in [&["account", "show", "Anabela"][..], &["account", "set-gm", "Anabela", "on"]] {
            let error = place.run(command).fails(3);
            assert!(error.contains("did you mean Anabella?"), "{error}");
        }
    });
}
