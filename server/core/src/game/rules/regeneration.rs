//! What time does to a living character: hunger, thirst, healing, stamina, poison, cold and lava (AO 0.13).
//!
//! A counter of AO 0.13 fires when it has reached its interval: the period is one tick longer than the interval.

use super::TICK;
use super::rounding::{percent, to_bar};
use crate::base::Millis;
use crate::base::random::Random;
use crate::content::Terrain;

/// Ticks between hit points, while not resting.
pub const HP_INTERVAL: u64 = 1_600;
/// Ticks between hit points, while resting.
pub const RESTING_HP_INTERVAL: u64 = 100;
/// Ticks between stamina, while not resting.
pub const STAMINA_INTERVAL: u64 = 10;
/// Ticks between stamina, while resting.
pub const RESTING_STAMINA_INTERVAL: u64 = 5;
/// Ticks between steps of thirst.
pub const THIRST_INTERVAL: u64 = 6_000;
/// Ticks between steps of hunger.
pub const HUNGER_INTERVAL: u64 = 6_500;
/// Ticks between blows of poison.
pub const POISON_INTERVAL: u64 = 500;
/// Ticks between blows of cold, and of lava.
pub const COLD_INTERVAL: u64 = 15;
/// Points of food or water that a step of hunger or thirst takes.
pub const HUNGER_STEP: u8 = 10;
/// Most columns between a resting character and its campfire.
pub const CAMPFIRE_REACH_X: u8 = 8;
/// Most rows between a resting character and its campfire.
pub const CAMPFIRE_REACH_Y: u8 = 6;

/// Returns the period of an interval in ticks: `(interval + 1) · 40 ms` (AO 0.13).
///
/// 1,600 ticks are 64.04 s, 10 are 0.44 s.
#[must_use]
pub const fn period(interval: u64) -> Millis {
    interval.saturating_add(1).saturating_mul(TICK)
}

/// Rolls the hit points of a period: `rand(2, round(5 % of the most stamina))`, 2 where that is less (AO 0.13: it is the
/// stamina indeed). Only of characters that are neither hungry nor thirsty.
///
/// With 400 stamina 2 to 20.
pub fn hp_gain(max_stamina: u16, random: &mut Random) -> u16 {
    to_bar(random.between(2, percent(max_stamina.into(), 5)))
}

/// Rolls the stamina of a period: `rand(1, round(5 % of the most stamina))`; nothing for the naked (AO 0.13). Only of
/// characters that are neither hungry nor thirsty.
///
/// With 400 stamina 1 to 20.
pub fn stamina_gain(max_stamina: u16, is_naked: bool, random: &mut Random) -> u16 {
    if is_naked { 0 } else { to_bar(random.between(1, percent(max_stamina.into(), 5))) }
}

/// Rolls the hit points that poison takes in a period: `rand(1,5)` (AO 0.13).
pub fn poison_damage(random: &mut Random) -> u16 {
    to_bar(random.between(1, 5))
}

/// What the cold takes of the naked in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cold {
    /// Hit points; it may kill.
    Hp(u16),
    /// Stamina.
    Stamina(u16),
}

/// Returns what the cold takes of the naked in a period: in snow 5 % of the most hit points, elsewhere 5 % of the most
/// stamina, rounded (AO 0.13).
///
/// 150 hit points lose round(7.5) = 8 in snow.
#[must_use]
pub fn cold(terrain: Terrain, max_hp: u16, max_stamina: u16) -> Cold {
    match terrain {
        Terrain::Snow => Cold::Hp(to_bar(percent(max_hp.into(), 5))),
        Terrain::Forest | Terrain::Desert | Terrain::City => {
            Cold::Stamina(to_bar(percent(max_stamina.into(), 5)))
        }
    }
}

/// Returns the hit points that lava takes in a period: 5 % of the most, rounded; it may kill (AO 0.13).
#[must_use]
pub fn lava_damage(max_hp: u16) -> u16 {
    to_bar(percent(max_hp.into(), 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_one_tick_longer_than_their_intervals() {
        let periods = [
            (HP_INTERVAL, 64_040),
            (RESTING_HP_INTERVAL, 4_040),
            (STAMINA_INTERVAL, 440),
            (RESTING_STAMINA_INTERVAL, 240),
            (COLD_INTERVAL, 640),
            (POISON_INTERVAL, 20_040),
        ];
        for (interval, millis) in periods {
            assert_eq!(period(interval), millis, "{interval} ticks");
        }
        assert_eq!((period(THIRST_INTERVAL) / 1_000, period(HUNGER_INTERVAL) / 1_000), (240, 260));
    }

    #[test]
    fn bars_grow_by_up_to_five_percent_of_the_stamina() {
        assert_eq!(hp_gain(400, &mut Random::scripted(&[20])), 20);
        assert_eq!(hp_gain(400, &mut Random::scripted(&[2])), 2);
        assert_eq!(hp_gain(20, &mut Random::new(1)), 2);
        assert_eq!(stamina_gain(400, false, &mut Random::scripted(&[1])), 1);
        assert_eq!(stamina_gain(400, false, &mut Random::scripted(&[20])), 20);
        assert_eq!(stamina_gain(400, true, &mut Random::scripted(&[])), 0);
        assert_eq!(poison_damage(&mut Random::scripted(&[5])), 5);
    }

    #[test]
    fn cold_takes_life_in_snow_and_strength_elsewhere() {
        assert_eq!(cold(Terrain::Snow, 150, 400), Cold::Hp(8));
        assert_eq!(cold(Terrain::Forest, 150, 400), Cold::Stamina(20));
        assert_eq!(lava_damage(150), 8);
    }
}
