//! See `pyao_tests::fuzzing::core::player`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_tests::fuzzing::core::player(data));
