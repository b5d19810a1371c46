//! Many sessions.

use std::time::Instant;

use pyao_store::records::UserId;
use pyao_store::session::SessionWrite;

use crate::support::{on_both, session};

const MANY: u32 = 10_000;

#[test]
fn ten_thousand_sessions_are_listed() {
    on_both(|place| {
        place.start_server();
        let writes: Vec<SessionWrite> = (1..=MANY)
            .map(|number| SessionWrite::Put(session(UserId(number), &format!("Player {number}"), None)))
            .collect();
        place.store.write_sessions(&writes).unwrap();
        let start = Instant::now();
        let rows = place.rows(&["sessions"]);
        println!("{MANY} sessions listed in {} ms ({})", start.elapsed().as_millis(), place.flags[0]);
        assert_eq!(rows.len(), 10_000);
        assert_eq!((rows[0][1].as_str(), rows[9_999][1].as_str()), ("Player 1", "Player 10000"));
    });
}
