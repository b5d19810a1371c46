//! Source of an event of the poll, as a type instead of a number.

use mio::Token;

/// Source of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A helper thread has answered.
    Waker,
    /// The process got a signal.
    Signals,
    /// A socket waits at the players' port.
    Listener,
    /// A socket waits at the ops port.
    OpsListener,
    /// An ops client, by slot.
    OpsClient(usize),
    /// A player's connection, by slot.
    Client(usize),
}

/// Most ops clients at once. One more closes the oldest that has sent no request.
pub(super) const OPS_CLIENTS_MAX: usize = 16;

const OPS_CLIENTS_FROM: usize = 4;
const CLIENTS_FROM: usize = OPS_CLIENTS_FROM + OPS_CLIENTS_MAX;

impl From<Source> for Token {
    fn from(source: Source) -> Self {
        Self(match source {
            Source::Waker => 0,
            Source::Signals => 1,
            Source::Listener => 2,
            Source::OpsListener => 3,
            Source::OpsClient(slot) => OPS_CLIENTS_FROM + slot,
            Source::Client(slot) => CLIENTS_FROM + slot,
        })
    }
}

impl From<Token> for Source {
    fn from(Token(number): Token) -> Self {
        match number {
            0 => Self::Waker,
            1 => Self::Signals,
            2 => Self::Listener,
            3 => Self::OpsListener,
            OPS_CLIENTS_FROM..CLIENTS_FROM => Self::OpsClient(number - OPS_CLIENTS_FROM),
            _ => Self::Client(number - CLIENTS_FROM),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_comes_back_from_its_token() {
        let fixed = [Source::Waker, Source::Signals, Source::Listener, Source::OpsListener];
        let ops = (0..OPS_CLIENTS_MAX).map(Source::OpsClient);
        let clients = (0..3).map(Source::Client);
        let mut tokens = std::collections::BTreeSet::new();
        for source in fixed.into_iter().chain(ops).chain(clients) {
            assert_eq!(Source::from(Token::from(source)), source);
            assert!(tokens.insert(Token::from(source)), "{source:?} shares its token");
        }
    }
}
