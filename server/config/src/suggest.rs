//! "Did you mean …?" for mistyped names.

use strsim::levenshtein;

/// Returns `; did you mean X?` when one of `known` is close to `typed`, else nothing.
#[must_use]
pub fn hint<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> String {
    let limit = (typed.chars().count() / 3).clamp(1, 4);
    known
        .map(|name| (levenshtein(typed, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

/// Puts those of `names` first that are closest to `typed`; equally close ones stay in their order.
pub fn nearest_first(typed: &str, names: &mut [String]) {
    names.sort_by_key(|name| levenshtein(typed, name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        assert_eq!(levenshtein("", ""), 0);
        assert_eq!(levenshtein("", "abc"), 3);
        assert_eq!(levenshtein("abc", ""), 3);
        assert_eq!(levenshtein("kitten", "sitting"), 3);
        assert_eq!(levenshtein("port", "prot"), 2);
    }

    #[test]
    fn the_nearest_name_comes_first() {
        let mut names = ["servers", "sessions", "session"].map(str::to_owned);
        nearest_first("sesion", &mut names);
        assert_eq!(names, ["session", "sessions", "servers"]);
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["limits.idle_minutes", "server.port"];
        assert_eq!(hint("limits.idle_minuts", known.into_iter()), "; did you mean limits.idle_minutes?");
        assert_eq!(hint("something.else", known.into_iter()), "");
    }
}
