//! See `pyao_simulator::fuzzing::core::player`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_simulator::fuzzing::core::player(data));
