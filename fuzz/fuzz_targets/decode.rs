//! Decodes any JSON as every type: no input may panic, and what decodes is written the same way twice.
#![no_main]

use karmada_core::api::any::{AnyObject, DOCUMENTS};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return Corpus::Reject;
    };
    for document in DOCUMENTS {
        if let Ok(once) = document.recode(&value) {
            assert_eq!(document.recode(&once).as_ref(), Ok(&once), "{}", document.kind);
        }
    }
    if let Ok(object) = AnyObject::decode(&value) {
        assert!(object.encode().is_ok());
    }
    Corpus::Keep
});
