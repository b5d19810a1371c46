//! Character names and passwords: what is allowed.

/// Shortest and longest character name.
pub const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=15;
/// Shortest and longest new password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 6..=15;
/// Printable ASCII characters that the client's login form refuses in a password.
pub const PASSWORD_FORBIDDEN: &str = "\"*,/:<>?\\|";
/// Longest mail address.
pub const EMAIL_LENGTH_MAX: usize = 100;

/// Returns true if `name` may name a character: 3 to 15 ASCII characters, first a letter, then letters, digits and
/// single spaces between them (ours; AO 0.13 allows letters and spaces).
#[must_use]
pub fn is_valid_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    NAME_LENGTH.contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(allowed)
        && !name.ends_with(' ')
        && !name.contains("  ")
}

/// Returns the form under which a name is unique and found: lower case.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Returns a name as typed in a command, where `+` stands for a space.
#[must_use]
pub fn name_from_command(typed: &str) -> String {
    typed.trim().replace('+', " ")
}

/// Returns true if `name` contains one of the `forbidden` words, without regard to case (AO 0.13).
#[must_use]
pub fn is_forbidden_name(name: &str, forbidden: &[String]) -> bool {
    let name = name.to_lowercase();
    forbidden
        .iter()
        .map(|word| word.trim().to_lowercase())
        .any(|word| !word.is_empty() && name.contains(&word))
}

/// Returns true if `password` may protect a character: 6 to 15 characters that the client's login form takes, printable
/// ASCII without [`PASSWORD_FORBIDDEN`] and without a space at either end. The client's window for another password
/// checks nothing, so a player could otherwise set a password that cannot be typed at the next login.
#[must_use]
pub fn is_valid_new_password(password: &str) -> bool {
    let typeable = |c: char| matches!(c, ' '..='~') && !PASSWORD_FORBIDDEN.contains(c);
    PASSWORD_LENGTH.contains(&password.len())
        && password.chars().all(typeable)
        && !password.starts_with(' ')
        && !password.ends_with(' ')
}

/// Returns true if `email` looks like `x@y.z`, as the client asks.
#[must_use]
pub fn is_valid_email(email: &str) -> bool {
    let plain = email.len() <= EMAIL_LENGTH_MAX && email.chars().all(|c| c.is_ascii_graphic());
    let Some((user, host)) = email.split_once('@') else { return false };
    let Some((domain, country)) = host.rsplit_once('.') else { return false };
    plain && !user.is_empty() && !domain.is_empty() && !country.is_empty() && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_pass() {
        for name in ["Ana", "bob", "Don Quijote 2", "A1b", "abcdefghijklmno"] {
            assert!(is_valid_name(name), "{name}");
        }
    }

    #[test]
    fn bad_names_do_not() {
        let long = "a".repeat(200);
        let bad = [
            "",
            "A",
            "Al",
            "1ana",
            " ana",
            "ana ",
            "a  b",
            "ana\0",
            "an\u{1b}[0m",
            "ñandú",
            "a:b",
            "[b]",
            "abcdefghijklmnop",
            &long,
            "ana\n",
        ];
        for name in bad {
            assert!(!is_valid_name(name), "{name:?}");
        }
    }

    #[test]
    fn forbidden_words_count_inside_a_name_and_in_any_case() {
        let forbidden = ["Dios".to_string(), String::new(), " gm ".to_string()];
        assert!(is_forbidden_name("elDIOSito", &forbidden));
        assert!(is_forbidden_name("Gmail", &forbidden));
        assert!(!is_forbidden_name("Ana", &forbidden), "an empty word forbids nothing");
    }

    #[test]
    fn a_new_password_has_only_characters_that_the_login_form_takes() {
        let refused = (0..=255_u8).map(char::from).filter(|c| !is_valid_new_password(&format!("abc{c}def")));
        let expected = (0..=255_u8).map(char::from).filter(|c| {
            let code = u32::from(*c);
            !(32..=126).contains(&code) || [34, 42, 44, 47, 58, 60, 62, 63, 92, 124].contains(&code)
        });
        assert!(refused.eq(expected));
        assert!(!is_valid_new_password(" secret") && !is_valid_new_password("secret "));
        assert!(!is_valid_new_password("secreto€"));
    }

    #[test]
    fn passwords_and_mail_addresses_have_their_limits() {
        assert!(is_valid_new_password("secret") && is_valid_new_password("123456789012345"));
        assert!(!is_valid_new_password("short") && !is_valid_new_password("1234567890123456"));
        assert!(is_valid_new_password("a 'b' [c]~{d};") && is_valid_new_password("!#$%&()+-.=@^_`"));
        for email in ["a@b.c", "ana.paz@correo.com.ar"] {
            assert!(is_valid_email(email), "{email}");
        }
        for email in ["", "a", "a@b", "@b.c", "a@.c", "a@b.", "a@b@c.d", "a b@c.d", "a@b.c\0"] {
            assert!(!is_valid_email(email), "{email:?}");
        }
    }
}
