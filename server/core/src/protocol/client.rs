//! Packets that clients send: 0 to 129, as the Godot client writes them.
//!
//! The table is the documentation. Numbers arrive as sent: slots count from 1 and may be 0 or 255, headings may be 9,
//! tiles may be off the map, amounts negative. Judging them is the game's work. Texts are Latin-1. A packet that
//! says "not sent" stands in the 0.13.3 table and has no button in this client; it is decoded all the same, since
//! a byte that cannot be skipped ends the connection.

use super::gm::GmCommand;
use super::table::{self, Field, packets};
use super::wire::{DecodeError, TextEncoding, Writer};

/// The eight lines of a guild's code; unused ones are empty.
pub type Codex = Box<[String; 8]>;

packets! {
    /// A packet from a client.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum ClientPacket: "client packet", UnknownId {
        /// Enter the game with an existing character; the first packet of a login. Clients say version 0, 13, 0.
        0 LoginExistingChar { username: String, password: String, ver_major: u8, ver_minor: u8, ver_rev: u8 }
        /// Roll the attributes of the character being created; comes before any login.
        1 ThrowDices
        /// Create a character and enter the game with it. The attributes are those of the last roll.
        2 LoginNewChar {
            username: String,
            password: String,
            ver_major: u8,
            ver_minor: u8,
            ver_rev: u8,
            /// 1 to 5.
            race: u8,
            /// 1 male, 2 female.
            gender: u8,
            /// 1 to 12.
            class: u8,
            head: i16,
            email: String,
            /// Home city, 1 to 6.
            home: u8,
        }
        /// Say something, or give a typed command when the text starts with `/`.
        3 Talk { text: String }
        /// Shout something.
        4 Yell { text: String }
        /// Say something to one player, wherever that player is.
        5 Whisper { target_name: String, text: String }
        /// Take one step; the client has taken it already.
        6 Walk {
            /// 1 north, 2 east, 3 south, 4 west.
            heading: u8,
        }
        /// Ask where the own character really stands.
        7 RequestPositionUpdate
        /// Hit the character in front.
        8 Attack
        /// Take the object on the own tile.
        9 PickUp
        /// Switch the lock against attacking citizens.
        10 SafeToggle
        /// Switch the lock against being resurrected. Not sent.
        11 ResuscitationSafeToggle
        /// Open the guild window: list, member or leader, whichever fits.
        12 RequestGuildLeaderInfo
        /// Ask for the five attributes, for the statistics window.
        13 RequestAtributes
        /// Ask for the reputation, for the statistics window.
        14 RequestFame
        /// Ask for the skills.
        15 RequestSkills
        /// Ask for kills and jail time, for the statistics window.
        16 RequestMiniStats
        /// Close the merchant's window, which waits for the answer.
        17 CommerceEnd
        /// Break off a trade between players. Not sent.
        18 UserCommerceEnd
        /// Confirm the own offer in a trade between players. Not sent.
        19 UserCommerceConfirm
        /// Talk inside a trade between players. Not sent.
        20 CommerceChat { text: String }
        /// Close the bank's window, which waits for the answer.
        21 BankEnd
        /// Accept a trade between players. Not sent.
        22 UserCommerceOk
        /// Reject the offer in a trade between players. Not sent.
        23 UserCommerceReject
        /// Drop objects or gold on the floor. "Drop all" says 10,000 whatever is held.
        24 Drop {
            /// Inventory slot from 1; 31 is gold.
            slot: u8,
            amount: i16,
        }
        /// Choose the spell that the next [`ClientPacket::WorkLeftClick`] with skill 1 casts.
        25 CastSpell { spell_slot: u8 }
        /// Look at a tile.
        26 LeftClick { x: u8, y: u8 }
        /// Use the thing or character on a tile: merchant, bank, priest, door, sign.
        27 DoubleClick { x: u8, y: u8 }
        /// Begin a skill: 7 hides at once, 1, 2 and 17 ask for a target first.
        28 Work { skill: u8 }
        /// Admit to a spell macro. Not sent.
        29 UseSpellMacro
        /// Use an inventory object.
        30 UseItem { slot: u8 }
        /// Forge an object at an anvil. Not sent.
        31 CraftBlacksmith { obj_index: i16 }
        /// Build an object with the saw. Not sent.
        32 CraftCarpenter { obj_index: i16 }
        /// Apply a skill to a tile: spell, theft, axe, rod, pick, taming, bow, or 88 to smelt.
        33 WorkLeftClick { x: u8, y: u8, skill: u8 }
        /// Found a guild, after the alignment was accepted.
        34 CreateNewGuild { description: String, guild_name: String, site: String, codex: Codex }
        /// Ask for the description of a known spell.
        35 SpellInfo { spell_slot: u8 }
        /// Put a piece of equipment on, or take it off.
        36 EquipItem { slot: u8 }
        /// Turn without walking; repeated every frame until the answer comes.
        37 ChangeHeading {
            /// 1 north, 2 east, 3 south, 4 west.
            heading: u8,
        }
        /// Spend free skill points.
        38 ModifySkills {
            /// Points to add to each skill, in skill order.
            points_by_skill: [u8; 20],
        }
        /// Ask a trainer for one of the listed creatures.
        39 Train {
            /// Place in the list, from 1.
            creature: u8,
        }
        /// Buy from the merchant.
        40 CommerceBuy { slot: u8, amount: i16 }
        /// Take an object out of the bank.
        41 BankExtractItem { slot: u8, amount: i16 }
        /// Sell to the merchant.
        42 CommerceSell { slot: u8, amount: i16 }
        /// Put an object into the bank.
        43 BankDeposit { slot: u8, amount: i16 }
        /// Write in a forum. Not sent.
        44 ForumPost { forum_type: u8, title: String, body: String }
        /// Swap a spell with the one before it (`upwards`) or after it.
        45 MoveSpell { upwards: bool, slot: u8 }
        /// Swap a bank slot with the one before it (`upwards`) or after it. Not sent.
        46 MoveBank { upwards: bool, slot: u8 }
        /// Change the guild's description and code.
        47 ClanCodexUpdate { description: String, codex: Codex }
        /// Offer something in a trade between players. Not sent.
        48 UserCommerceOffer { slot: u8, amount: i32, offer_slot: u8 }
        /// Accept another guild's offer of peace.
        49 GuildAcceptPeace { guild_name: String }
        /// Reject another guild's offer of alliance.
        50 GuildRejectAlliance { guild_name: String }
        /// Reject another guild's offer of peace.
        51 GuildRejectPeace { guild_name: String }
        /// Accept another guild's offer of alliance.
        52 GuildAcceptAlliance { guild_name: String }
        /// Offer peace to another guild.
        53 GuildOfferPeace { guild_name: String, proposal: String }
        /// Offer an alliance to another guild.
        54 GuildOfferAlliance { guild_name: String, proposal: String }
        /// Read an offer of alliance.
        55 GuildAllianceDetails { guild_name: String }
        /// Read an offer of peace.
        56 GuildPeaceDetails { guild_name: String }
        /// Read an application to the guild. Not sent.
        57 GuildRequestJoinerInfo { username: String }
        /// List the offers of alliance.
        58 GuildAlliancePropList
        /// List the offers of peace.
        59 GuildPeacePropList
        /// Declare war on another guild.
        60 GuildDeclareWar { guild_name: String }
        /// Change the guild's web address.
        61 GuildNewWebsite { url: String }
        /// Accept an applicant into the guild. Not sent.
        62 GuildAcceptNewMember { username: String }
        /// Reject an applicant to the guild. Not sent.
        63 GuildRejectNewMember { username: String, reason: String }
        /// Expel a member of the guild. Not sent.
        64 GuildKickMember { username: String }
        /// Change the guild's news; line breaks arrive as `º`.
        65 GuildUpdateNews { news: String }
        /// Ask about a member or an applicant of the guild.
        66 GuildMemberInfo { username: String }
        /// Open the election of the guild's leader.
        67 GuildOpenElections
        /// Apply for membership of a guild.
        68 GuildRequestMembership { guild_name: String, application: String }
        /// Ask about a guild.
        69 GuildRequestDetails { guild_name: String }
        /// Ask how many play.
        70 Online
        /// Leave the game; the server closes the socket.
        71 Quit
        /// Leave the guild.
        72 GuildLeave
        /// Ask the banker for the balance.
        73 RequestAccountState
        /// Tell the pet to stay.
        74 PetStand
        /// Tell the pet to follow.
        75 PetFollow
        /// Set the pet free.
        76 ReleasePet
        /// Ask a trainer for the list of creatures.
        77 TrainList
        /// Rest beside a campfire, or stop.
        78 Rest
        /// Meditate, or stop.
        79 Meditate
        /// Ask the priest for resurrection.
        80 Resucitate
        /// Ask the priest for healing.
        81 Heal
        /// Ask for help on commands.
        82 Help
        /// Ask for the own statistics as console lines.
        83 RequestStats
        /// Trade with the chosen merchant or player.
        84 CommerceStart
        /// Open the bank of the chosen banker.
        85 BankStart
        /// Join the faction of the chosen noble.
        86 Enlist
        /// Ask the chosen noble for the conditions of the next reward.
        87 Information
        /// Claim the faction's reward from the chosen noble.
        88 Reward
        /// Ask for the message of the day.
        89 RequestMOTD
        /// Ask how long the server has run.
        90 Uptime
        /// Leave the party.
        91 PartyLeave
        /// Create a party.
        92 PartyCreate
        /// Ask the chosen player to be taken into the party.
        93 PartyJoin
        /// Ask for the current poll.
        94 Inquiry
        /// Say something to the guild; may be empty.
        95 GuildMessage { text: String }
        /// Say something to the party; may be empty.
        96 PartyMessage { text: String }
        /// Answer the sentinel, which asks for a code to tell players from robots.
        97 CentinelReport { code: i16 }
        /// Ask which guild members play.
        98 GuildOnline
        /// Ask which party members play.
        99 PartyOnline
        /// Say something to the council.
        100 CouncilMessage { text: String }
        /// Say something to the role masters.
        101 RoleMasterRequest { text: String }
        /// Ask for a game master.
        102 GMRequest
        /// Report a fault of the game.
        103 BugReport { text: String }
        /// Change the own description, which others see by looking.
        104 ChangeDescription { text: String }
        /// Vote in the guild's election.
        105 GuildVote { username: String }
        /// Ask for a character's record of punishments.
        106 Punishments { username: String }
        /// Change the own password.
        107 ChangePassword { current_password: String, new_password: String }
        /// Bet gold with the gambler; large bets wrap to negative amounts.
        108 Gamble { amount: i16 }
        /// Vote in the current poll.
        109 InquiryVote { option: u8 }
        /// Leave the faction.
        110 LeaveFaction
        /// Take gold out of the bank.
        111 BankExtractGold { amount: i32 }
        /// Put gold into the bank.
        112 BankDepositGold { amount: i32 }
        /// Report someone to the game masters.
        113 Denounce { text: String }
        /// Ask to found a guild.
        114 GuildFundate
        /// Choose the alignment of the guild to be founded.
        115 GuildFundation {
            /// 0 royal army, 1 dark legion, 2 neutral, 3 game masters, 4 legal, 5 criminal.
            alignment: u8,
        }
        /// Expel a member of the party.
        116 PartyKick { username: String }
        /// Hand the party over to a member.
        117 PartySetLeader { username: String }
        /// Take someone who asked into the party.
        118 PartyAcceptMember { username: String }
        /// Measure the round trip; sent by hand only, so it keeps no connection alive.
        119 Ping
        /// Open the party window. Not sent.
        120 RequestPartyForm
        /// Upgrade an object. Not sent.
        121 ItemUpgrade { obj_index: i16 }
        /// A game master's command. Any player sends some by clicking, so it is no offence.
        122 GMCommands { command: GmCommand }
        /// Say how much the following crafting makes. Not sent.
        123 InitCrafting { total_items: i32, items_per_cycle: i16 }
        /// Begin or break off the dead's trip home.
        124 Home
        /// Read the guild's news.
        125 ShowGuildNews
        /// Share the own creature with the chosen player.
        126 ShareNpc
        /// Stop sharing the own creature.
        127 StopSharingNpc
        /// Begin or end a consultation with the chosen player; for game masters.
        128 Consultation
        /// Swap two slots of a grid; the merchant's and the bank's windows send it too.
        129 MoveItem {
            from_slot: u8,
            to_slot: u8,
            /// The client always says 0.
            move_type: u8,
        }
    }
}

