//! Draws a fleet and bindings from any bytes and decides about them in every way there is: no input may panic, and the
//! order of clusters does not count.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../karmada-scheduler/tests/arbitrary/mod.rs"]
mod arbitrary;

fuzz_target!(|data: &[u8]| {
    arbitrary::exercise(data);
});
