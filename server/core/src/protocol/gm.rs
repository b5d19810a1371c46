//! Game masters' commands: packet 122, whose second byte says which.
//!
//! Numbers are those of the 0.13.3 servers. The Godot client's own list agrees up to 107 and then leaves the twelve
//! map settings out; since it can send 10, 11 and 16 alone, no number is ever in doubt. Ordinary players send 10 and
//! 11 with a click, so a command without the right to it is ignored, never punished.

use super::table::{Field, Wire, packets};
use super::wire::{ReadError, Reader, Writer};

/// Target of an address ban: a `bool` on the wire, then four bytes (true) or a text (false).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpOrName {
    /// An IPv4 address.
    Ip([u8; 4]),
    /// The address of this character.
    Name(String),
}

impl Field for IpOrName {
    const WIRE: Wire = Wire::Plain("ip_or_name");

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        if bool::read(reader)? { reader.array().map(Self::Ip) } else { reader.text().map(Self::Name) }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Ip(bytes) => {
                true.write(writer);
                writer.bytes(bytes);
            }
            Self::Name(name) => {
                false.write(writer);
                writer.text(name);
            }
        }
    }
}

packets! {
    /// A game master's command.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum GmCommand: "gm", UnknownGmCommand {
        /// Say something to every game master in the game.
        1 GMMessage { text: String }
        /// Show or hide the own name.
        2 ShowName
        /// List the royal army's members in the game.
        3 OnlineRoyalArmy
        /// List the dark legion's members in the game.
        4 OnlineChaosLegion
        /// Go near a player.
        5 GoNearby { username: String }
        /// Write a remark in the game masters' log.
        6 Comment { text: String }
        /// Announce the server's time.
        7 ServerTime
        /// Tell where a player is.
        8 Where { username: String }
        /// List the creatures of a map.
        9 CreaturesInMap { map: i16 }
        /// Go to the tile clicked last; any player sends it by a click with the shift key.
        10 WarpMeToTarget
        /// Send a player to a tile; any player sends it by a click on the small map. The name `YO` is oneself.
        11 WarpChar { username: String, map: i16, x: u8, y: u8 }
        /// Silence a player, or let them speak again.
        12 Silence { username: String }
        /// List the requests for help.
        13 SOSShowList
        /// Remove a request for help.
        14 SOSRemove { username: String }
        /// Go to a player.
        15 GoToChar { username: String }
        /// Become invisible, or visible again.
        16 Invisible
        /// Open the game masters' panel, which this client lacks.
        17 GMPanel
        /// List the players in the game.
        18 RequestUserList
        /// List the players who work.
        19 Working
        /// List the players who hide.
        20 Hiding
        /// Jail a player.
        21 Jail { username: String, reason: String, minutes: u8 }
        /// Kill the chosen creature; it comes back.
        22 KillNPC
        /// Add a warning to a player's record.
        23 WarnUser { username: String, reason: String }
        /// Change a value of a character.
        24 EditChar {
            username: String,
            /// 1 gold, 2 experience, 3 body, 4 head, 5 citizens killed, 6 criminals killed, 7 level, 8 class,
            /// 9 skill, 10 free skill points, 11 nobility, 12 assassin, 13 gender, 14 race, 15 gold to add.
            option: u8,
            arg1: String,
            arg2: String,
        }
        /// Show a character's data.
        25 RequestCharInfo { username: String }
        /// Show a character's statistics.
        26 RequestCharStats { username: String }
        /// Show a character's gold.
        27 RequestCharGold { username: String }
        /// Show a character's inventory.
        28 RequestCharInventory { username: String }
        /// Show a character's bank.
        29 RequestCharBank { username: String }
        /// Show a character's skills.
        30 RequestCharSkills { username: String }
        /// Bring a dead player back to life. The name `YO` is oneself.
        31 ReviveChar { username: String }
        /// List the game masters in the game.
        32 OnlineGM
        /// List the players of a map.
        33 OnlineMap { map: i16 }
        /// Pardon a criminal.
        34 Forgive { username: String }
        /// Disconnect a player.
        35 Kick { username: String }
        /// Kill a player.
        36 Execute { username: String }
        /// Ban a character.
        37 BanChar { username: String, reason: String }
        /// Lift a character's ban.
        38 UnbanChar { username: String }
        /// Make the chosen creature follow.
        39 NPCFollow
        /// Bring a player here.
        40 SummonChar { username: String }
        /// Ask which creatures can be made.
        41 SpawnListRequest
        /// Make one of those creatures.
        42 SpawnCreature { list_index: i16 }
        /// Restock the chosen merchant.
        43 ResetNPCInventory
        /// Remove the objects that lie about in the world.
        44 CleanWorld
        /// Write a line to everyone's console.
        45 ServerMessage { text: String }
        /// Tell a player's address.
        46 NickToIP { username: String }
        /// Tell the players behind an address.
        47 IPToNick { a: u8, b: u8, c: u8, d: u8 }
        /// List a guild's members in the game.
        48 GuildOnlineMembers { guild_name: String }
        /// Make a teleport in front.
        49 TeleportCreate { map: i16, x: u8, y: u8, radius: u8 }
        /// Destroy the chosen teleport.
        50 TeleportDestroy
        /// Start the rain, or stop it.
        51 RainToggle
        /// Set the description of the chosen player.
        52 SetCharDescription { text: String }
        /// Play music in a map.
        53 ForceMIDIToMap { midi: u8, map: i16 }
        /// Play a sound in a map.
        54 ForceWAVEToMap { wave: u8, map: i16, x: u8, y: u8 }
        /// Say something to the royal army.
        55 RoyalArmyMessage { text: String }
        /// Say something to the dark legion.
        56 ChaosLegionMessage { text: String }
        /// Say something to the citizens.
        57 CitizenMessage { text: String }
        /// Say something to the criminals.
        58 CriminalMessage { text: String }
        /// Make the chosen creature say something.
        59 TalkAsNPC { text: String }
        /// Destroy the objects in view.
        60 DestroyAllItemsInArea
        /// Take a player into the royal council.
        61 AcceptRoyalCouncilMember { username: String }
        /// Take a player into the chaos council.
        62 AcceptChaosCouncilMember { username: String }
        /// List the objects on the map's floor.
        63 ItemsInTheFloor
        /// Make a player dumb.
        64 MakeDumb { username: String }
        /// Let a dumb player speak again.
        65 MakeDumbNoMore { username: String }
        /// Show the address tables.
        66 DumpIPTables
        /// Expel a player from the council.
        67 CouncilKick { username: String }
        /// Set the trigger of the own tile.
        68 SetTrigger { trigger: u8 }
        /// Tell the trigger of the own tile.
        69 AskTrigger
        /// List the banned addresses.
        70 BannedIPList
        /// Read the banned addresses again.
        71 BannedIPReload
        /// List a guild's members.
        72 GuildMemberList { guild_name: String }
        /// Ban every member of a guild.
        73 GuildBan { guild_name: String }
        /// Ban an address.
        74 BanIP { target: IpOrName, reason: String }
        /// Lift an address's ban.
        75 UnbanIP { a: u8, b: u8, c: u8, d: u8 }
        /// Make an object on the own tile.
        76 CreateItem { obj_index: i16 }
        /// Destroy the object on the own tile.
        77 DestroyItems
        /// Expel a player from the dark legion.
        78 ChaosLegionKick { username: String }
        /// Expel a player from the royal army.
        79 RoyalArmyKick { username: String }
        /// Play music for everyone.
        80 ForceMIDIAll { midi: u8 }
        /// Play a sound for everyone.
        81 ForceWAVEAll { wave: u8 }
        /// Rewrite an entry of a player's record.
        82 RemovePunishment { username: String, index: u8, new_text: String }
        /// Block the own tile, or free it.
        83 TileBlockedToggle
        /// Remove the chosen creature for good.
        84 KillNPCNoRespawn
        /// Remove the creatures in view.
        85 KillAllNearbyNPCs
        /// Tell the last addresses of a player.
        86 LastIP { username: String }
        /// Ask for the message of the day to edit it.
        87 ChangeMOTD
        /// Set the message of the day.
        88 SetMOTD { text: String }
        /// Show a message box to everyone.
        89 SystemMessage { text: String }
        /// Make a creature.
        90 CreateNPC { npc_index: i16 }
        /// Make a creature that comes back.
        91 CreateNPCWithRespawn { npc_index: i16 }
        /// Set one of the royal army's armours.
        92 ImperialArmour { index: u8, obj_index: i16 }
        /// Set one of the dark legion's armours.
        93 ChaosArmour { index: u8, obj_index: i16 }
        /// Sail without a boat, or stop.
        94 NavigateToggle
        /// Let only game masters in, or everyone again.
        95 ServerOpenToUsersToggle
        /// Shut the server down.
        96 TurnOffServer
        /// Make a player a criminal.
        97 TurnCriminal { username: String }
        /// Clear a player's faction.
        98 ResetFactions { username: String }
        /// Expel a player from their guild.
        99 RemoveCharFromGuild { username: String }
        /// Tell a character's e-mail.
        100 RequestCharMail { username: String }
        /// Give a character another one's password.
        101 AlterPassword { username: String, copy_from: String }
        /// Change a character's e-mail.
        102 AlterMail { username: String, new_mail: String }
        /// Rename a character.
        103 AlterName { username: String, new_name: String }
        /// Switch the sentinel on or off.
        104 ToggleCentinelActivated
        /// Save the world.
        105 DoBackUp
        /// Listen to a guild's chat.
        106 ShowGuildMessages { guild_name: String }
        /// Save the own map.
        107 SaveMap
        /// Make the map safe, or not.
        108 ChangeMapInfoPK { pk: bool }
        /// Save the map with the world, or not.
        109 ChangeMapInfoBackup { backup: bool }
        /// Set the restriction on entering the map.
        110 ChangeMapInfoRestricted { restriction: String }
        /// Forbid magic on the map.
        111 ChangeMapInfoNoMagic { value: bool }
        /// Forbid invisibility on the map.
        112 ChangeMapInfoNoInvi { value: bool }
        /// Forbid resurrection on the map.
        113 ChangeMapInfoNoResu { value: bool }
        /// Set the map's terrain.
        114 ChangeMapInfoLand { value: String }
        /// Set the map's zone.
        115 ChangeMapInfoZone { value: String }
        /// Allow stealing creatures on the map.
        116 ChangeMapInfoStealNpc { value: bool }
        /// Forbid hiding on the map.
        117 ChangeMapInfoNoOcultar { value: bool }
        /// Forbid summoning on the map.
        118 ChangeMapInfoNoInvocar { value: bool }
        /// Save every character.
        119 SaveChars
        /// Clear the requests for help.
        120 CleanSOS
        /// Show the server's own window.
        121 ShowServerForm
        /// Make it night, or day.
        122 Night
        /// Disconnect everyone.
        123 KickAllChars
        /// Read the creatures' data again.
        124 ReloadNPCs
        /// Read the server's settings again.
        125 ReloadServerIni
        /// Read the spells' data again.
        126 ReloadSpells
        /// Read the objects' data again.
        127 ReloadObjects
        /// Restart the server.
        128 Restart
        /// Reset the data of the automatic update.
        129 ResetAutoUpdate
        /// Choose the colour of the own speech.
        130 ChatColor { r: u8, g: u8, b: u8 }
        /// Be ignored by creatures, or not.
        131 Ignored
        /// Show one inventory slot of a player.
        132 CheckSlot { username: String, slot: u8 }
        /// Write a setting of the server.
        133 SetIniVar { section: String, key: String, value: String }
        /// Make the praetorian clan.
        134 CreatePretorianClan { map: i16, x: u8, y: u8 }
        /// Remove the praetorian clan.
        135 RemovePretorianClan { map: i16 }
        /// Receive complaints, or not.
        136 EnableDenounces
        /// List the complaints.
        137 ShowDenouncesList
        /// Write a line to the console of everyone on the map.
        138 MapMessage { text: String }
        /// Set the text of the chosen creature.
        139 SetDialog { text: String }
        /// Take the look and the place of the chosen creature.
        140 Impersonate
        /// Take the look of the target.
        141 Imitate
        /// Begin to watch a player.
        142 RecordAdd { username: String, reason: String }
        /// Stop watching a player.
        143 RecordRemove { index: u8 }
        /// Add an observation on a watched player.
        144 RecordAddObs { index: u8, text: String }
        /// List the watched players.
        145 RecordListRequest
        /// Show a watched player's record.
        146 RecordDetailsRequest { index: u8 }
        /// Rename a guild.
        147 AlterGuildName { old_name: String, new_name: String }
        /// Say something to the highest administrators.
        148 HigherAdminsMessage { text: String }
    }
}
