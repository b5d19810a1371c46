//! The ops port: `GET /health` and `GET /metrics`, in the same loop as everything else.
//!
//! A request is read up to 2 KiB within five seconds, answered once, and the connection is closed. There is nothing to
//! log in to, so the port belongs on the loopback address, or behind something that guards it.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry};
use slab::Slab;

use super::accept::{Accepted, Listener};
use super::tokens::{OPS_CLIENTS_MAX, Source};
use crate::ops::health::{Health, Status};
use crate::ops::metrics::Metrics;
use crate::ops::prometheus::{self, PacketNames};
use pyao_core::game::Millis;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::table::PacketLayout;

/// Longest request, with its headers.
const REQUEST_LIMIT: usize = 2 * 1024;
/// Most headers of a request.
const HEADERS_MAX: usize = 32;
/// Time for a request and its answer.
const TIME_LIMIT_MS: Millis = 5_000;

/// Sources of the pages.
pub(super) struct Pages<'a> {
    pub(super) health: Health,
    pub(super) metrics: &'a Metrics,
}

/// The ops port and its clients.
pub(super) struct OpsPort {
    listener: Listener,
    clients: Slab<OpsClient>,
    /// Number of clients accepted so far.
    taken_in: u64,
}

struct OpsClient {
    stream: TcpStream,
    /// Place in the order of coming.
    number: u64,
    request: Vec<u8>,
    response: Vec<u8>,
    sent: usize,
    deadline: Millis,
}

/// Progress of a client.
#[derive(PartialEq, Eq)]
enum Progress {
    Waiting,
    Done,
}

impl OpsPort {
    /// Serves `listener`.
    pub(super) fn open(listener: TcpListener, registry: &Registry) -> io::Result<Self> {
        Ok(Self {
            listener: Listener::new(listener, registry, Source::OpsListener.into())?,
            clients: Slab::new(),
            taken_in: 0,
        })
    }

    /// Takes note of an event of the port.
    pub(super) fn became_readable(&mut self) {
        self.listener.became_readable();
    }

    /// Takes in those who wait.
    pub(super) fn accept(&mut self, now: Millis, registry: &Registry) {
        for _ in 0..OPS_CLIENTS_MAX {
            let mut stream = match self.listener.accept(now) {
                Accepted::Socket(stream, _) => stream,
                Accepted::Nothing => return,
                Accepted::Failed => continue,
            };
            if self.clients.len() >= OPS_CLIENTS_MAX {
                self.close_oldest();
            }
            self.taken_in += 1;
            let entry = self.clients.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            if registry.register(&mut stream, Source::OpsClient(entry.key()).into(), interest).is_ok() {
                entry.insert(OpsClient {
                    stream,
                    number: self.taken_in,
                    request: Vec::new(),
                    response: Vec::new(),
                    sent: 0,
                    deadline: now + TIME_LIMIT_MS,
                });
            }
        }
    }

    /// Closes the client that has kept its place longest: one that has not asked yet, if there is one.
    fn close_oldest(&mut self) {
        let rank = |client: &OpsClient| (!client.response.is_empty(), client.number);
        let oldest = self.clients.iter().min_by_key(|(_, client)| rank(client)).map(|(slot, _)| slot);
        if let Some(slot) = oldest {
            self.clients.remove(slot);
        }
    }

    /// The poll has something about the client in `slot`: reads, answers, sends. Returns how many requests it answered.
    pub(super) fn event(&mut self, slot: usize, pages: &Pages<'_>) -> u64 {
        let Some(client) = self.clients.get_mut(slot) else {
            return 0;
        };
        let had_response = !client.response.is_empty();
        let progress = client.go_on(pages).unwrap_or(Progress::Done);
        let answered = !had_response && !client.response.is_empty();
        if progress == Progress::Done {
            self.clients.remove(slot);
        }
        u64::from(answered)
    }

    /// Closes the clients that took too long.
    pub(super) fn expire(&mut self, now: Millis) {
        self.clients.retain(|_, client| now < client.deadline);
    }

    /// Returns the time at which something is to be done without an event.
    pub(super) fn next_deadline(&self, now: Millis) -> Option<Millis> {
        let clients = self.clients.iter().map(|(_, client)| client.deadline).min();
        [clients, self.listener.next_deadline(now)].into_iter().flatten().min()
    }
}

impl OpsClient {
    fn go_on(&mut self, pages: &Pages<'_>) -> io::Result<Progress> {
        if self.response.is_empty() {
            let is_closed = self.read()?;
            match respond(&self.request, pages) {
                Some(response) => self.response = response,
                None if is_closed => return Ok(Progress::Done),
                None => return Ok(Progress::Waiting),
            }
        }
        self.send()
    }

