//! Keys of live settings that hold something else than text.

use super::server::{TestRedis, is_installed};
use crate::prelude::*;
use crate::server::ServerId;

#[test]
fn the_key_of_a_setting_that_holds_no_text_is_named_and_nothing_is_written() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    redis.cli("RPUSH config:server:port 8080");
    let defaults = [("server.host", "0.0.0.0"), ("server.port", "7666")];
    let defaults = defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let named = "key config:server:port in Redis";
    let error = redis.store().seed_settings(&defaults).unwrap_err().to_string();
    assert!(error.contains(named), "{error}");
    let error = redis.store().check_settings().unwrap_err().to_string();
    assert!(error.contains(named) && error.contains("has the wrong type"), "{error}");
    assert_eq!(redis.cli("EXISTS config:server:host"), "0");
}

#[test]
fn the_key_of_a_setting_of_one_server_that_holds_no_text_is_named() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    redis.cli("HSET config:server:norte:port value 8080");
    let check = |server| redis.store().check_own_settings(&ServerId::new(server).unwrap());
    let error = check("norte").unwrap_err().to_string();
    assert!(error.contains("key config:server:norte:port in Redis"), "{error}");
    assert_eq!(check("sur"), Ok(()));
    assert_eq!(redis.store().check_settings(), Ok(()));
}
