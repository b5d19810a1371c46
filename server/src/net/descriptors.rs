//! How many files and sockets the process may have open.

/// Files open besides the players' sockets: refused ones, the ops port, the store, the poll.
const OTHER_DESCRIPTORS: u64 = 128;

/// Makes room for so many connections, or warns: each is a file to the system, which may allow fewer.
pub fn allow_connections(connections: u32) {
    let needed = u64::from(connections) + OTHER_DESCRIPTORS;
    let limit = raise_limit(needed);
    if limit < needed {
        log::warn!(
            "the system allows {limit} open files: too few for max_connections={connections}; raise it with \
             `ulimit -n` or LimitNOFILE="
        );
    }
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
    fn the_limit_is_never_lowered() {
        let before = raise_limit(0);
        assert!(before > 0);
        assert!(raise_limit(before + 1) >= before);
    }
}
