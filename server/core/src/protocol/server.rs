//! Packets that the server sends: 0 to 106, as the Godot client reads them.
//!
//! The table is the documentation; each line says what the client does. "Ignored" packets are read and thrown away.
//! "Never sent" ones have a payload that the client does not read: it would take those bytes for packets, so
//! [`ServerPacket::is_consumed_by_client`] says no and the outbox refuses them. A "toggle" flips a flag that starts
//! false with each login: one too many and client and server disagree until the next login.

use super::font::Font;
use super::multi_message::MultiMessage;
use super::table::{self, Counted, Field, Text, TextList, packets, record};
use super::wire::{DecodeError, TextEncoding, Writer};

record! {
    /// One skill of [`ServerPacket::SendSkills`].
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct SkillLevel {
        /// 0 to 100.
        level: u8,
        /// Progress to the next level, in percent.
        progress: u8,
    }
}

record! {
    /// Something that can be forged.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct BlacksmithItem<'a> {
        /// Its name.
        name: Text<'a>,
        /// Its graphic.
        grh_index: i16,
        /// Iron ingots it takes.
        iron: i16,
        /// Silver ingots it takes.
        silver: i16,
        /// Gold ingots it takes.
        gold: i16,
        /// Its object number.
        obj_index: i16,
        /// The object it can be upgraded to.
        upgrade: i16,
    }
}

record! {
    /// Something that can be built of wood.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct CarpenterItem<'a> {
        /// Its name.
        name: Text<'a>,
        /// Its graphic.
        grh_index: i16,
        /// Wood it takes.
        wood: i16,
        /// Elven wood it takes.
        elven_wood: i16,
        /// Its object number.
        obj_index: i16,
        /// The object it can be upgraded to.
        upgrade: i16,
    }
}

record! {
    /// A watched player, in a game master's list.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RecordEntry<'a> {
        /// The character's name.
        nick: Text<'a>,
    }
}

