//! What a class is good at in a fight (AO 0.13).

use super::kinds::Class;

/// Kind of fighting: it decides over the skill and the modifiers that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fighting {
    /// With a weapon in the hand: skill Armas.
    Armed,
    /// With a bow or a thrown weapon: skill Proyectiles.
    Ranged,
    /// With bare hands, gloves included: skill Wrestling.
    Unarmed,
}

/// Factors of a class, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassModifiers {
    /// Factor of the evasion.
    pub evasion: u16,
    /// Factors of the attack: armed, ranged, unarmed.
    pub attack: [u16; 3],
    /// Factors of the damage: armed, ranged, unarmed.
    pub damage: [u16; 3],
    /// Factor of the shield.
    pub shield: u16,
}

impl ClassModifiers {
    /// Returns the factors of a class: the table `[MODEVASION]` to `[MODESCUDO]` of AO 0.13's balance.
    ///
    /// A warrior evades with 1, attacks with 1 (armed), 0.8 (ranged) and 0.6 (unarmed), and deals 1.1, 0.9 and 0.4.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        let (evasion, attack, damage, shield) = match class {
            Class::Warrior => (1_000, [1_000, 800, 600], [1_100, 900, 400], 1_000),
            Class::Hunter => (900, [800, 1_000, 500], [900, 1_100, 400], 800),
            Class::Paladin => (900, [950, 750, 400], [925, 800, 400], 1_000),
            Class::Bandit => (700, [850, 800, 950], [850, 700, 1_050], 2_000),
            Class::Assassin => (1_100, [900, 750, 400], [900, 800, 400], 800),
            Class::Pirate => (1_250, [900, 900, 500], [950, 800, 400], 600),
            Class::Thief => (1_100, [800, 850, 800], [750, 850, 1_050], 700),
            Class::Cleric => (800, [850, 700, 400], [800, 700, 400], 850),
            Class::Bard => (1_075, [700, 700, 400], [750, 700, 400], 800),
            Class::Mage => (400, [500, 500, 300], [500, 500, 400], 600),
            Class::Druid => (750, [650, 750, 400], [700, 750, 400], 750),
            Class::Worker => (800, [800, 700, 500], [800, 700, 400], 700),
        };
        Self { evasion, attack, damage, shield }
    }

    /// Returns the factor of the attack, in thousandths.
    #[must_use]
    pub const fn attack(&self, fighting: Fighting) -> u16 {
        self.attack[fighting as usize]
    }

    /// Returns the factor of the damage, in thousandths.
    #[must_use]
    pub const fn damage(&self, fighting: Fighting) -> u16 {
        self.damage[fighting as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_fighting_has_its_own_factor() {
        let bandit = ClassModifiers::of(Class::Bandit);
        let attack = [Fighting::Armed, Fighting::Ranged, Fighting::Unarmed].map(|kind| bandit.attack(kind));
        let damage = [Fighting::Armed, Fighting::Ranged, Fighting::Unarmed].map(|kind| bandit.damage(kind));
        assert_eq!((attack, damage), ([850, 800, 950], [850, 700, 1_050]));
        assert_eq!((bandit.evasion, bandit.shield), (700, 2_000));
    }

    #[test]
    fn the_columns_sum_up_to_those_of_the_table() {
        let all = Class::ALL.map(ClassModifiers::of);
        let sum = |pick: fn(&ClassModifiers) -> u16| all.iter().map(pick).map(u32::from).sum::<u32>();
        assert_eq!((sum(|class| class.evasion), sum(|class| class.shield)), (10_775, 10_600));
        assert_eq!(sum(|class| class.attack[0]), 9_700);
        assert_eq!(sum(|class| class.attack[1]), 9_200);
        assert_eq!(sum(|class| class.attack[2]), 6_150);
        assert_eq!(sum(|class| class.damage[0]), 9_925);
        assert_eq!(sum(|class| class.damage[1]), 9_300);
        assert_eq!(sum(|class| class.damage[2]), 6_100);
    }
}
