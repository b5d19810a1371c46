//! Logging: lines to standard error through a bounded queue and a thread that may wait.
//!
//! The loop hands each finished line to the queue and goes on. With a reader that stops reading, the queue
//! fills; further lines are dropped and counted, and one line tells their number once the output moves again.
//! `RUST_LOG` chooses what is logged; the default is `info`.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// Most lines waiting to be written.
const QUEUE_LINES: usize = 4096;
/// Longest wait for the last lines at the end.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);
/// Time between two looks of a flush for room in a full queue.
const FLUSH_RETRY: Duration = Duration::from_millis(5);

enum Message {
    Line(Vec<u8>),
    /// Answered once everything before it has been written.
    Flush(SyncSender<()>),
}

/// The way to the log's writer thread.
#[derive(Clone)]
pub struct Logging {
    queue: LineQueue,
}

impl Logging {
    /// Starts the writer thread and makes it the target of the `log` macros.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let queue = LineQueue::start(io::stderr(), QUEUE_LINES)?;
        let colours =
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let mut builder = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"));
        builder.target(env_logger::Target::Pipe(Box::new(queue.clone())));
        builder.write_style(if colours {
            env_logger::WriteStyle::Always
        } else {
            env_logger::WriteStyle::Never
        });
        // Only a second start in one process fails; the first logger then stays.
        let _ = builder.try_init();
        Ok(Self { queue })
    }

    /// Returns the terminal that lines go to, if it is one. Text that is written there keeps its place among the lines.
    #[must_use]
    pub fn terminal(&self) -> Option<impl Write + use<>> {
        io::stderr().is_terminal().then(|| self.queue.clone())
    }

    /// Waits until what has been logged so far is written, a second at most.
    pub fn flush(&self) {
        self.queue.flush_within(FLUSH_LIMIT);
    }
}

/// The queue of lines for the writer thread.
#[derive(Clone)]
struct LineQueue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl LineQueue {
    /// Starts a queue of at most `capacity` lines, written to `output` by a thread of its own.
    fn start(output: impl Write + Send + 'static, capacity: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(capacity);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(output, &receiver, &counter))?;
        Ok(Self { sender, dropped })
    }

    fn flush_within(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let (done, wait) = sync_channel(1);
        // Neither a stalled output nor a dead thread may keep the server from ending.
        while let Err(TrySendError::Full(_)) = self.sender.try_send(Message::Flush(done.clone())) {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(FLUSH_RETRY);
        }
        drop(done);
        let _ = wait.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Takes a line a call, as env_logger gives them, and never waits.
impl Write for LineQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Message::Line(line.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes lines until the queue is closed: the writer thread. An output that fails is given up silently.
fn write_lines(mut output: impl Write, receiver: &Receiver<Message>, dropped: &AtomicU64) {
    while let Ok(message) = receiver.recv() {
        match message {
            Message::Line(line) => {
                let _ = output.write_all(&line);
            }
            Message::Flush(done) => {
                let _ = output.flush();
                let _ = done.try_send(());
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let notice = format!("[log] {lost} lines were dropped while the log's output was stalled\n");
            let _ = output.write_all(notice.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::{Sender, channel};

    /// An output that waits for a permit before each write.
    struct Gate {
        permits: Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permits.recv().map_err(|_| io::Error::other("closed"))?;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated(capacity: usize) -> (LineQueue, Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (open, permits) = channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let queue = LineQueue::start(Gate { permits, written: Arc::clone(&written) }, capacity).unwrap();
        (queue, open, written)
    }

    #[test]
    fn a_stalled_output_never_stops_the_caller_and_losses_are_told() {
        let (mut queue, open, written) = gated(4);
        for line in 0..100 {
            queue.write_all(format!("line {line}\n").as_bytes()).unwrap();
        }
        let lost = queue.dropped.load(Ordering::Relaxed);
        assert!((94..=96).contains(&lost), "{lost} of 100 lines lost with a queue of 4");
        for _ in 0..100 {
            open.send(()).unwrap();
        }
        queue.flush_within(Duration::from_secs(60));
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with("line 0\n"), "{text}");
        assert!(text.contains(&format!("{lost} lines were dropped")), "{text}");
    }

    #[test]
    fn a_stalled_output_does_not_keep_the_server_from_ending() {
        let (mut queue, _open, written) = gated(4);
        queue.write_all(b"stuck\n").unwrap();
        queue.flush_within(Duration::from_millis(20));
        assert!(written.lock().unwrap().is_empty(), "the output is stalled still");
    }
}
