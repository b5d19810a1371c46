//! See `pyao_simulator::fuzzing::core::stranger`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_simulator::fuzzing::core::stranger(data));
