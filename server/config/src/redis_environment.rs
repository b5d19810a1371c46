//! `REDIS_URL`, or `REDIS_HOST`, `REDIS_PORT`, `REDIS_DB` and `REDIS_PASSWORD`: the variables that other programs know, as
//! one address.

use std::collections::BTreeMap;

use super::{Given, Layers, Source};
use pyao_store::redis::percent_encoded;

const URL: &str = "REDIS_URL";
const HOST: &str = "REDIS_HOST";
const PORT: &str = "REDIS_PORT";
const DATABASE: &str = "REDIS_DB";
const PASSWORD: &str = "REDIS_PASSWORD";

/// Lays the address that these variables give over what the file gave. A whole address wins over parts of one; each part
/// alone is an address, whose other parts are the usual ones. An empty variable is as good as none.
pub(super) fn apply(environment: &BTreeMap<String, String>, layers: &mut Layers) {
    let given = |name: &str| environment.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    if let Some(url) = given(URL) {
        let url = Given::Text(url.to_owned());
        return layers.set("redis.url", &url, Source::Environment(URL.to_owned()));
    }
    let is_given = |name: &&str| given(name).is_some();
    let Some(first) = [HOST, PORT, DATABASE, PASSWORD].into_iter().find(is_given) else { return };
    let mut number = |name: &str, default: u16| match given(name).map(str::parse) {
        None => Some(default),
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => {
            let message = "expected a whole number from 0 to 65535".to_owned();
            layers.fault(Source::Environment(name.to_owned()), message);
            None
        }
    };
    let (Some(port), Some(database)) = (number(PORT, 6379), number(DATABASE, 0)) else { return };
    let host = given(HOST).unwrap_or("127.0.0.1");
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let password =
        given(PASSWORD).map_or_else(String::new, |password| format!(":{}@", percent_encoded(password)));
    let url = format!("redis://{password}{host}:{port}/{database}");
    layers.set("redis.url", &Given::Text(url), Source::Environment(first.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::super::flags::Flags;
    use super::super::{Loaded, load};
    use super::*;
    use std::path::Path;

    fn loaded(variables: &[(&str, &str)]) -> Result<Loaded, String> {
        let environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&Flags::default(), &environment, Path::new("/nonexistent")).map_err(|error| error.to_string())
    }

    fn url(variables: &[(&str, &str)]) -> String {
        loaded(variables).unwrap().config.redis.url
    }

    #[test]
    fn each_variable_is_a_part_of_the_address() {
        let all = [("REDIS_HOST", "db"), ("REDIS_PORT", "7"), ("REDIS_DB", "3"), ("REDIS_PASSWORD", "a/b@ñ")];
        assert_eq!(url(&all), "redis://:a%2Fb%40%C3%B1@db:7/3");
        assert_eq!(url(&[("REDIS_HOST", "::1")]), "redis://[::1]:6379/0");
        let loaded = loaded(&[("REDIS_HOST", "db"), ("REDIS_PASSWORD", "")]).unwrap();
        assert_eq!(loaded.config.redis.url, "redis://db:6379/0");
        assert_eq!(loaded.sources.of("redis.url"), Source::Environment("REDIS_HOST".to_owned()));
        assert!(loaded.config.redis.is_asked_for());
    }

    #[test]
    fn each_variable_alone_is_an_address_that_was_given() {
        for (name, value, expected) in [
            ("REDIS_HOST", "db", "redis://db:6379/0"),
            ("REDIS_PORT", "7", "redis://127.0.0.1:7/0"),
            ("REDIS_DB", "3", "redis://127.0.0.1:6379/3"),
            ("REDIS_PASSWORD", "x", "redis://:x@127.0.0.1:6379/0"),
            ("REDIS_URL", "redis://other:8/9", "redis://other:8/9"),
        ] {
            let loaded = loaded(&[(name, value)]).unwrap();
            assert_eq!(loaded.config.redis.url, expected);
            assert_eq!(loaded.sources.of("redis.url"), Source::Environment(name.to_owned()));
            assert!(loaded.config.redis.is_asked_for(), "{name}");
            assert_eq!(url(&[(name, " ")]), "", "an empty one says nothing");
        }
    }

    #[test]
    fn a_whole_address_wins_over_parts_and_the_servers_own_variable_over_that() {
        let parts = [("REDIS_HOST", "db"), ("REDIS_PORT", "no port"), ("REDIS_PASSWORD", "x")];
        let whole = [&parts[..], &[("REDIS_URL", "redis://:y@other:8/9")]].concat();
        assert_eq!(url(&whole), "redis://:y@other:8/9");
        assert_eq!(url(&[&whole[..], &[("PYAO_REDIS", "redis://own")]].concat()), "redis://own");
        assert_eq!(url(&[("REDIS_HOST", "db"), ("PYAO_REDIS", "redis://own")]), "redis://own");
    }

    #[test]
    fn a_wrong_number_is_a_fault_that_names_its_variable() {
        let error = loaded(&[("REDIS_HOST", "db"), ("REDIS_PORT", "x"), ("REDIS_DB", "-1")]).unwrap_err();
        let faults: Vec<&str> = error.lines().collect();
        assert!(faults[0].starts_with("REDIS_PORT: ") && faults[1].starts_with("REDIS_DB: "), "{error}");
        assert_eq!(faults.len(), 2, "{error}");
    }
}
