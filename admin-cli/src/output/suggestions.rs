//! The parser's suggestions for a mistyped word, the nearest first.

use clap::error::{ContextKind, ContextValue};
use pyao_config::suggest;

/// Kinds of mistyped words, each with the place of its suggestions.
const SUGGESTED: [(ContextKind, ContextKind); 3] = [
    (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
    (ContextKind::InvalidArg, ContextKind::SuggestedArg),
    (ContextKind::InvalidValue, ContextKind::SuggestedValue),
];

/// Puts suggestions into the order in which people look for them: the parser has the nearest last.
pub fn best_first(error: &mut clap::Error) {
    for (invalid, suggested) in SUGGESTED {
        let (Some(ContextValue::String(typed)), Some(ContextValue::Strings(names))) =
            (error.get(invalid), error.get(suggested))
        else {
            continue;
        };
        let mut names = names.clone();
        suggest::nearest_first(typed, &mut names);
        error.insert(suggested, ContextValue::Strings(names));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn words(arguments: &[&str]) -> String {
        let mut error =
            cli::command_line().try_get_matches_from([&["pyao-admin"], arguments].concat()).unwrap_err();
        best_first(&mut error);
        error.render().to_string()
    }

    #[test]
    fn the_nearest_of_several_comes_first() {
        assert!(words(&["acount"]).contains("'account', 'accounts'"), "{}", words(&["acount"]));
        assert!(words(&["sesions"]).contains("'sessions', 'session'"), "{}", words(&["sesions"]));
        assert!(words(&["get-prot"]).contains(": 'get-port', "), "{}", words(&["get-prot"]));
    }
}
