//! The wire: bytes to packets and back.
//!
//! The Godot client speaks Argentum Online 0.13.3 over plain TCP: a packet is one id byte and its fields, with no
//! length, no checksum and no frame around it, so both sides must know every layout. The tables below are that
//! knowledge, one declaration a packet; the enums, the codec and the descriptions all come from them. There is no
//! I/O here and no game rule: a heading of 9 decodes, and the game refuses it.
//!
//! Read in this order:
//!
//! 1. [`client`]: packets of clients, ids 0 to 129, and [`gm`], the game masters' commands inside packet 122.
//! 2. [`server`]: packets of the server, ids 0 to 106, and [`multi_message`], the fixed messages inside packet 104.
//! 3. [`wire`]: numbers, texts and their encodings, bounds, errors; [`table`]: how the tables are written;
//!    [`encoding_choice`]: which encoding a client gets.
//! 4. [`text`]: making text that players wrote fit to be shown; [`font`]: the console's styles.
//! 5. [`outbox`]: the bytes that wait for each connection, whole packets only; [`flush`]: handing them to a socket,
//!    [`window`]: no more than the client has room for.

pub mod client;
mod encoded;
pub mod encoding_choice;
pub mod flush;
pub mod font;
pub mod gm;
pub mod multi_message;
pub mod outbox;
pub mod server;
pub mod table;
pub mod text;
pub mod window;
pub mod wire;
