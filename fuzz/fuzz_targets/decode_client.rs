//! See `pyao_tests::fuzzing::decode::client`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_tests::fuzzing::decode::client(data));
