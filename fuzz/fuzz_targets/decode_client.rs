//! See `pyao_simulator::fuzzing::decode::client`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pyao_simulator::fuzzing::decode::client(data));
