//! Reputation: six counters, their average, and the colour of the name.

use crate::records::ReputationRecord;

/// Name colour bit of a criminal.
const CRIMINAL: u8 = 1;
/// Name colour bit of a citizen.
const CITIZEN: u8 = 2;

/// Returns the average of the six reputations: good ones minus bad ones, divided by six, towards zero (AO 0.13).
#[must_use]
pub fn average_reputation(reputation: &ReputationRecord) -> i64 {
    let good = [reputation.noble, reputation.bourgeois, reputation.plebeian];
    let bad = [reputation.assassin, reputation.bandit, reputation.thief];
    let sum = |counters: [u32; 3]| counters.into_iter().map(i64::from).sum::<i64>();
    (sum(good) - sum(bad)) / 6
}

/// Returns true if that reputation makes a criminal: a negative average.
#[must_use]
pub fn is_criminal(reputation: &ReputationRecord) -> bool {
    average_reputation(reputation) < 0
}

/// Returns the bits of the name's colour.
#[must_use]
pub fn nick_color(reputation: &ReputationRecord) -> u8 {
    if is_criminal(reputation) { CRIMINAL } else { CITIZEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_minus_five_is_a_citizen_and_minus_six_a_criminal() {
        let reputation =
            |thief| ReputationRecord { assassin: 0, bandit: 0, bourgeois: 0, thief, noble: 0, plebeian: 0 };
        assert!(!is_criminal(&reputation(5)));
        assert!(is_criminal(&reputation(6)));
        assert_eq!((nick_color(&reputation(5)), nick_color(&reputation(6))), (2, 1));
    }
}
