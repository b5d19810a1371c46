//! How many files and sockets the process may have open.

/// Raises the process' limit to `needed`, or as near as the system allows. The limit then in force.
pub fn raise_limit(needed: u64) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel writes one rlimit into a place that is one.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 0;
    }
    if limit.rlim_cur >= needed {
        return limit.rlim_cur;
    }
    let raised = libc::rlimit {
        rlim_cur: needed.min(limit.rlim_max),
        ..limit
    };
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
