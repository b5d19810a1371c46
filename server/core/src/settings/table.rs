//! Every setting, a row each.
//!
//! A row has the key, the type with the default, the kind of value that it takes with its range, and how a running server
//! follows a change. From the rows come the sections of [`Config`], [`SETTINGS`] with every check and message, the Redis
//! keys of the live settings (`config:` and the key, unless the keyspace has an older name for it), the order to the parts
//! of the server that follow a change, and the lists of `pyao-admin config`. `config.toml` explains the units; a test
//! holds its values and the rows together.

use super::field::Field;
use super::{AT_START, Consumer, Setting, live, live_own};
use crate::content::Position;
use crate::protocol::encoding_choice::EncodingChoice;

/// Makes the sections, [`Config`] and [`SETTINGS`] out of the rows.
macro_rules! settings {
    ($(
        $(#[$section_doc:meta])*
        $section:ident: $Section:ident {$(
            $(#[$doc:meta])*
            $name:ident: $type:ty = $default:expr, $kind:ident $(($range:expr))?, $live:expr;
        )+}
    )+) => {
        $(
            $(#[$section_doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section {
                $($(#[$doc])* pub $name: $type,)+
            }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $($name: $default,)+ }
                }
            }
        )+

        /// The value of every setting.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Config {
            $($(#[$section_doc])* pub $section: $Section,)+
        }

        /// All settings, by section.
        pub const SETTINGS: &[Setting] = &[$($(
            Setting {
                key: concat!(stringify!($section), ".", stringify!($name)),
                live: $live,
                field: |config| Field::$kind(&mut config.$section.$name $(, $range)?),
            },
        )+)+];
    };
}

settings! {
    /// `[server]`: the players' port and the name of the server.
    server: Server {
        /// Address or host name to listen on.
        host: String = "0.0.0.0".to_owned(), Host, live_own(Consumer::Listener, "listens there, players stay");
        /// TCP port; 0 = any free one.
        port: u16 = 7666, Port, live_own(Consumer::Listener, "listens there, players stay");
        /// Most connections at once.
        max_connections: u32 = 1000, Integer(1..=30_000), live_own(Consumer::Clients, "counts for new connections");
        /// Name among the servers on one store; empty = the host's name with a random ending.
        id: String = String::new(), ServerId, AT_START;
        /// Encoding of accented letters that are sent.
        text_encoding: EncodingChoice = EncodingChoice::Auto, Encoding, AT_START;
    }

    /// `[limits]`: bounds of one client, and of the load of the server.
    limits: Limits {
        /// Most connections of one address; 0 = no limit.
        connections_per_ip: u32 = 10, Integer(0..=30_000), live(Consumer::Clients, "counts for new connections");
        /// Logins and creations of one address a minute; 0 = no limit.
        logins_per_minute_per_ip: u32 = 20, Integer(0..=100_000), live(Consumer::Game, "counts for new attempts");
        /// Characters that one address may create a day; 0 = no limit.
        creations_per_day_per_ip: u32 = 20, Integer(0..=100_000), live(Consumer::Game, "counts for new creations");
        /// Packets of one connection a second, on average; 0 = no limit.
        packets_per_second: u32 = 100, Integer(0..=100_000), live(Consumer::Clients, "counts for everybody at once");
        /// Lines of chat of one player a second, on average; 0 = no limit.
        chat_per_second: u32 = 1, Integer(0..=1_000), live(Consumer::Game, "counts for everybody at once");
        /// Seconds until the first packet of a new connection; 0 = no limit.
        handshake_seconds: u32 = 30, Integer(0..=86_400), live(Consumer::Game, "counts for new connections");
        /// Minutes without a packet after that; 0 = no limit.
        idle_minutes: u32 = 5, Integer(0..=10_080), live(Consumer::Game, "counts for everybody at once");
        /// Characters without a player in the world; 0 = no limit.
        absent_characters: u32 = 5_000, Integer(0..=30_000), live(Consumer::Game, "counts at once, the oldest leave");
        /// Characters without a player of one address; 0 = no limit.
        absent_characters_per_ip: u32 = 10, Integer(0..=30_000), live(Consumer::Game, "counts at once, the oldest leave");
        /// Percent of its time that the loop may be at work before the server sheds load; 0 = never.
        overload_percent: u32 = 75, Integer(0..=100), live(Consumer::Overload, "counts at once");
    }

    /// `[security]`: the cost of a password hash.
    security: Security {
        /// Memory of argon2id, KiB.
        password_memory_kib: u32 = 19_456, Integer(8..=1_048_576), AT_START;
        /// Passes of argon2id.
        password_passes: u32 = 2, Integer(1..=100), AT_START;
        /// Threads that compute hashes.
        password_threads: u32 = 1, Integer(1..=64), AT_START;
    }

    /// `[redis]`: the shared store.
    redis: Redis {
        /// True if Redis may be used at all.
        enabled: bool = true, Boolean, AT_START;
        /// Its address; empty = none was given.
        url: String = String::new(), Url, AT_START;
        /// True if a Redis that is away stops the start; unset: true when an address was given.
        required: Option<bool> = None, OptionalBoolean, AT_START;
    }

    /// `[store]`: the embedded store.
    store: Store {
        /// Its file.
        path: String = "pyao.db".to_owned(), Text, AT_START;
    }

    /// `[world]`: the data that is loaded.
    world: World {
        /// Directory of AO data; empty = the built-in starter world.
        data: String = String::new(), Text, AT_START;
        /// Places of new characters, used in turn; empty = the world's own choice.
        start_positions: Vec<Position> = Vec::new(), Positions, AT_START;
    }

    /// `[game]`: rules of play that operators choose.
    game: Game {
        /// Seconds that a character stays in the world when its connection is lost in an unsafe place.
        disconnect_stay_seconds: u32 = 3600, Integer(0..=86_400), live(Consumer::Game, "counts for everybody at once");
        /// Message of the day, lines separated by `\n`; empty = the world's own.
        motd: String = String::new(), Motd, live(Consumer::Game, "shown at the next login");
        /// Smallest value of a thrown attribute.
        dice_min: u32 = 6, Integer(1..=18), live(Consumer::Game, "counts for new throws");
        /// Largest value of a thrown attribute.
        dice_max: u32 = 18, Integer(1..=40), live(Consumer::Game, "counts for new throws");
    }

    /// `[ops]`: the port of `/health` and `/metrics`.
    ops: Ops {
        /// Its address and port; empty = none.
        listen: String = "127.0.0.1:7667".to_owned(), Listen, AT_START;
    }
}

impl Redis {
    /// Returns true if the operator asked for Redis and would not be served by the embedded store.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.enabled && self.required.unwrap_or(!self.url.is_empty())
    }
}

impl Config {
    /// Checks the rules between settings.
    ///
    /// # Errors
    /// The key of the setting that breaks one, and what was expected of it.
    pub fn check_together(&self) -> Result<(), (&'static str, String)> {
        let Game { dice_min, dice_max, .. } = self.game;
        if dice_min > dice_max {
            let expected = format!("game.dice_min ({dice_min}) not above game.dice_max ({dice_max})");
            return Err(("game.dice_min", expected));
        }
        Ok(())
    }
}
