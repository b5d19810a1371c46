//! Packets without a system, as patterns. A packet whose system is built moves from here to the dispatcher.

/// Packets without an effect to expect: clients send them on their own, or after a window that cannot be open.
macro_rules! silent {
    () => {
        // Minimap, shift and click, double click.
        ClientPacket::GMCommands { .. }
            | ClientPacket::DoubleClick { .. }
            | ClientPacket::UseSpellMacro
            | ClientPacket::CastSpell { .. }
            | ClientPacket::InitCrafting { .. }
            // The windows these close, or act in, cannot be open.
            | ClientPacket::CommerceEnd
            | ClientPacket::UserCommerceEnd
            | ClientPacket::UserCommerceConfirm
            | ClientPacket::UserCommerceOk
            | ClientPacket::UserCommerceReject
            | ClientPacket::UserCommerceOffer { .. }
            | ClientPacket::CommerceChat { .. }
            | ClientPacket::CommerceBuy { .. }
            | ClientPacket::CommerceSell { .. }
            | ClientPacket::BankEnd
            | ClientPacket::BankDeposit { .. }
            | ClientPacket::BankExtractItem { .. }
            | ClientPacket::MoveBank { .. }
            // A form sent twice: the second comes after the login.
            | ClientPacket::ThrowDices
            | ClientPacket::LoginExistingChar { .. }
            | ClientPacket::LoginNewChar { .. }
    };
}

/// Packets of systems that are not built: the player is told so.
macro_rules! refused {
    () => {
        ClientPacket::Attack { .. }
            | ClientPacket::PickUp { .. }
            | ClientPacket::RequestGuildLeaderInfo { .. }
            | ClientPacket::Drop { .. }
            | ClientPacket::Work { .. }
            | ClientPacket::UseItem { .. }
            | ClientPacket::CraftBlacksmith { .. }
            | ClientPacket::CraftCarpenter { .. }
            | ClientPacket::WorkLeftClick { .. }
            | ClientPacket::CreateNewGuild { .. }
            | ClientPacket::EquipItem { .. }
            | ClientPacket::Train { .. }
            | ClientPacket::ForumPost { .. }
            | ClientPacket::ClanCodexUpdate { .. }
            | ClientPacket::GuildAcceptPeace { .. }
            | ClientPacket::GuildRejectAlliance { .. }
            | ClientPacket::GuildRejectPeace { .. }
            | ClientPacket::GuildAcceptAlliance { .. }
            | ClientPacket::GuildOfferPeace { .. }
            | ClientPacket::GuildOfferAlliance { .. }
            | ClientPacket::GuildAllianceDetails { .. }
            | ClientPacket::GuildPeaceDetails { .. }
            | ClientPacket::GuildRequestJoinerInfo { .. }
            | ClientPacket::GuildAlliancePropList { .. }
            | ClientPacket::GuildPeacePropList { .. }
            | ClientPacket::GuildDeclareWar { .. }
            | ClientPacket::GuildNewWebsite { .. }
            | ClientPacket::GuildAcceptNewMember { .. }
            | ClientPacket::GuildRejectNewMember { .. }
            | ClientPacket::GuildKickMember { .. }
            | ClientPacket::GuildUpdateNews { .. }
            | ClientPacket::GuildMemberInfo { .. }
            | ClientPacket::GuildOpenElections { .. }
            | ClientPacket::GuildRequestMembership { .. }
            | ClientPacket::GuildRequestDetails { .. }
            | ClientPacket::GuildLeave { .. }
            | ClientPacket::RequestAccountState { .. }
            | ClientPacket::PetStand { .. }
            | ClientPacket::PetFollow { .. }
            | ClientPacket::ReleasePet { .. }
            | ClientPacket::TrainList { .. }
            | ClientPacket::Rest { .. }
            | ClientPacket::Meditate { .. }
            | ClientPacket::Resucitate { .. }
            | ClientPacket::Heal { .. }
            | ClientPacket::CommerceStart { .. }
            | ClientPacket::BankStart { .. }
            | ClientPacket::Enlist { .. }
            | ClientPacket::Information { .. }
            | ClientPacket::Reward { .. }
            | ClientPacket::PartyLeave { .. }
            | ClientPacket::PartyCreate { .. }
            | ClientPacket::PartyJoin { .. }
            | ClientPacket::Inquiry { .. }
            | ClientPacket::GuildMessage { .. }
            | ClientPacket::PartyMessage { .. }
            | ClientPacket::CentinelReport { .. }
            | ClientPacket::GuildOnline { .. }
            | ClientPacket::PartyOnline { .. }
            | ClientPacket::CouncilMessage { .. }
            | ClientPacket::RoleMasterRequest { .. }
            | ClientPacket::GMRequest { .. }
            | ClientPacket::BugReport { .. }
            | ClientPacket::GuildVote { .. }
            | ClientPacket::Punishments { .. }
            | ClientPacket::Gamble { .. }
            | ClientPacket::InquiryVote { .. }
            | ClientPacket::LeaveFaction { .. }
            | ClientPacket::BankExtractGold { .. }
            | ClientPacket::BankDepositGold { .. }
            | ClientPacket::Denounce { .. }
            | ClientPacket::GuildFundate { .. }
            | ClientPacket::GuildFundation { .. }
            | ClientPacket::PartyKick { .. }
            | ClientPacket::PartySetLeader { .. }
            | ClientPacket::PartyAcceptMember { .. }
            | ClientPacket::RequestPartyForm { .. }
            | ClientPacket::ItemUpgrade { .. }
            | ClientPacket::Home { .. }
            | ClientPacket::ShowGuildNews { .. }
            | ClientPacket::ShareNpc { .. }
            | ClientPacket::StopSharingNpc { .. }
            | ClientPacket::Consultation { .. }
    };
}

pub(super) use {refused, silent};
