//! See `pyao_tests::fuzzing::core::stranger`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_tests::fuzzing::core::stranger(data));
