//! Logins under attack: whose password is checked when, and what a stopping server waits for.

use super::*;
use crate::records::session::SessionWrite;

/// Returns a game without a limit of attempts an address, and Ana's account in it.
fn besieged() -> Table {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table
}

fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, number).into()
}

/// Connects a client at `from`, which asks to log in as Ana.
fn knock(table: &mut Table, from: IpAddr, password: &str) -> ConnectionId {
    let connection = table.connect_at(from);
    table.send(connection, login("Ana", password));
    connection
}

/// Returns the text that a client was sent with its refusal.
fn refused(table: &mut Table, connection: ConnectionId) -> (Vec<String>, Option<CloseReason>) {
    (errors(&table.read(connection)), table.closed_as(connection))
}

#[test]
fn a_password_whose_connection_has_gone_is_not_checked() {
    let mut table = besieged();
    (table.threads_answer, table.hashed) = (false, 0);
    for number in 0..200 {
        let connection = knock(&mut table, address(number), "guess");
        table.lose(connection);
    }
    let honest = knock(&mut table, address(250), "secret1");
    table.threads_answer = true;
    table.settle();
    assert!(names(&table.read(honest)).contains(&"Logged"));
    // Two were handed to the thread before their connections went.
    assert_eq!((table.hashed, table.game.pending_answers()), (3, 0));
}

#[test]
fn an_address_with_many_logins_lets_others_go_before_its_second() {
    let mut table = besieged();
    table.threads_answer = false;
    for _ in 0..50 {
        knock(&mut table, address(1), "guess");
    }
    table.hashed = 0;
    let honest = knock(&mut table, address(2), "secret1");
    table.threads_answer = true;
    // The two that the thread has, the next of the attacker, and then somebody else.
    for _ in 0..4 {
        assert_eq!(table.closed_as(honest), None);
        table.answer_one_password();
    }
    table.threads_answer = false;
    table.settle();
    assert!(names(&table.read(honest)).contains(&"Logged"));
}

#[test]
fn more_than_five_seconds_of_measured_work_is_busy_for_whoever_has_most_waiting() {
    let mut table = besieged();
    table.threads_answer = false;
    table.game.handle(table.now, Input::PasswordCost(Duration::from_millis(500)));
    // Two are with the thread, and ten wait.
    let crowd: Vec<_> = (0..12).map(|_| knock(&mut table, address(1), "guess")).collect();
    assert_eq!(table.game.passwords_waiting(), 10);
    let busy = (vec![texts::BUSY.to_owned()], Some(CloseReason::Busy));
    let one_more = knock(&mut table, address(1), "guess");
    assert_eq!(refused(&mut table, one_more), busy);
    let honest = knock(&mut table, address(2), "secret1");
    assert_eq!(table.closed_as(honest), None);
    assert_eq!(refused(&mut table, crowd[11]), busy, "the newest of those that have most waiting");
    assert_eq!(table.game.passwords_waiting(), 10);
    table.threads_answer = true;
    table.settle();
    assert!(names(&table.read(honest)).contains(&"Logged"));
}

#[test]
fn after_five_wrong_passwords_every_answer_comes_later_and_the_right_one_is_accepted() {
    let mut table = besieged();
    for _ in 0..5 {
        let guess = knock(&mut table, address(1), "guess");
        assert_eq!(errors(&table.read(guess)), [texts::WRONG_CREDENTIALS]);
    }
    for delay in [500, 1_000, 2_000, 4_000, 5_000, 5_000] {
        let guess = knock(&mut table, address(1), "guess");
        table.pass(delay - 1);
        assert!(table.read(guess).is_empty(), "before {delay} ms");
        table.pass(1);
        assert_eq!(errors(&table.read(guess)), [texts::WRONG_CREDENTIALS]);
    }
    let ana = knock(&mut table, address(2), "secret1");
    table.pass(4_999);
    assert!(table.read(ana).is_empty());
    table.pass(1);
    assert!(names(&table.read(ana)).contains(&"Logged"));
    let forgiven = knock(&mut table, address(1), "guess");
    assert_eq!(errors(&table.read(forgiven)), [texts::WRONG_CREDENTIALS], "counted anew");
}

