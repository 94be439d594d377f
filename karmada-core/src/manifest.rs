//! What Karmada writes into a manifest that goes into a Work.

use serde_json::Value;

use crate::annotations::{MANAGED_ANNOTATIONS, MANAGED_LABELS};
use crate::labels::WORK_PERMANENT_ID;
use crate::metadata::Field;

/// Records in a manifest which labels and annotations are Karmada's, so that those it drops later disappear from
/// members too. `work_id` is the permanent id of the Work, empty if it has none yet.
///
/// The order is observable: annotations are recorded first, both recording annotations always among them, then the
/// Work's id becomes a label, then labels are recorded (`karmada:pkg/util/annotation.go`, `label.go`). Idempotent.
pub fn record_managed(manifest: &mut Value, work_id: &str) {
    let mut keys = Field::Annotations.keys(manifest);
    keys.extend([MANAGED_ANNOTATIONS, MANAGED_LABELS]);
    keys.sort_unstable();
    keys.dedup();
    let record = keys.join(",");
    Field::Annotations.merge(manifest, [(MANAGED_ANNOTATIONS, record)]);
    if !work_id.is_empty() {
        Field::Labels.merge(manifest, [(WORK_PERMANENT_ID, work_id)]);
    }
    let record = Field::Labels.keys(manifest).join(",");
    Field::Annotations.merge(manifest, [(MANAGED_LABELS, record)]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records() {
        fn check(metadata: Value, work_id: &str, labels: &str, annotations: &[&str]) {
            let mut manifest = json!({"metadata": metadata});
            record_managed(&mut manifest, work_id);
            let once = manifest.clone();
            record_managed(&mut manifest, work_id);
            assert_eq!(manifest, once);
            assert_eq!(manifest["metadata"]["annotations"][MANAGED_LABELS], labels);
            assert_eq!(
                manifest["metadata"]["annotations"][MANAGED_ANNOTATIONS],
                annotations.join(",")
            );
        }
        check(json!({}), "", "", &[MANAGED_ANNOTATIONS, MANAGED_LABELS]);
        check(
            json!({"labels": {"b": "", "a": ""}}),
            "1",
            "a,b,work.karmada.io/permanent-id",
            &[MANAGED_ANNOTATIONS, MANAGED_LABELS],
        );
        check(
            json!({"annotations": {"z": "", "a": "", MANAGED_LABELS: "old"}}),
            "",
            "",
            &["a", MANAGED_ANNOTATIONS, MANAGED_LABELS, "z"],
        );
    }
}
