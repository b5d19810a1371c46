//! An allocator that counts: how often threads that are watched allocate, and how many bytes the server holds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Account on which a thread's allocations are counted.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    /// The test and its clients: nothing is counted.
    Test,
    /// Threads that a server starts: their bytes count.
    Server,
    /// As a server's threads; each allocation is counted here as well.
    Watched(&'static AtomicU64),
}

thread_local! {
    static ROLE: Cell<Role> = const { Cell::new(Role::Server) };
}

static SERVER_BYTES: AtomicI64 = AtomicI64::new(0);
static TURN: Mutex<()> = Mutex::new(());

/// Takes a turn among the tests of this program: they share the count of bytes.
pub fn turn() -> MutexGuard<'static, ()> {
    set_role(Role::Test);
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the account of this thread's allocations from now on.
pub fn set_role(role: Role) {
    ROLE.set(role);
}

/// Does `work` on this thread. Returns its result and the number of its allocations.
pub fn allocations_of<T>(work: impl FnOnce() -> T) -> (T, u64) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let before = COUNT.load(Ordering::SeqCst);
    set_role(Role::Watched(&COUNT));
    let result = work();
    set_role(Role::Test);
    (result, COUNT.load(Ordering::SeqCst) - before)
}

/// Bytes that all threads but those of [`Role::Test`] hold.
pub fn server_bytes() -> i64 {
    SERVER_BYTES.load(Ordering::SeqCst)
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(allocations: u64, bytes: i64) {
    match ROLE.get() {
        Role::Test => return,
        Role::Server => {}
        Role::Watched(count) => {
            count.fetch_add(allocations, Ordering::SeqCst);
        }
    }
    SERVER_BYTES.fetch_add(bytes, Ordering::SeqCst);
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

// SAFETY: everything is left to the system's allocator; counting neither allocates nor unwinds, since the thread's role
// is a plain value without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, signed(layout.size()));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -signed(layout.size()));
        // SAFETY: the caller keeps `dealloc`'s contract, and all memory comes from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, signed(new_size) - signed(layout.size()));
        // SAFETY: as for `dealloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}