#[test]
fn names_that_do_not_exist_are_delayed_alike_and_a_delayed_login_that_goes_leaves_nothing() {
    let mut table = besieged();
    for _ in 0..5 {
        let connection = table.connect();
        assert_eq!(errors(&table.ask(connection, login("Nobody", "guess"))), [texts::WRONG_CREDENTIALS]);
    }
    table.hashed = 0;
    let connection = table.connect();
    assert!(table.ask(connection, login("Nobody", "guess")).is_empty());
    assert_eq!(table.game.passwords_waiting(), 1);
    table.lose(connection);
    assert_eq!((table.game.passwords_waiting(), table.game.pending_answers()), (0, 0));
    table.pass(10_000);
    assert_eq!(table.hashed, 0);
}

#[test]
fn a_stopping_server_discards_logins_and_waits_for_what_is_written() {
    let mut table = besieged();
    let bea = table.player("Bea");
    table.threads_answer = false;
    for _ in 0..20 {
        knock(&mut table, address(1), "guess");
    }
    // One has its password checked and claims its character; the store does not answer.
    let ana = knock(&mut table, address(2), "secret1");
    table.store_answers = false;
    for _ in 0..4 {
        table.answer_one_password();
    }
    assert!(table.waiting.iter().any(|request| matches!(request, Request::OpenSession { .. })));
    table.send(bea, ClientPacket::Walk { heading: 4 });
    table.game.handle(table.now, Input::Shutdown);
    table.settle();
    assert_eq!(table.closed_as(ana), Some(CloseReason::Shutdown));
    assert_eq!(table.game.passwords_waiting(), 0);
    assert!(!table.game.is_drained(), "Bea is not saved");
    let gives_back = |request: &Request| match request {
        Request::WriteSessions { writes, .. } => {
            writes.iter().any(|write| matches!(write, SessionWrite::Close { user_id: UserId(1), .. }))
        }
        _ => false,
    };
    assert!(table.waiting.iter().any(gives_back), "{:?}", table.waiting);
    table.store_answers = true;
    table.settle();
    assert!(table.game.is_drained(), "{} answers are awaited", table.game.pending_answers());
    assert!(table.store.sessions().is_empty());
}

#[test]
fn a_stopping_server_waits_for_a_creation_in_the_store_and_for_a_confirmed_password() {
    let mut table = besieged();
    let bea = table.player("Bea");
    let new = table.connect();
    table.send(new, ClientPacket::ThrowDices);
    table.store_answers = false;
    table.send(new, form("Caro"));
    table.threads_answer = false;
    let change =
        ClientPacket::ChangePassword { current_password: "secret1".into(), new_password: "another1".into() };
    table.send(bea, change);
    table.answer_one_password();
    table.game.handle(table.now, Input::Shutdown);
    table.settle();
    table.store_answers = true;
    table.settle();
    assert!(table.store.by_name("Caro").is_some());
    assert!(!table.game.is_drained(), "the new password is not hashed");
    table.threads_answer = true;
    table.settle();
    assert!(table.game.is_drained());
    let bea = table.store.by_name("Bea").unwrap();
    let job = passwords::Job::Verify {
        ticket: passwords::Ticket(0),
        password: "another1".into(),
        hash: Some(bea.account.account.password_hash),
    };
    assert!(matches!(answer_password(job), passwords::Reply::Verified { matches: true, .. }));
    assert!(table.store.sessions().is_empty(), "nobody claimed Caro for a client that has gone");
}

#[test]
fn over_the_limit_of_an_address_is_a_reason_of_its_own() {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 1, ..Settings::default() });
    knock(&mut table, address(1), "guess");
    let second = knock(&mut table, address(1), "guess");
    let told = (vec![texts::TOO_MANY_ATTEMPTS.to_owned()], Some(CloseReason::TooManyLogins));
    assert_eq!(refused(&mut table, second), told);
}
