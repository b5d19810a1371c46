use super::*;
use crate::records::{PositionRecord, UserId};
use crate::testing::{position_save, sample_character};

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_millis(400) };

/// A queue and the time, which passes only when a test says so.
struct Fixture {
    queue: WriteBehind,
    now: Duration,
}

impl Fixture {
    fn new() -> Self {
        Self { queue: WriteBehind::new(BACKOFF, 1), now: Duration::ZERO }
    }

    fn save(&mut self, ticket: u64, saves: Vec<CharacterSave>) {
        self.queue.push(Request::SaveCharacters { ticket: Ticket(ticket), saves });
    }

    fn load(&mut self, ticket: u64) {
        self.queue.push(Request::LoadAccount { ticket: Ticket(ticket), name: "Uno".into() });
    }

    fn heartbeat(&mut self) {
        self.queue.push(Request::Heartbeat { ticket: Ticket(0), status: Box::default() });
    }

    /// Returns the next operation in one word.
    fn poll(&mut self) -> &'static str {
        match self.queue.poll(self.now) {
            None => "nothing",
            Some(Operation::Save(_)) => "save",
            Some(Operation::WriteSessions(_)) => "sessions",
            Some(Operation::Heartbeat(_)) => "heartbeat",
            Some(Operation::Ask(_)) => "ask",
        }
    }

    fn poll_saves(&mut self) -> Vec<CharacterSave> {
        match self.queue.poll(self.now) {
            Some(Operation::Save(saves)) => saves,
            other => panic!("{other:?}"),
        }
    }

    fn written(&mut self, result: Result<(), StoreError>) {
        self.queue.done(self.now, Outcome::Written(result));
    }

    fn answered(&mut self, replies: Vec<Reply>) {
        self.queue.done(self.now, Outcome::Answered(replies));
    }

    fn heard(&mut self, result: Result<Heartbeat, StoreError>) {
        self.queue.done(self.now, Outcome::Heartbeat(result));
    }

    /// Tickets of the replies, and whether each was a success.
    fn replies(&mut self) -> Vec<(u64, bool)> {
        let mut replies = Vec::new();
        while let Some(reply) = self.queue.poll_reply() {
            let is_good = reply.store_error().is_none();
            let (Reply::Account { ticket, .. }
            | Reply::Created { ticket, .. }
            | Reply::Saved { ticket, .. }
            | Reply::SessionOpened { ticket, .. }
            | Reply::Heartbeat { ticket, .. }
            | Reply::Settings { ticket, .. }) = reply;
            replies.push((ticket.0, is_good));
        }
        replies
    }

    fn wait_for_the_next_attempt(&mut self) -> Duration {
        let at = self.queue.poll_timeout().expect("an attempt is planned");
        let pause = at - self.now;
        self.now = at;
        pause
    }
}

fn step(user_id: u32, x: u8) -> CharacterSave {
    position_save(UserId(user_id), PositionRecord { x, ..sample_character().position })
}

fn away() -> StoreError {
    StoreError::Unavailable("test".into())
}

fn beat() -> Heartbeat {
    Heartbeat { connections: 0, store_id: "a".into(), taken: Vec::new() }
}

#[test]
fn one_operation_is_under_way_at_a_time_and_what_comes_meanwhile_waits() {
    let mut fixture = Fixture::new();
    fixture.save(1, vec![step(1, 10)]);
    assert_eq!(fixture.poll_saves(), [step(1, 10)]);
    fixture.save(2, vec![step(1, 11)]);
    assert_eq!((fixture.poll(), fixture.queue.poll_timeout()), ("nothing", None));
    fixture.written(Ok(()));
    assert_eq!(fixture.replies(), [(1, true)]);
    assert!(!fixture.queue.is_written(), "the save that came meanwhile is not written");
    assert_eq!(fixture.poll_saves(), [step(1, 11)]);
    fixture.written(Ok(()));
    assert_eq!((fixture.replies(), fixture.poll()), (vec![(2, true)], "nothing"));
    assert!(fixture.queue.is_written() && fixture.queue.is_idle());
}

#[test]
fn a_write_behind_a_question_is_written_after_its_answer() {
    let mut fixture = Fixture::new();
    fixture.load(1);
    fixture.save(2, vec![step(1, 10)]);
    assert_eq!(fixture.poll(), "ask");
    fixture.answered(vec![Reply::Account { ticket: Ticket(1), result: Ok(None) }]);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Ok(()));
    assert_eq!(fixture.replies(), [(1, true), (2, true)]);
}

