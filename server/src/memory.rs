//! A parameter of the allocator of the system.
//!
//! A password hash takes many megabytes for some milliseconds. The GNU allocator notices that such blocks come and go,
//! and from then on keeps them for the next one, beside those of other threads: a server that needs 20 MiB would hold on
//! to 160 after its first logins. Told once, it gives large blocks back to the system as soon as they are free.

/// Blocks from this size on are given back when they are freed.
#[cfg(target_env = "gnu")]
const LARGE_BYTES: libc::c_int = 1024 * 1024;

/// Lets the allocator give large blocks back to the system. To be called once, at the start of the process; other
/// allocators need no telling.
pub fn give_back_large_blocks() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: mallopt takes two numbers and sets a parameter of the allocator; it touches no memory of ours.
        let is_set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES) } == 1;
        if !is_set {
            log::warn!("the allocator keeps large blocks: memory grows with the first logins");
        }
    }
}
