//! What volumes name, for kinds whose rules look at volumes themselves.

use super::error::Result;
use super::references::References;
use super::view::View;

/// Adds what the volume names, of every source it has. `secret_name` is the member of a `secret` source that counts as
/// its name.
///
/// # Errors
/// When something is neither absent nor of its type.
pub(super) fn references(volume: View<'_>, secret_name: &str, references: &mut References) -> Result<()> {
    references.add_named(
        "PersistentVolumeClaim",
        volume.find(&["persistentVolumeClaim", "claimName"])?,
    )?;
    references.add_named("ConfigMap", volume.find(&["configMap", "name"])?)?;
    references.add_named("Secret", volume.find(&["secret", secret_name])?)?;
    for source in volume.find(&["projected", "sources"])?.values_or_none()? {
        references.add_named("ConfigMap", source.find(&["configMap", "name"])?)?;
        references.add_named("Secret", source.find(&["secret", "name"])?)?;
    }
    references.add_named("Secret", volume.find(&["azureFile", "secretName"])?)?;
    for driver in [
        "cephfs",
        "cinder",
        "flexVolume",
        "rbd",
        "scaleIO",
        "iscsi",
        "storageos",
    ] {
        references.add_named("Secret", volume.find(&[driver, "secretRef", "name"])?)?;
    }
    references.add_named("Secret", volume.find(&["csi", "nodePublishSecretRef", "name"])?)
}
