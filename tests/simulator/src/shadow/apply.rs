//! Effect of each packet on the picture, on the game screen.

use std::collections::BTreeMap;

use pyao_core::protocol::server::ServerPacket;

use super::{ChatLine, ConsoleLine, ItemSlot, SeenCharacter, ShadowClient};

/// Slots the client has, by list.
const INVENTORY_SLOTS: u8 = 25;
const BANK_SLOTS: u8 = 40;
const MERCHANT_SLOTS: u8 = 50;
const SPELL_SLOTS: u8 = 35;
/// The last console style.
const LAST_FONT: u8 = 20;
/// The last class that the statistics window names; it shows 0 as a dash.
const LAST_NAMED_CLASS: u8 = 8;

impl ShadowClient {
    pub(super) fn apply(&mut self, packet: ServerPacket<'static>) {
        // Each part takes the packets of its subject and gives the others back.
        let rest = self.apply_world(packet);
        let rest = rest.and_then(|packet| self.apply_characters(packet));
        let rest = rest.and_then(|packet| self.apply_numbers(packet));
        let rest = rest.and_then(|packet| self.apply_slots(packet));
        let rest = rest.and_then(|packet| self.apply_state(packet));
        if let Some(packet) = rest {
            self.apply_texts(packet);
        }
    }

