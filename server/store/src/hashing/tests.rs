use std::time::Duration;

use pyao_core::passwords::Ticket;

use super::*;

/// The least that argon2 takes.
const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1, threads: 1 };

fn hashed(cost: PasswordCost, text: &str) -> String {
    match Engine::new(cost).unwrap().work(Job::Hash { ticket: Ticket(0), password: text.into() }) {
        Reply::Hashed { hash, .. } => hash.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Returns true if `text` is verified by `hash`, and true if it should be hashed anew.
fn verified(cost: PasswordCost, text: &str, hash: Option<&str>) -> (bool, bool) {
    let job = Job::Verify { ticket: Ticket(0), password: text.into(), hash: hash.map(str::to_owned) };
    match Engine::new(cost).unwrap().work(job) {
        Reply::Verified { matches, rehash, .. } => (matches, rehash),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_password_matches_and_others_do_not() {
    let hash = hashed(CHEAP, "Contraseña1");
    assert_eq!(verified(CHEAP, "Contraseña1", Some(&hash)), (true, false));
    for wrong in ["contraseña1", "Contraseña", "Contraseña11", "", " Contraseña1"] {
        assert_eq!(verified(CHEAP, wrong, Some(&hash)), (false, false), "{wrong}");
    }
}

#[test]
fn equal_passwords_have_different_hashes() {
    assert_ne!(hashed(CHEAP, "secreto"), hashed(CHEAP, "secreto"));
}

#[test]
fn a_hash_states_its_algorithm_and_cost() {
    let hash = hashed(PasswordCost { memory_kib: 16, passes: 3, threads: 1 }, "secreto");
    assert!(hash.starts_with("$argon2id$v=19$m=16,t=3,p=1$"), "{hash}");
}

#[test]
fn a_hash_of_another_cost_matches_and_asks_to_be_renewed() {
    let old = hashed(CHEAP, "secreto");
    let today = PasswordCost { passes: 2, ..CHEAP };
    assert_eq!(verified(today, "secreto", Some(&old)), (true, true));
    assert_eq!(verified(today, "otro", Some(&old)), (false, false));
    // The number of threads is no part of a hash.
    assert_eq!(verified(PasswordCost { threads: 2, ..CHEAP }, "secreto", Some(&old)), (true, false));
}

#[test]
fn an_unknown_account_matches_nothing() {
    for text in ["", "secreto", "dummy"] {
        assert_eq!(verified(CHEAP, text, None), (false, false));
    }
}

#[test]
fn a_stored_hash_that_is_none_matches_nothing() {
    let good = hashed(CHEAP, "secreto");
    let mut bad: Vec<String> = (0..good.len()).map(|end| good[..end].to_owned()).collect();
    bad.extend(
        ["secreto", "$", "$$$$$", "$argon2id", "$argon2id$v=19$m=8,t=1,p=1$$", "$5$salt$hash", "ñ\u{0}"]
            .map(Into::into),
    );
    bad.push(good.replace("argon2id", "argon2i"));
    bad.push(good.replace("v=19", "v=18"));
    bad.push(good.replace("m=8", "m=0"));
    bad.push(good.replace("m=8", "m=-8"));
    bad.push(format!("{good}$more"));
    for hash in &bad {
        assert_eq!(verified(CHEAP, "secreto", Some(hash)), (false, false), "{hash}");
    }
}

#[test]
fn a_stored_hash_of_unbearable_cost_is_not_computed() {
    let good = hashed(CHEAP, "secreto");
    for unbearable in ["m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=134217720,t=1,p=16777215"] {
        let hash = good.replace("m=8,t=1,p=1", unbearable);
        assert_ne!(hash, good);
        assert_eq!(verified(CHEAP, "secreto", Some(&hash)), (false, false));
    }
}

#[test]
fn a_cost_out_of_range_names_its_setting() {
    let costs = [
        (PasswordCost { memory_kib: 7, ..CHEAP }, "password_memory_kib is 7, it must be 8 to 1048576"),
        (PasswordCost { passes: 0, ..CHEAP }, "password_passes is 0, it must be 1 to 100"),
        (PasswordCost { threads: 65, ..CHEAP }, "password_threads is 65, it must be 1 to 64"),
    ];
    for (cost, message) in costs {
        let error = Hasher::start(cost, || ()).unwrap_err().to_string();
        assert_eq!(error, format!("[security] {message}"));
    }
}

#[test]
fn passwords_and_hashes_stay_out_of_debug_output() {
    let hash = hashed(CHEAP, "secreto");
    let verify = Job::Verify { ticket: Ticket(7), password: "secreto".into(), hash: Some(hash.clone()) };
    let reply = Reply::Hashed { ticket: Ticket(7), hash: Ok(hash) };
    let output = format!("{verify:?} {reply:?}");
    assert!(output.contains("ticket: 7"), "{output}");
    assert!(!output.contains("secreto") && !output.contains("argon2id"), "{output}");
}

#[test]
fn threads_answer_every_job_once_and_wake_the_loop() {
    let (wake, woken) = mpsc::channel();
    let notify = move || {
        let _ = wake.send(());
    };
    let hasher = Hasher::start(PasswordCost { threads: 3, ..CHEAP }, notify).unwrap();
    for ticket in 0..QUEUE_LIMIT as u64 {
        hasher.submit(Job::Hash { ticket: Ticket(ticket), password: "secreto".into() }).unwrap();
    }
    let mut tickets = Vec::new();
    while tickets.len() < QUEUE_LIMIT {
        woken.recv_timeout(Duration::from_secs(60)).unwrap();
        while let Some(reply) = hasher.try_recv() {
            match reply {
                Reply::Hashed { ticket, hash } => tickets.push((ticket, hash.is_ok())),
                other => panic!("{other:?}"),
            }
        }
    }
    tickets.sort_unstable();
    assert_eq!(tickets, (0..QUEUE_LIMIT as u64).map(|ticket| (Ticket(ticket), true)).collect::<Vec<_>>());
    assert!(hasher.cost() > Duration::ZERO);
}

#[test]
fn a_full_queue_refuses_at_once() {
    // Slow enough that the queue fills while the first hash is computed.
    let slow = PasswordCost { memory_kib: 64 * 1024, passes: 3, threads: 1 };
    let hasher = Hasher::start(slow, || ()).unwrap();
    let job = || Job::Verify { ticket: Ticket(1), password: "secreto".into(), hash: None };
    let taken = (0..20 * QUEUE_LIMIT).take_while(|_| hasher.submit(job()) != Err(Busy)).count();
    // Beside those in the queue: the one that is computed, and those that were answered meanwhile.
    let answered = std::iter::from_fn(|| hasher.try_recv()).count();
    assert!(
        (QUEUE_LIMIT..=QUEUE_LIMIT + 1 + answered).contains(&taken),
        "{taken} taken, {answered} answered"
    );
}

#[test]
fn an_unknown_account_costs_as_much_as_a_wrong_password() {
    let cost = PasswordCost { memory_kib: 4096, passes: 2, threads: 1 };
    let engine = Engine::new(cost).unwrap();
    // The work depends on the parameters alone, and both hashes have the same.
    let stored = readable(&hashed(cost, "secreto")).unwrap();
    assert!(engine.has_todays_cost(&stored));
    assert_eq!(engine.nobody.params, stored.params);
    assert_eq!(engine.nobody.salt.map(|salt| salt.len()), stored.salt.map(|salt| salt.len()));
}
