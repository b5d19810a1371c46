//! See `pyao_simulator::fuzzing::decode::server`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_simulator::fuzzing::decode::server(data));
