//! A number that tells whether two worlds have the same maps.

use super::Content;

/// Start and factor of the 64-bit FNV-1a hash: the same on every machine and in every version.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl Content {
    /// Returns a number that changes with the number of a map, the ground of a tile or the exits of any map.
    #[must_use]
    pub fn maps_fingerprint(&self) -> u64 {
        let mut hash = FNV_OFFSET;
        let mut take = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        for map in self.maps() {
            map.number.get().to_le_bytes().into_iter().for_each(&mut take);
            map.ground().for_each(&mut take);
            for (x, y, destination) in map.exits() {
                let [low, high] = destination.map.get().to_le_bytes();
                [x, y, low, high, destination.x, destination.y].into_iter().for_each(&mut take);
            }
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_maps_have_the_same_fingerprint_and_any_change_another() {
        let fingerprint = Content::starter().maps_fingerprint();
        assert_eq!(Content::starter().maps_fingerprint(), fingerprint);
        assert_ne!(Content::empty().maps_fingerprint(), fingerprint);
    }
}