impl ClientPacket {
    /// Decodes the first packet of `buffer`. Returns it and its length in bytes, or `None` while it is not all there.
    ///
    /// # Errors
    /// A [`DecodeError`] says that the stream can never be read on, as soon as that is known.
    pub fn decode(buffer: &[u8]) -> Result<Option<(Self, usize)>, DecodeError> {
        table::decode(buffer, TextEncoding::Latin1)
    }

    /// As [`Self::decode`], for a client of which `writes` is the encoding of its texts. While that is not known, its
    /// first text beyond ASCII decides.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_learning(
        buffer: &[u8],
        writes: &mut Option<TextEncoding>,
    ) -> Result<Option<(Self, usize)>, DecodeError> {
        table::decode_learning(buffer, writes)
    }

    /// Appends the packet's bytes to `out`, as a client would send them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(&mut Writer::to_server(out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_bytes(packet: &ClientPacket, bytes: &[u8]) {
        let mut out = Vec::new();
        packet.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(ClientPacket::decode(bytes), Ok(Some((packet.clone(), bytes.len()))));
    }

    #[test]
    fn a_login_has_the_bytes_of_the_real_client() {
        let login = ClientPacket::LoginExistingChar {
            username: "Ñandú".to_owned(),
            password: "secreto".to_owned(),
            ver_major: 0,
            ver_minor: 13,
            ver_rev: 0,
        };
        assert_bytes(&login, b"\x00\x05\0\xD1and\xFA\x07\0secreto\x00\x0D\x00");
    }

    #[test]
    fn a_new_character_has_race_gender_class_head_mail_home_in_this_order() {
        let create = ClientPacket::LoginNewChar {
            username: "Ana".to_owned(),
            password: "secreto".to_owned(),
            ver_major: 0,
            ver_minor: 13,
            ver_rev: 0,
            race: 2,
            gender: 1,
            class: 12,
            head: 401,
            email: "a@b.c".to_owned(),
            home: 5,
        };
        assert_bytes(&create, b"\x02\x03\0Ana\x07\0secreto\x00\x0D\x00\x02\x01\x0C\x91\x01\x05\0a@b.c\x05");
    }

    #[test]
    fn small_packets_have_their_golden_bytes() {
        let text = || "hola".to_owned();
        assert_bytes(&ClientPacket::ThrowDices, b"\x01");
        assert_bytes(&ClientPacket::Talk { text: text() }, b"\x03\x04\0hola");
        let whisper = ClientPacket::Whisper { target_name: "Ana".to_owned(), text: text() };
        assert_bytes(&whisper, b"\x05\x03\0Ana\x04\0hola");
        assert_bytes(&ClientPacket::Walk { heading: 3 }, b"\x06\x03");
        assert_bytes(&ClientPacket::Drop { slot: 31, amount: 10000 }, b"\x18\x1F\x10\x27");
        assert_bytes(&ClientPacket::DoubleClick { x: 50, y: 101 }, b"\x1B\x32\x65");
        assert_bytes(&ClientPacket::WorkLeftClick { x: 50, y: 60, skill: 88 }, b"\x21\x32\x3C\x58");
        assert_bytes(&ClientPacket::BankDepositGold { amount: -2 }, b"\x70\xFE\xFF\xFF\xFF");
        let item = ClientPacket::MoveItem { from_slot: 1, to_slot: 2, move_type: 0 };
        assert_bytes(&item, b"\x81\x01\x02\x00");
        let warp = GmCommand::WarpChar { username: "YO".to_owned(), map: 290, x: 50, y: 60 };
        assert_bytes(&ClientPacket::GMCommands { command: warp }, b"\x7A\x0B\x02\0YO\x22\x01\x32\x3C");
    }

    #[test]
    fn a_new_guild_has_eight_texts_of_code() {
        let mut codex = Codex::default();
        codex[7] = "fin".to_owned();
        let guild = ClientPacket::CreateNewGuild {
            description: "d".to_owned(),
            guild_name: "g".to_owned(),
            site: String::new(),
            codex,
        };
        let codex_bytes = [&[0; 14][..], b"\x03\0fin"].concat();
        assert_bytes(&guild, &[b"\x22\x01\0d\x01\0g\0\0", &codex_bytes[..]].concat());
    }

    #[test]
    fn several_packets_in_one_read_are_taken_one_by_one() {
        let bytes = b"\x19\x02\x1C\x01\x06";
        let cast = ClientPacket::CastSpell { spell_slot: 2 };
        assert_eq!(ClientPacket::decode(bytes), Ok(Some((cast, 2))));
        assert_eq!(ClientPacket::decode(&bytes[2..]), Ok(Some((ClientPacket::Work { skill: 1 }, 2))));
        assert_eq!(ClientPacket::decode(&bytes[4..]), Ok(None));
    }

    #[test]
    fn the_first_text_beyond_ascii_tells_how_a_client_writes() {
        let mut writes = None;
        let mut decode = |bytes: &[u8]| {
            let (packet, _) = ClientPacket::decode_learning(bytes, &mut writes).unwrap().unwrap();
            (packet, writes)
        };
        let talk = |text: &str| ClientPacket::Talk { text: text.to_owned() };
        assert_eq!(decode(b"\x03\x04\0hola"), (talk("hola"), None));
        assert_eq!(decode(b"\x03\x02\0\xC3\xB1"), (talk("ñ"), Some(TextEncoding::Utf8)));
        assert_eq!(decode(b"\x03\x02\0\xC3\xB3"), (talk("ó"), Some(TextEncoding::Utf8)));
        let cut = ClientPacket::decode_learning(b"\x03\x02\0\xF1", &mut writes);
        assert_eq!((cut, writes), (Ok(None), Some(TextEncoding::Utf8)));
    }

    #[test]
    fn values_outside_the_game_are_passed_on() {
        let decoded = ClientPacket::decode(b"\x06\x09");
        assert_eq!(decoded, Ok(Some((ClientPacket::Walk { heading: 9 }, 2))));
    }

    #[test]
    fn ids_outside_the_tables_are_errors() {
        for id in 130..=255 {
            assert_eq!(ClientPacket::decode(&[id, 0, 0]), Err(DecodeError::UnknownId(id)));
        }
        for command in std::iter::once(0).chain(149..=255) {
            assert_eq!(ClientPacket::decode(&[122, command]), Err(DecodeError::UnknownGmCommand(command)));
        }
    }

    #[test]
    fn an_address_ban_names_an_address_or_a_character() {
        use crate::protocol::gm::IpOrName;
        let ban = |target| ClientPacket::GMCommands {
            command: GmCommand::BanIP { target, reason: "r".to_owned() },
        };
        assert_bytes(&ban(IpOrName::Ip([10, 0, 0, 1])), b"\x7A\x4A\x01\x0A\0\0\x01\x01\0r");
        assert_bytes(&ban(IpOrName::Name("Ana".to_owned())), b"\x7A\x4A\x00\x03\0Ana\x01\0r");
    }
}