    fn apply_world(&mut self, packet: ServerPacket<'static>) -> Option<ServerPacket<'static>> {
        match packet {
            ServerPacket::ChangeMap { map, .. } => {
                let exists = (1..=290).contains(&map) || map == 393;
                self.check(exists, || format!("the client has no map {map}"));
                self.map = Some(map);
                self.characters.clear();
                self.objects.clear();
                self.blocked.clear();
            }
            ServerPacket::ObjectCreate { x, y, grh_index } => {
                self.check_placed(x, y, "ObjectCreate");
                self.check_floor_graphic(grh_index);
                self.objects.insert((x, y), grh_index);
            }
            ServerPacket::ObjectDelete { x, y } => {
                self.check_tile(x, y, "ObjectDelete");
                self.objects.remove(&(x, y));
            }
            ServerPacket::BlockPosition { x, y, blocked } => {
                self.check_placed(x, y, "BlockPosition");
                self.blocked.insert((x, y), blocked);
            }
            other => return Some(other),
        }
        None
    }

    fn apply_characters(&mut self, packet: ServerPacket<'static>) -> Option<ServerPacket<'static>> {
        match packet {
            ServerPacket::CharacterCreate { .. } => self.create_character(packet),
            ServerPacket::CharacterChange { .. } => self.change_character(packet),
            ServerPacket::CharacterRemove { char_index } => {
                self.characters.remove(&char_index);
            }
            ServerPacket::CharacterMove { char_index, x, y } => self.move_other(char_index, x, y),
            ServerPacket::CharacterChangeNick { char_index, name } => {
                self.with_known(char_index, "CharacterChangeNick", |seen| seen.name = name.into_owned());
            }
            ServerPacket::UpdateTagAndStatus { char_index, nick_color, tag } => {
                self.with_known(char_index, "UpdateTagAndStatus", |seen| {
                    seen.nick_color = nick_color;
                    seen.name = tag.into_owned();
                });
            }
            ServerPacket::SetInvisible { char_index, invisible } => {
                self.with_known(char_index, "SetInvisible", |seen| seen.invisible = invisible);
            }
            ServerPacket::CreateFX { char_index, fx, .. } => {
                self.check_effect(fx);
                self.with_known(char_index, "CreateFX", |seen| seen.fx = fx);
            }
            ServerPacket::UserCharIndexInServer { char_index } => {
                self.check_known(char_index, "UserCharIndexInServer");
                self.own_index = Some(char_index);
            }
            ServerPacket::PosUpdate { x, y } => self.snap_own(x, y),
            ServerPacket::ForceCharMove { heading } => self.push_own(heading),
            other => return Some(other),
        }
        None
    }

    fn create_character(&mut self, packet: ServerPacket<'static>) {
        let ServerPacket::CharacterCreate {
            char_index,
            body,
            head,
            heading,
            x,
            y,
            weapon,
            shield,
            helmet,
            fx,
            fx_loops: _,
            name,
            nick_color,
            privileges,
        } = packet
        else {
            return;
        };
        self.check(char_index > 0, || format!("CharacterCreate with index {char_index}"));
        self.check_placed(x, y, "CharacterCreate");
        self.check_heading(heading, "CharacterCreate");
        self.check_look([body, head, weapon, shield, helmet], "CharacterCreate");
        self.check_effect(fx);
        let name = name.into_owned();
        let (invisible, fx) = (false, 0);
        let seen = SeenCharacter {
            x,
            y,
            heading,
            body,
            head,
            weapon,
            shield,
            helmet,
            name,
            nick_color,
            privileges,
            invisible,
            fx,
        };
        self.characters.insert(char_index, seen);
    }

    fn change_character(&mut self, packet: ServerPacket<'static>) {
        let ServerPacket::CharacterChange {
            char_index, body, head, heading, weapon, shield, helmet, fx, ..
        } = packet
        else {
            return;
        };
        self.check_heading(heading, "CharacterChange");
        self.check_look([body, head, weapon, shield, helmet], "CharacterChange");
        self.check_effect(fx);
        self.with_known(char_index, "CharacterChange", |seen| {
            (seen.body, seen.head, seen.heading) = (body, head, heading);
            (seen.weapon, seen.shield, seen.helmet) = (weapon, shield, helmet);
        });
    }

    fn apply_numbers(&mut self, packet: ServerPacket<'static>) -> Option<ServerPacket<'static>> {
        let stats = &mut self.stats;
        match packet {
            ServerPacket::UpdateUserStats {
                max_hp,
                hp,
                max_mana,
                mana,
                max_sta,
                sta,
                gold,
                level,
                exp_next_level,
                exp,
            } => {
                (stats.hp, stats.max_hp) = (hp, max_hp);
                (stats.mana, stats.max_mana) = (mana, max_mana);
                (stats.stamina, stats.max_stamina) = (sta, max_sta);
                (stats.gold, stats.level) = (gold, level);
                (stats.experience, stats.experience_for_next_level) = (exp, exp_next_level);
            }
            ServerPacket::UpdateHP { hp } => stats.hp = hp,
            ServerPacket::UpdateMana { mana } => stats.mana = mana,
            ServerPacket::UpdateSta { stamina } => stats.stamina = stamina,
            ServerPacket::UpdateGold { gold } => stats.gold = gold,
            ServerPacket::UpdateBankGold { gold } => stats.bank_gold = gold,
            ServerPacket::UpdateExp { experience } => stats.experience = experience,
            ServerPacket::UpdateHungerAndThirst { max_thirst, thirst, max_hunger, hunger } => {
                (stats.thirst, stats.max_thirst) = (thirst, max_thirst);
                (stats.hunger, stats.max_hunger) = (hunger, max_hunger);
            }
            ServerPacket::UpdateStrenghtAndDexterity { strength, agility } => {
                (stats.strength, stats.agility) = (strength, agility);
            }
            ServerPacket::UpdateStrenght { strength } => stats.strength = strength,
            ServerPacket::UpdateDexterity { agility } => stats.agility = agility,
            ServerPacket::LevelUp { free_skill_points } => self.free_skill_points = free_skill_points,
            // The skills window opens with the points of the LevelUp before.
            ServerPacket::SendSkills { .. } => {
                let is_after_level_up = self.is_after_level_up;
                self.check(is_after_level_up, || "SendSkills without a LevelUp right before it".to_owned());
            }
            ServerPacket::MiniStats { class, .. } => {
                self.check(class <= LAST_NAMED_CLASS, || format!("the client has no name for class {class}"));
            }
            other => return Some(other),
        }
        None
    }

    fn apply_slots(&mut self, packet: ServerPacket<'static>) -> Option<ServerPacket<'static>> {
        match packet {
            ServerPacket::ChangeInventorySlot {
                slot,
                obj_index,
                name,
                amount,
                equipped,
                grh_index,
                obj_type,
                sale_price: price,
                ..
            } => {
                self.check_slot(slot, INVENTORY_SLOTS, "inventory");
                self.check_icon(obj_index, grh_index);
                let name = name.into_owned();
                let item = ItemSlot { obj_index, name, amount, equipped, grh_index, obj_type, price };
                set_slot(&mut self.inventory, slot, item);
            }
            ServerPacket::ChangeBankSlot {
                slot,
                obj_index,
                name,
                amount,
                grh_index,
                obj_type,
                value,
                ..
            } => {
                self.check_slot(slot, BANK_SLOTS, "bank");
                self.check_icon(obj_index, grh_index);
                let (name, price) = (name.into_owned(), value as f32);
                let item = ItemSlot { obj_index, name, amount, equipped: false, grh_index, obj_type, price };
                set_slot(&mut self.bank, slot, item);
            }
            ServerPacket::ChangeNPCInventorySlot {
                slot,
                name,
                amount,
                price,
                grh_index,
                obj_index,
                obj_type,
                ..
            } => {
                self.check_slot(slot, MERCHANT_SLOTS, "merchant");
                self.check_icon(obj_index, grh_index);
                let name = name.into_owned();
                let item = ItemSlot { obj_index, name, amount, equipped: false, grh_index, obj_type, price };
                set_slot(&mut self.merchant, slot, item);
            }
            ServerPacket::ChangeSpellSlot { slot, spell_id, name } => {
                self.check_slot(slot, SPELL_SLOTS, "spell");
                self.check((spell_id == 0) == (name == "(None)"), || {
                    format!("spell slot {slot} holds spell {spell_id} named {name:?}")
                });
                if spell_id == 0 {
                    self.spells.remove(&slot);
                } else {
                    self.spells.insert(slot, (spell_id, name.into_owned()));
                }
            }
            other => return Some(other),
        }
        None
    }

    fn apply_state(&mut self, packet: ServerPacket<'static>) -> Option<ServerPacket<'static>> {
        let state = &mut self.state;
        match packet {
            ServerPacket::NavigateToggle => state.sailing = !state.sailing,
            ServerPacket::PauseToggle => state.paused = !state.paused,
            ServerPacket::RestOK => state.resting = !state.resting,
            ServerPacket::MeditateToggle => state.meditating = !state.meditating,
            ServerPacket::ParalizeOK => state.paralysed = !state.paralysed,
            ServerPacket::Blind => state.blind = true,
            ServerPacket::BlindNoMore => state.blind = false,
            ServerPacket::Dumb => state.dumb = true,
            ServerPacket::DumbNoMore => state.dumb = false,
            ServerPacket::UserCommerceInit { .. } => state.trading = true,
            ServerPacket::UserCommerceEnd => state.trading = false,
            ServerPacket::CommerceInit => {
                let was = std::mem::replace(&mut state.commerce_open, true);
                self.check(!was, || "CommerceInit while the merchant's window is open".to_owned());
            }
            ServerPacket::CommerceEnd => {
                let was = std::mem::replace(&mut state.commerce_open, false);
                self.check(was, || "CommerceEnd without a merchant's window".to_owned());
            }
            ServerPacket::BankInit { gold } => {
                let was = std::mem::replace(&mut state.bank_open, true);
                self.stats.bank_gold = gold;
                self.check(!was, || "BankInit while the bank's window is open".to_owned());
            }
            ServerPacket::BankEnd => {
                let was = std::mem::replace(&mut state.bank_open, false);
                self.check(was, || "BankEnd without a bank's window".to_owned());
            }
            other => return Some(other),
        }
        None
    }

    fn apply_texts(&mut self, packet: ServerPacket<'static>) {
        match packet {
            ServerPacket::ConsoleMsg { text, font } => {
                self.check(font <= LAST_FONT, || format!("a console line with font {font}"));
                self.console.push(ConsoleLine { text: text.into_owned(), font });
            }
            // The client drops chat of characters that it does not know, without harm.
            ServerPacket::ChatOverHead { text, char_index, r, g, b }
                if self.characters.contains_key(&char_index) =>
            {
                self.chat.push(ChatLine { char_index, text: text.into_owned(), color: (r, g, b) });
            }
            ServerPacket::ShowMessageBox { text } => self.boxes.push(text.into_owned()),
            ServerPacket::ErrorMsg { text } => {
                self.errors.push(text.into_owned());
                self.leaves = true;
            }
            ServerPacket::MultiMessage { message } => self.note_message(message),
            ServerPacket::PlayWave { wave, .. } => self.check_sound(wave),
            ServerPacket::Pong => {
                self.check(self.pings > 0, || "Pong without a ping".to_owned());
                self.pings = self.pings.saturating_sub(1);
            }
            ServerPacket::Logged { .. } => {
                let first = self.received.count("Logged") == 1;
                self.check(first, || "Logged twice".to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn move_other(&mut self, char_index: i16, x: u8, y: u8) {
        self.check_tile(x, y, "CharacterMove");
        self.step_other(char_index, x, y);
    }

    pub(super) fn check_known(&mut self, char_index: i16, packet: &str) {
        let known = self.characters.contains_key(&char_index);
        self.check(known, || format!("{packet} of unknown character {char_index}"));
    }

    fn with_known(&mut self, char_index: i16, packet: &str, change: impl FnOnce(&mut SeenCharacter)) {
        match self.characters.get_mut(&char_index) {
            Some(seen) => change(seen),
            None => self.fault(format!("{packet} of unknown character {char_index}")),
        }
    }

    fn check_placed(&mut self, x: u8, y: u8, packet: &str) {
        self.check(self.map.is_some(), || format!("{packet} before ChangeMap"));
        self.check_tile(x, y, packet);
    }

    pub(super) fn check_tile(&mut self, x: u8, y: u8, packet: &str) {
        let on_map = (1..=100).contains(&x) && (1..=100).contains(&y);
        self.check(on_map, || format!("{packet} at {x},{y}, off the map"));
    }

    pub(super) fn check_heading(&mut self, heading: u8, packet: &str) {
        self.check((1..=4).contains(&heading), || format!("{packet} with heading {heading}"));
    }

    fn check_slot(&mut self, slot: u8, slots: u8, list: &str) {
        self.check((1..=slots).contains(&slot), || format!("no {list} slot {slot}"));
    }
}

fn set_slot(slots: &mut BTreeMap<u8, ItemSlot>, slot: u8, item: ItemSlot) {
    if item.obj_index == 0 {
        slots.remove(&slot);
    } else {
        slots.insert(slot, item);
    }
}
