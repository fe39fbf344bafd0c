//! Every decoder on arbitrary bytes, and every record that can be read through the encoder.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annals_event_log::fuzzing::records(bytes));