packets! {
    /// A packet to a client.
    #[derive(Debug, Clone, PartialEq)]
    pub enum ServerPacket<'a>: "server packet", UnknownId {
        /// The login or the creation succeeded; the first packet of the game screen.
        0 Logged { class: u8 }
        /// Ignored; once cleared every text over heads.
        1 RemoveDialogs
        /// Stops the typing of a character's text.
        2 RemoveCharDialog { char_index: i16 }
        /// A toggle: sailing, which decides whether water or land can be walked on.
        3 NavigateToggle
        /// Does nothing. Close the socket instead.
        4 Disconnect
        /// Closes the merchant's window; only while it is open.
        5 CommerceEnd
        /// Closes the bank's window; only while it is open.
        6 BankEnd
        /// Opens the merchant's window with the goods sent before; walking waits until it closes.
        7 CommerceInit
        /// Opens the bank's window with the objects sent before; walking waits until it closes.
        8 BankInit { gold: i32 }
        /// Ignored; a trade between players begins.
        9 UserCommerceInit { partner_name: Text<'a> }
        /// A trade between players ends: input is free again.
        10 UserCommerceEnd
        /// Ignored; the other player confirmed the offer.
        11 UserOfferConfirm
        /// Ignored; talk inside a trade between players.
        12 CommerceChat { text: Text<'a>, font: u8 }
        /// Ignored; the blacksmith's window.
        13 ShowBlacksmithForm
        /// Ignored; the carpenter's window.
        14 ShowCarpenterForm
        /// Sets the stamina bar.
        15 UpdateSta { stamina: i16 }
        /// Sets the mana bar.
        16 UpdateMana { mana: i16 }
        /// Sets the health bar; at 0 the client believes that it is dead.
        17 UpdateHP { hp: i16 }
        /// Sets the carried gold.
        18 UpdateGold { gold: i32 }
        /// Sets the gold in the bank's window, if open.
        19 UpdateBankGold { gold: i32 }
        /// Sets the experience bar.
        20 UpdateExp { experience: i32 }
        /// Loads a map and forgets every character and object, the own character too.
        21 ChangeMap {
            /// 1 to 290.
            map: i16,
            /// Not looked at.
            version: i16,
        }
        /// Puts the own character on a tile; its heading stays. The answer to a refused step.
        22 PosUpdate { x: u8, y: u8 }
        /// Shows a text over a known character, in a colour.
        23 ChatOverHead { text: Text<'a>, char_index: i16, r: u8, g: u8, b: u8 }
        /// Writes to the console; line breaks make several lines, `[` starts markup.
        24 ConsoleMsg {
            text: Text<'a>,
            /// See [`Font`]; any other number loses the line.
            font: u8,
        }
        /// Ignored; guild chat. Use [`ServerPacket::ConsoleMsg`].
        25 GuildChat { text: Text<'a> }
        /// Shows a dialog over the game.
        26 ShowMessageBox { text: Text<'a> }
        /// Ignored; the number of the connection.
        27 UserIndexInServer { user_index: i16 }
        /// Says which character is the client's own; after that character's creation.
        28 UserCharIndexInServer { char_index: i16 }
        /// Shows a character, instead of any that had the index.
        29 CharacterCreate {
            char_index: i16,
            body: i16,
            head: i16,
            /// 1 north, 2 east, 3 south, 4 west; nothing else.
            heading: u8,
            x: u8,
            y: u8,
            /// 2 for none.
            weapon: i16,
            /// 2 for none.
            shield: i16,
            /// 2 for none.
            helmet: i16,
            /// Read and not shown; see [`ServerPacket::CreateFX`].
            fx: i16,
            fx_loops: i16,
            /// Shown as it is; empty for creatures.
            name: Text<'a>,
            /// Bits: 1 criminal, 2 citizen, 4 may be attacked; 0 for creatures.
            nick_color: u8,
            /// Bits: 1 player, 2 counsellor, 4 demigod, 8 god, 16 administrator, 32 role master, 64 chaos council,
            /// 128 royal council; 0 for creatures.
            privileges: u8,
        }
        /// Takes a character away; unknown ones are no harm. The client drops no character by itself.
        30 CharacterRemove { char_index: i16 }
        /// Changes a character's name.
        31 CharacterChangeNick { char_index: i16, name: Text<'a> }
        /// Moves another character one tile towards the given one; never the own character, never a jump.
        32 CharacterMove { char_index: i16, x: u8, y: u8 }
        /// Moves the own character one tile.
        33 ForceCharMove { heading: u8 }
        /// Changes a character's look and heading.
        34 CharacterChange {
            char_index: i16,
            body: i16,
            head: i16,
            /// 1 north, 2 east, 3 south, 4 west; nothing else.
            heading: u8,
            /// 2 for none.
            weapon: i16,
            /// 2 for none.
            shield: i16,
            /// 2 for none.
            helmet: i16,
            /// Read and not shown; see [`ServerPacket::CreateFX`].
            fx: i16,
            fx_loops: i16,
        }
        /// Shows an object on the floor, instead of any on that tile.
        35 ObjectCreate {
            x: u8,
            y: u8,
            /// A graphic, not an object number.
            grh_index: i16,
        }
        /// Takes a tile's object away.
        36 ObjectDelete { x: u8, y: u8 }
        /// Blocks or frees a tile until the next map: doors.
        37 BlockPosition { x: u8, y: u8, blocked: bool }
        /// Ignored; music.
        38 PlayMIDI { midi: i16, loops: i16 }
        /// Plays a sound.
        39 PlayWave {
            wave: u8,
            /// 0 for a sound without a place.
            x: u8,
            /// 0 for a sound without a place.
            y: u8,
        }
        /// Opens the list of guilds.
        40 GuildList { guild_names: TextList }
        /// Ignored; the player entered another area.
        41 AreaChanged { x: u8, y: u8 }
        /// A toggle: the world stands still.
        42 PauseToggle
        /// Ignored; rain.
        43 RainToggle
        /// Plays an effect on a character.
        44 CreateFX {
            char_index: i16,
            /// 1 to 35; 0 ends the current one.
            fx: i16,
            /// Number of loops: -1 = endless, 0 or 1 = once.
            fx_loops: i16,
        }
        /// Sets every bar, its maximum, gold and level. Until the first one the client believes that it is dead.
        45 UpdateUserStats {
            max_hp: i16,
            hp: i16,
            max_mana: i16,
            mana: i16,
            max_sta: i16,
            sta: i16,
            gold: i32,
            level: u8,
            exp_next_level: i32,
            exp: i32,
        }
        /// Never sent; [`MultiMessage::WorkRequestTarget`] took its place.
        46 WorkRequestTarget { skill: u8 }
        /// Sets an inventory slot; all zero and no name empties it.
        47 ChangeInventorySlot {
            /// 1 to 25.
            slot: u8,
            obj_index: i16,
            name: Text<'a>,
            amount: i16,
            equipped: bool,
            grh_index: i16,
            obj_type: u8,
            max_hit: i16,
            min_hit: i16,
            max_def: i16,
            min_def: i16,
            /// Price that a merchant pays for one.
            sale_price: f32,
        }
        /// Sets a slot of the bank's window.
        48 ChangeBankSlot {
            /// 1 to 40.
            slot: u8,
            obj_index: i16,
            name: Text<'a>,
            amount: i16,
            grh_index: i16,
            obj_type: u8,
            max_hit: i16,
            min_hit: i16,
            max_def: i16,
            min_def: i16,
            value: i32,
        }
        /// Sets a line of the spell list; an empty one is spell 0, named `(None)`.
        49 ChangeSpellSlot {
            /// 1 to 35.
            slot: u8,
            spell_id: i16,
            name: Text<'a>,
        }
        /// Fills the attributes of the statistics window.
        50 Atributes { strength: u8, agility: u8, intelligence: u8, charisma: u8, constitution: u8 }
        /// Ignored; weapons that can be forged.
        51 BlacksmithWeapons { items: Counted<i16, BlacksmithItem<'a>> }
        /// Ignored; armours that can be forged.
        52 BlacksmithArmors { items: Counted<i16, BlacksmithItem<'a>> }
        /// Ignored; objects that can be built.
        53 CarpenterObjects { items: Counted<i16, CarpenterItem<'a>> }
        /// A toggle: resting.
        54 RestOK
        /// Shows a dialog. On the login screen and in the game the client then disconnects.
        55 ErrorMsg { text: Text<'a> }
        /// Blindness begins.
        56 Blind
        /// Dumbness begins.
        57 Dumb
        /// Never sent; a sign's text.
        58 ShowSignal { text: Text<'a>, grh: i16 }
        /// Sets a slot of the merchant's window; clear the unused ones, they keep the last merchant's goods.
        59 ChangeNPCInventorySlot {
            /// 1 to 50.
            slot: u8,
            name: Text<'a>,
            amount: i16,
            price: f32,
            grh_index: i16,
            obj_index: i16,
            obj_type: u8,
            max_hit: i16,
            min_hit: i16,
            max_def: i16,
            min_def: i16,
        }
        /// Sets the bars of thirst and hunger.
        60 UpdateHungerAndThirst { max_thirst: u8, thirst: u8, max_hunger: u8, hunger: u8 }
        /// Fills the reputation of the statistics window.
        61 Fame {
            assassin: i32,
            bandit: i32,
            bourgeois: i32,
            thief: i32,
            noble: i32,
            plebeian: i32,
            average: i32,
        }
        /// Fills the kills of the statistics window.
        62 MiniStats {
            citizens_killed: i32,
            criminals_killed: i32,
            users_killed: i32,
            npcs_killed: i16,
            class: u8,
            jail_time: i32,
        }
        /// Sets the free skill points: the total. The client keeps it across logins, so each login sends it.
        63 LevelUp { free_skill_points: i16 }
        /// Never sent; a forum's message.
        64 AddForumMsg { forum_type: u8, title: Text<'a>, author: Text<'a>, body: Text<'a> }
        /// Never sent; the forum's window.
        65 ShowForumForm { visibility: u8, can_make_sticky: u8 }
        /// Hides a character, or shows it again; the own one too.
        66 SetInvisible { char_index: i16, invisible: bool }
        /// The rolled attributes; on the creation screen alone.
        67 DiceRoll { strength: u8, agility: u8, intelligence: u8, charisma: u8, constitution: u8 }
        /// A toggle: meditating.
        68 MeditateToggle
        /// Blindness ends.
        69 BlindNoMore
        /// Dumbness ends.
        70 DumbNoMore
        /// Fills the skills window and the statistics window.
        71 SendSkills {
            /// In skill order.
            skills: [SkillLevel; 20],
        }
        /// Opens the trainer's window.
        72 TrainerCreatureList { creatures: TextList }
        /// Opens the guild's news.
        73 GuildNews { news: Text<'a>, enemies: TextList, allies: TextList }
        /// Shows the text of an offer between guilds.
        74 OfferDetails { text: Text<'a> }
        /// Opens the guilds that offer alliance.
        75 AlianceProposalsList { guild_names: TextList }
        /// Opens the guilds that offer peace.
        76 PeaceProposalsList { guild_names: TextList }
        /// Never sent; a character's details for its guild's leader.
        77 CharacterInfo {
            name: Text<'a>,
            race: u8,
            class: u8,
            gender: u8,
            level: u8,
            gold: i32,
            bank_gold: i32,
            reputation: i32,
            previous_petitions: Text<'a>,
            current_guild: Text<'a>,
            previous_guilds: Text<'a>,
            royal_army: bool,
            chaos_legion: bool,
            citizens_killed: i32,
            criminals_killed: i32,
        }
        /// Opens the leader's guild window.
        78 GuildLeaderInfo { guild_names: TextList, members: TextList, news: Text<'a>, applicants: TextList }
        /// Opens the member's guild window.
        79 GuildMemberInfo { guild_names: TextList, members: TextList }
        /// Opens a guild's details.
        80 GuildDetails {
            name: Text<'a>,
            founder: Text<'a>,
            founded: Text<'a>,
            leader: Text<'a>,
            website: Text<'a>,
            member_count: i16,
            elections_open: bool,
            alignment: Text<'a>,
            enemy_count: i16,
            ally_count: i16,
            antifaction_points: Text<'a>,
            codex: TextList,
            description: Text<'a>,
        }
        /// Opens the form that founds a guild.
        81 ShowGuildFundationForm
        /// A toggle: paralysed, only turning is left.
        82 ParalizeOK
        /// Never sent; the text of an application to a guild.
        83 ShowUserRequest { text: Text<'a> }
        /// Ignored; the merchant agreed.
        84 TradeOK
        /// Ignored; the bank agreed.
        85 BankOK
        /// Never sent; the other player's offer.
        86 ChangeUserTradeSlot {
            offer_slot: u8,
            obj_index: i16,
            amount: i32,
            grh_index: i16,
            obj_type: u8,
            max_hit: i16,
            min_hit: i16,
            max_def: i16,
            min_def: i16,
            price: i32,
            name: Text<'a>,
        }
        /// Ignored; night.
        87 SendNight { night: bool }
        /// The answer to a ping; nothing else.
        88 Pong
        /// Changes a character's name and its colour.
        89 UpdateTagAndStatus { char_index: i16, nick_color: u8, tag: Text<'a> }
        /// Never sent; creatures that a game master can make.
        90 SpawnList { creatures: TextList }
        /// Never sent; requests for help.
        91 ShowSOSForm { list: TextList }
        /// Never sent; the message of the day, to be edited.
        92 ShowMOTDEditionForm { motd: Text<'a> }
        /// Does nothing; the game masters' panel.
        93 ShowGMPanelForm
        /// Never sent; the players in the game.
        94 UserNameList { names: TextList }
        /// Never sent; complaints.
        95 ShowDenounces { list: TextList }
        /// Never sent; the watched players.
        96 RecordList { nicks: Counted<u8, RecordEntry<'a>> }
        /// Never sent; a watched player's record.
        97 RecordDetails {
            creator: Text<'a>,
            reason: Text<'a>,
            online: bool,
            ip: Text<'a>,
            online_time: Text<'a>,
            observations: Text<'a>,
        }
        /// Opens the choice of a guild's alignment.
        98 ShowGuildAlign
        /// Never sent; the party's window.
        99 ShowPartyForm { is_leader: u8, members: TextList, total_exp: i32 }
        /// Sets the shown strength and agility.
        100 UpdateStrenghtAndDexterity { strength: u8, agility: u8 }
        /// Sets the shown strength.
        101 UpdateStrenght { strength: u8 }
        /// Sets the shown agility.
        102 UpdateDexterity { agility: u8 }
        /// Never sent; slots of a backpack.
        103 AddSlots { backpack_slots: u8 }
        /// A fixed message.
        104 MultiMessage { message: MultiMessage<'a> }
        /// Says that the work is over.
        105 StopWorking
        /// Ignored; an offered object was refused.
        106 CancelOfferItem { slot: u8 }
    }
}

impl<'a> ServerPacket<'a> {
    /// Builds a console line.
    pub fn console(text: impl Into<Text<'a>>, font: Font) -> Self {
        Self::ConsoleMsg { text: text.into(), font: font.into() }
    }

    /// Builds a fixed message.
    #[must_use]
    pub const fn multi(message: MultiMessage<'a>) -> Self {
        Self::MultiMessage { message }
    }

    /// Appends the packet's bytes to `out`: at most [`super::wire::MAX_SENT_PACKET`], long texts and lists cut.
    pub fn encode(&self, out: &mut Vec<u8>, encoding: TextEncoding) {
        self.encode_for(out, encoding);
    }

    /// As [`Self::encode`]. True if any other encoding gives the same bytes.
    pub(super) fn encode_for(&self, out: &mut Vec<u8>, encoding: TextEncoding) -> bool {
        let mut writer = Writer::to_client(out, encoding);
        self.write(&mut writer);
        writer.is_plain()
    }

    /// Decodes the first packet of `bytes`, for test clients. Returns it and its length in bytes, or `None` while it is
    /// not all there.
    ///
    /// # Errors
    /// A [`DecodeError`] says that the bytes are no packets of this table.
    pub fn decode(bytes: &[u8], encoding: TextEncoding) -> Result<Option<(Self, usize)>, DecodeError> {
        table::decode(bytes, encoding)
    }

    /// Returns true if the client reads the whole packet. After any other it takes the payload for packets.
    #[must_use]
    pub const fn is_consumed_by_client(&self) -> bool {
        !matches!(
            self,
            Self::WorkRequestTarget { .. }
                | Self::ShowSignal { .. }
                | Self::AddForumMsg { .. }
                | Self::ShowForumForm { .. }
                | Self::CharacterInfo { .. }
                | Self::ShowUserRequest { .. }
                | Self::ChangeUserTradeSlot { .. }
                | Self::SpawnList { .. }
                | Self::ShowSOSForm { .. }
                | Self::ShowMOTDEditionForm { .. }
                | Self::UserNameList { .. }
                | Self::ShowDenounces { .. }
                | Self::RecordList { .. }
                | Self::RecordDetails { .. }
                | Self::ShowPartyForm { .. }
                | Self::AddSlots { .. }
        )
    }

    /// Returns true if the packet only decorates: a client that never gets it shows nothing wrong afterwards. Sounds,
    /// and effects that end by themselves.
    #[must_use]
    pub const fn is_cosmetic(&self) -> bool {
        match self {
            Self::PlayWave { .. } => true,
            Self::CreateFX { fx, fx_loops, .. } => *fx != 0 && *fx_loops >= 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
