//! The styles of console lines, by the numbers that the client gives them.

/// A console line's style. The client loses a line whose number is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Font {
    /// Speech: white.
    Talk = 0,
    /// Combat: red, bold.
    Fight = 1,
    /// Warnings: blue, bold italic.
    Warning = 2,
    /// Messages of the server to one player: teal.
    Info = 3,
    /// The same, bold.
    InfoBold = 4,
    /// Executions: grey, bold.
    Execution = 5,
    /// Party chat: pink.
    Party = 6,
    /// Poison: bright green.
    Poison = 7,
    /// Guild notices: white, bold.
    Guild = 8,
    /// Messages of the server to everyone: green.
    Server = 9,
    /// Guild chat: gold.
    GuildMessage = 10,
    /// Talk of the royal council: light blue, bold.
    RoyalCouncil = 11,
    /// Talk of the chaos council: orange red, bold.
    ChaosCouncil = 12,
    /// A member of the royal council, when looked at.
    RoyalCouncilSeen = 13,
    /// A member of the chaos council, when looked at.
    ChaosCouncilSeen = 14,
    /// The sentinel: bright green, bold.
    Sentinel = 15,
    /// Talk among game masters: white, italic.
    GmMessage = 16,
    /// A game master, when looked at: green, bold.
    Gm = 17,
    /// A citizen, when looked at: dark blue, bold.
    Citizen = 18,
    /// A counsellor, when looked at: dark green, bold.
    Counsellor = 19,
    /// A god, when looked at: pale yellow, bold.
    God = 20,
}

impl From<Font> for u8 {
    fn from(font: Font) -> Self {
        font as Self
    }
}
