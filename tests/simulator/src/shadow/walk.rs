//! Movement: the own character's predicted steps and the derived steps of the others.

use pyao_core::protocol::client::ClientPacket;

use super::ShadowClient;

/// Returns the tile one step from `(x, y)` towards `heading`; the client knows no edge of the map.
fn neighbour((x, y): (u8, u8), heading: u8) -> (u8, u8) {
    match heading {
        1 => (x, y.wrapping_sub(1)),
        2 => (x.wrapping_add(1), y),
        3 => (x, y.wrapping_add(1)),
        4 => (x.wrapping_sub(1), y),
        _ => (x, y),
    }
}

impl ShadowClient {
    /// Presses a movement key. Returns the packet that the client sends for it, if any. A free tile is walked on at
    /// once, without waiting for the server. The picture has no map, so only characters and received blocks stop it.
    pub fn predict_walk(&mut self, heading: u8) -> Option<ClientPacket> {
        let state = &self.state;
        if state.commerce_open || state.bank_open || state.trading || state.paused || state.travelling_home {
            return None;
        }
        if state.meditating || state.resting {
            return Some(ClientPacket::Walk { heading });
        }
        let paralysed = state.paralysed;
        let own = self.own()?;
        let target = neighbour((own.x, own.y), heading);
        if paralysed || self.looks_blocked(target) {
            return (own.heading != heading).then_some(ClientPacket::ChangeHeading { heading });
        }
        self.step_own(heading);
        Some(ClientPacket::Walk { heading })
    }

    /// Returns true if a character or a block that it received keeps the client from stepping there.
    #[must_use]
    pub fn looks_blocked(&self, tile: (u8, u8)) -> bool {
        let taken = self.characters.iter().any(|(index, other)| {
            Some(*index) != self.own_index && (other.x, other.y) == tile && !other.gives_way()
        });
        taken || self.blocked.get(&tile) == Some(&true)
    }

    pub(super) fn step_own(&mut self, heading: u8) {
        if let Some(own) = self.own_index.and_then(|index| self.characters.get_mut(&index)) {
            (own.x, own.y) = neighbour((own.x, own.y), heading);
            own.heading = heading;
        }
    }

    /// `PosUpdate`: the own character stands there, whatever was predicted.
    pub(super) fn snap_own(&mut self, x: u8, y: u8) {
        self.check_tile(x, y, "PosUpdate");
        if let Some(own) = self.own_index.and_then(|index| self.characters.get_mut(&index)) {
            (own.x, own.y) = (x, y);
        }
    }

    /// `ForceCharMove`: the server pushes the own character one tile.
    pub(super) fn push_own(&mut self, heading: u8) {
        self.check_heading(heading, "ForceCharMove");
        self.check(self.own().is_some(), || "ForceCharMove before the own character is known".to_owned());
        self.step_own(heading);
    }

    /// `CharacterMove`: exactly one tile in the direction of the difference, x first; no difference is south.
    pub(super) fn step_other(&mut self, char_index: i16, x: u8, y: u8) {
        self.check(Some(char_index) != self.own_index, || "CharacterMove of the own character".to_owned());
        let Some(seen) = self.characters.get_mut(&char_index) else {
            self.fault(format!("CharacterMove of unknown character {char_index}"));
            return;
        };
        let from = (seen.x, seen.y);
        let (dx, dy) = (i16::from(x) - i16::from(seen.x), i16::from(y) - i16::from(seen.y));
        seen.heading = match (dx, dy) {
            (1.., _) => 2,
            (..=-1, _) => 4,
            (0, ..=-1) => 1,
            (0, _) => 3,
        };
        (seen.x, seen.y) = neighbour(from, seen.heading);
        let one_tile = dx.abs() + dy.abs() == 1;
        self.check(one_tile, || {
            format!("CharacterMove of {char_index} from {from:?} to {:?} is no single step", (x, y))
        });
    }
}