    /// Reads the bytes that are there, at most a request's worth. Returns true if the client has closed its side.
    fn read(&mut self) -> io::Result<bool> {
        let mut chunk = [0; REQUEST_LIMIT];
        loop {
            let room = REQUEST_LIMIT - self.request.len();
            if room == 0 {
                return Ok(false);
            }
            match self.stream.read(&mut chunk[..room]) {
                Ok(0) => return Ok(true),
                Ok(count) => self.request.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self) -> io::Result<Progress> {
        while let Some(rest) = self.response.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Waiting),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Progress::Done)
    }
}

/// Returns the answer to the bytes of a request, or `None` while it is not all there.
fn respond(request: &[u8], pages: &Pages<'_>) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(request) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if request.len() < REQUEST_LIMIT => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Some(page("431 Request Header Fields Too Large", TEXT, "the request is too long\n"));
        }
        Err(_) => return Some(page("400 Bad Request", TEXT, "not an HTTP request\n")),
    }
    let path = parsed.path.unwrap_or_default().split('?').next().unwrap_or_default();
    Some(match (parsed.method, path) {
        (Some("GET"), "/health") => {
            let status = match pages.health.status() {
                Status::Healthy | Status::Degraded => "200 OK",
                Status::Unhealthy => "503 Service Unavailable",
            };
            page(status, "application/json", &pages.health.to_json())
        }
        (Some("GET"), "/metrics") => {
            page("200 OK", prometheus::CONTENT_TYPE, &prometheus::render(pages.metrics, PACKET_NAMES))
        }
        (Some("GET"), _) => page("404 Not Found", TEXT, "there are /health and /metrics\n"),
        _ => page("405 Method Not Allowed", TEXT, "only GET\n"),
    })
}

const TEXT: &str = "text/plain; charset=utf-8";

fn page(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const PACKET_NAMES: PacketNames = PacketNames {
    client: |id| name_in(ClientPacket::LAYOUT, id),
    server: |id| name_in(ServerPacket::LAYOUT, id),
};

fn name_in(table: &'static [PacketLayout], id: u8) -> Option<&'static str> {
    table.iter().find(|layout| layout.id == id).map(|layout| layout.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::health::StoreHealth;
    use crate::ops::overload::OverloadLevel;

    fn answer(request: &[u8]) -> Option<String> {
        let metrics = Metrics::default();
        let health = Health {
            uses_redis: false,
            store: StoreHealth {
                takes_saves: true,
                was_emptied: false,
                seconds_since_success: 0,
                oldest_question_ms: 0,
                waiting: 0,
            },
            settings_not_followed: Vec::new(),
            overload: OverloadLevel::Calm,
            is_shutting_down: false,
            players: 0,
            connections: 0,
            faults: 0,
            uptime_seconds: 1,
        };
        respond(request, &Pages { health, metrics: &metrics }).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_request_is_answered_once_it_is_all_there() {
        let request = b"GET /health?verbose HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for end in 0..request.len() {
            assert_eq!(answer(&request[..end]), None, "after {end} bytes");
        }
        let response = answer(request).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{response}");
        assert!(body.contains("\"status\":\"healthy\""), "{response}");
    }

    #[test]
    fn metrics_are_served_as_text() {
        let response = answer(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        assert!(response.contains("Content-Type: text/plain; version=0.0.4"), "{response}");
        assert!(response.contains("pyao_connections 0\n"), "{response}");
    }

    #[test]
    fn anything_else_is_refused() {
        let status = |request: &[u8]| answer(request).unwrap().split_whitespace().nth(1).unwrap().to_owned();
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), "404");
        assert_eq!(status(b"POST /health HTTP/1.1\r\n\r\n"), "405");
        assert_eq!(status(b"\x00\x01\x02\x03"), "400");
        assert_eq!(status(b"GET  /health\r\n\r\n"), "400");
        let mut long = b"GET /health HTTP/1.1\r\nX: ".to_vec();
        long.resize(REQUEST_LIMIT, b'a');
        assert_eq!(status(&long), "431");
        let many = format!("GET /health HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(status(many.as_bytes()), "431");
    }

    #[test]
    fn packets_are_named_as_in_the_protocol() {
        assert_eq!((PACKET_NAMES.client)(6), Some("Walk"));
        assert_eq!((PACKET_NAMES.server)(88), Some("Pong"));
        assert_eq!((PACKET_NAMES.client)(250), None);
    }
}
