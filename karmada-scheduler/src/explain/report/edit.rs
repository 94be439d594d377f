//! What it takes for a cluster to be chosen, in words.

use serde_json::Value;

use super::document::Document;
use super::list;
use crate::explain::EditAnswer;

impl EditAnswer {
    /// The answer for a terminal: what to do, what comes of it, and the patches. `cluster` is the name of the cluster
    /// that was asked about.
    #[must_use]
    pub fn to_text(&self, cluster: &str) -> String {
        self.document(cluster).to_text()
    }

    /// The same as Markdown.
    #[must_use]
    pub fn to_markdown(&self, cluster: &str) -> String {
        self.document(cluster).to_markdown()
    }

    fn document(&self, cluster: &str) -> Document {
        let mut document = Document::default();
        let answer = match self {
            Self::AlreadyChosen => {
                document.lines(vec![format!("Nothing has to change: {cluster} is chosen.")]);
                return document;
            }
            Self::None { considered } => {
                document.lines(vec![format!(
                    "No combination of up to three edits makes {cluster} a target; {considered} come into question."
                )]);
                return document;
            }
            Self::Edit(answer) => answer,
        };
        document.heading(format!("The smallest edit that makes {cluster} a target"));
        document.items(answer.edits.iter().map(ToString::to_string).collect());
        let targets = answer.targets.iter().map(|target| match target.replicas {
            0 => target.name.clone(),
            replicas => format!("{} {replicas}", target.name),
        });
        document.lines(vec![format!("Targets then: {}.", list(targets))]);
        let patch = |kind: &str, patch: &Option<Value>| {
            let patch = patch.as_ref()?;
            Some(format!("Merge patch for the {kind}: {patch}"))
        };
        let patches = [
            patch("Cluster", &answer.patch.cluster),
            patch("binding (change the policy alike)", &answer.patch.binding),
        ];
        document.lines(patches.into_iter().flatten().collect());
        document
    }
}
