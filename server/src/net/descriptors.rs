//! Limit of open files and sockets of the process.

use super::limits::REFUSALS_MAX;

/// Files open besides the players' sockets: clients of the ops port, the store, the log, the poll.
const OTHER_DESCRIPTORS: u64 = 48;

/// Room for players' sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Most connections at once.
    pub connections: u32,
    /// Most sockets at once that are only being told why they may not come in.
    pub refusals: usize,
}

/// Makes room for so many connections. Each is a file to the system: where that allows fewer, there is room for fewer,
/// so that further players are told so and the ops port and the store still get theirs.
pub fn allow_connections(connections: u32) -> Room {
    let limit = raise_limit(u64::from(connections) + REFUSALS_MAX as u64 + OTHER_DESCRIPTORS);
    let room = room_in(limit, connections);
    if room.connections < connections {
        log::warn!(
            "max_connections={connections} is lowered to {}: the system allows {limit} open files; raise it with \
             `ulimit -n` or LimitNOFILE=",
            room.connections
        );
    }
    room
}

/// Computes the room for `wanted` connections among `limit` open files.
fn room_in(limit: u64, wanted: u32) -> Room {
    let sockets = limit.saturating_sub(OTHER_DESCRIPTORS);
    if sockets >= u64::from(wanted) + REFUSALS_MAX as u64 {
        return Room { connections: wanted, refusals: REFUSALS_MAX };
    }
    let refusals = usize::try_from(sockets / 4).map_or(REFUSALS_MAX, |quarter| quarter.min(REFUSALS_MAX));
    let connections = u32::try_from(sockets - refusals as u64).unwrap_or(u32::MAX);
    Room { connections: connections.clamp(1, wanted), refusals }
}

/// Raises the process' limit to `needed`, or as near as the system allows. The limit then in force.
pub fn raise_limit(needed: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit into a place that is one.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 0;
    }
    if limit.rlim_cur >= needed {
        return limit.rlim_cur;
    }
    let raised = libc::rlimit { rlim_cur: needed.min(limit.rlim_max), ..limit };
    // SAFETY: the kernel reads one rlimit.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } == 0 {
        raised.rlim_cur
    } else {
        limit.rlim_cur
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_few_files_there_is_room_for_fewer_connections() {
        let room = |limit, wanted| {
            let Room { connections, refusals } = room_in(limit, wanted);
            (connections, refusals)
        };
        assert_eq!(room(1_112, 1_000), (1_000, 64));
        assert_eq!(room(1_111, 1_000), (999, 64));
        assert_eq!(room(1_024, 1_000), (912, 64));
        assert_eq!(room(1_024, 900), (900, 64));
        assert_eq!(room(80, 1_000), (24, 8));
        assert_eq!(room(80, 20), (20, 8));
        assert_eq!(room(20, 1_000), (1, 0));
    }

    #[test]
    fn the_limit_is_never_lowered() {
        let before = raise_limit(0);
        assert!(before > 0);
        assert!(raise_limit(before + 1) >= before);
    }
}
