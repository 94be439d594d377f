//! Whatever a decoder accepts is decided or refused: nothing panics or overflows, and the order of clusters does not
//! count.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod arbitrary;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_input_is_decided_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        arbitrary::exercise(&bytes);
    }
}