#[test]
fn pauses_double_up_to_the_longest_and_each_is_shortened_by_chance() {
    let mut fixture = Fixture::new();
    fixture.save(1, vec![step(1, 10)]);
    for milliseconds in [100, 200, 400, 400, 400] {
        assert_eq!(fixture.poll(), "save");
        fixture.written(Err(away()));
        assert!(fixture.queue.progress().is_away);
        assert_eq!(fixture.poll(), "nothing", "before its time");
        let longest = Duration::from_millis(milliseconds);
        let pause = fixture.wait_for_the_next_attempt();
        assert!(pause >= longest / 2 && pause < longest, "{pause:?} of {longest:?}");
    }
    assert_eq!(fixture.poll(), "save");
    fixture.written(Ok(()));
    assert_eq!(fixture.poll(), "nothing");
    assert!(!fixture.queue.progress().is_away);
    assert_eq!(fixture.queue.poll_timeout(), None);
}

#[test]
fn a_store_that_was_away_must_take_a_heartbeat_before_it_is_written_to() {
    let mut fixture = Fixture::new();
    fixture.heartbeat();
    assert_eq!(fixture.poll(), "ask");
    fixture.answered(vec![Reply::Heartbeat { ticket: Ticket(0), result: Ok(beat()) }]);
    fixture.save(1, vec![step(1, 10)]);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Err(away()));
    fixture.load(2);
    assert_eq!(fixture.poll(), "nothing", "what is asked meanwhile is refused without trying");
    assert_eq!(fixture.replies(), [(0, true), (2, false)]);
    fixture.wait_for_the_next_attempt();
    assert_eq!(fixture.poll(), "heartbeat");
    fixture.heard(Err(away()));
    assert_eq!(fixture.poll(), "nothing");
    fixture.wait_for_the_next_attempt();
    assert_eq!(fixture.poll(), "heartbeat");
    fixture.heard(Ok(beat()));
    assert_eq!(fixture.poll(), "save");
    fixture.written(Ok(()));
    assert_eq!(fixture.replies(), [(0, true), (1, true)], "the loop hears the answer too");
}

#[test]
fn an_emptied_store_tells_its_name_and_takes_what_waits_once_accounts_are_restored() {
    let mut fixture = Fixture::new();
    fixture.heartbeat();
    assert_eq!(fixture.poll(), "ask");
    fixture.answered(vec![Reply::Heartbeat { ticket: Ticket(0), result: Ok(beat()) }]);
    fixture.save(1, vec![step(1, 10)]);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Err(StoreError::OtherStore));
    assert_eq!(fixture.poll(), "heartbeat");
    fixture.heard(Ok(beat()));
    assert_eq!(fixture.poll(), "nothing");
    let progress = fixture.queue.progress();
    assert!(progress.is_emptied && !progress.is_away);
    fixture.queue.push(Request::RestoreAccounts { ticket: Ticket(2), accounts: Vec::new() });
    assert_eq!(fixture.poll(), "save", "the store may be the old one again");
    fixture.written(Err(StoreError::OtherStore));
    assert_eq!(fixture.poll(), "ask");
    fixture.answered(vec![Reply::Saved { ticket: Ticket(2), result: Ok(()) }]);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Ok(()));
    assert_eq!(fixture.poll(), "nothing");
    assert_eq!(fixture.replies(), [(0, true), (0, true), (2, true), (1, true)]);
    assert!(!fixture.queue.progress().is_emptied);
}

#[test]
fn a_refused_save_has_each_group_written_apart_and_a_failure_among_them_keeps_the_rest() {
    let mut fixture = Fixture::new();
    fixture.save(1, vec![step(1, 10), step(2, 10)]);
    fixture.save(2, vec![step(3, 10)]);
    fixture.save(3, vec![step(4, 10)]);
    assert_eq!(fixture.poll_saves().len(), 4);
    fixture.written(Err(StoreError::UnknownUser(UserId(1))));
    assert_eq!(fixture.poll_saves(), [step(1, 10), step(2, 10)]);
    fixture.written(Err(StoreError::UnknownUser(UserId(1))));
    assert_eq!(fixture.poll_saves(), [step(3, 10)]);
    fixture.written(Err(away()));
    assert_eq!((fixture.replies(), fixture.poll()), (vec![(1, false)], "nothing"));
    fixture.wait_for_the_next_attempt();
    assert_eq!(fixture.poll_saves(), [step(3, 10), step(4, 10)]);
    fixture.written(Ok(()));
    assert_eq!(fixture.replies(), [(2, true), (3, true)]);
}

#[test]
fn a_flush_tries_a_store_that_is_away_before_its_time() {
    let mut fixture = Fixture::new();
    fixture.save(1, vec![step(1, 10)]);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Err(away()));
    assert_eq!(fixture.poll(), "nothing");
    fixture.queue.flush(fixture.now);
    assert_eq!(fixture.poll(), "save");
    fixture.written(Ok(()));
    assert_eq!(fixture.replies(), [(1, true)]);
}
