//! Explanations in words: the answer first, then its reasons.

mod cluster;
mod document;
mod edit;
mod shares;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use document::Document;

use super::{
    AllBecause, ByClusterExplanation, ByRegionExplanation, CandidateExplanation, ClusterVerdict,
    CombinationRule, Explanation, GroupVerdict, Objection, Outcome, SelectionExplanation, Spread, Strategy,
};

/// How many names a list shows, and how many rows a table; the rest is counted.
const SHOWN: usize = 20;

impl Explanation {
    /// The explanation for a terminal: the answer in two lines, why each target got its number, how clusters were
    /// selected, and who was rejected for which reason. Long lists are cut short; all of it is in the data.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.document().to_text()
    }

    /// The same as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        self.document().to_markdown()
    }

    /// Everything about one cluster, for a terminal; `None` if there is no cluster of that name.
    #[must_use]
    pub fn cluster_to_text(&self, cluster: &str) -> Option<String> {
        Some(self.cluster_document(cluster)?.to_text())
    }

    /// The same as Markdown.
    #[must_use]
    pub fn cluster_to_markdown(&self, cluster: &str) -> Option<String> {
        Some(self.cluster_document(cluster)?.to_markdown())
    }

    /// Why a cluster gets its number of replicas, in a few words: `keeps 2; weight 8 of 26: share 48/13 (3.69) of 12
    /// comes to 4`. `None` where nothing was divided or the cluster was not among those it was divided among.
    #[must_use]
    pub fn share_to_text(&self, cluster: &str) -> Option<String> {
        shares::of(self, cluster)
    }

    fn document(&self) -> Document {
        let mut document = Document::default();
        document.lines(self.answer());
        self.numbers(&mut document);
        self.selected(&mut document);
        self.candidates(&mut document);
        self.rejected(&mut document);
        document
    }

    fn cluster_document(&self, name: &str) -> Option<Document> {
        let mut document = Document::default();
        cluster::write(self, self.cluster(name)?, &mut document);
        Some(document)
    }

    /// The answer in two lines.
    fn answer(&self) -> Vec<String> {
        let request = &self.request;
        let first = match &self.outcome {
            Outcome::Failed { message, .. } => format!("{} is not scheduled: {message}", request.resource),
            Outcome::Scheduled { targets } if targets.is_empty() => {
                format!("{} goes nowhere: it has no replicas.", request.resource)
            }
            Outcome::Scheduled { targets } => {
                let mut largest: Vec<_> = targets.iter().collect();
                largest.sort_by_key(|target| (Reverse(target.replicas), target.name.as_str()));
                let names = largest.iter().map(|target| match target.replicas {
                    0 => target.name.clone(),
                    replicas => format!("{} {replicas}", target.name),
                });
                format!(
                    "{} goes to {} of {}: {}.",
                    request.resource,
                    targets.len(),
                    counted(self.counts.clusters, "cluster"),
                    list(names)
                )
            }
        };
        let counts = &self.counts;
        let mut second = vec![
            format!("{} rejected", counts.rejected),
            format!("{} passed the filters", counts.candidates),
            format!("{} selected", counts.selected),
        ];
        if counts.deleting > 0 {
            second.insert(0, format!("{} being deleted", counts.deleting));
        }
        let division = match request.strategy {
            _ if request.replicas == 0 => "nothing to divide".to_owned(),
            strategy => format!(
                "{}, {}",
                counted(usize::try_from(request.replicas).unwrap_or(0), "replica"),
                words(strategy)
            ),
        };
        let group = request.affinity_group.as_ref();
        let group = group
            .map(|name| format!("; affinity group {name}"))
            .unwrap_or_default();
        let fresh = if request.fresh {
            "; placed anew on request"
        } else {
            ""
        };
        vec![
            first,
            format!(
                "{}; {division}{fresh}{group}; profile {}.",
                second.join(", "),
                request.profile
            ),
        ]
    }

    /// Why each target got its number.
    fn numbers(&self, document: &mut Document) {
        if self.assignment.is_none() {
            return;
        }
        let (rows, hidden) = shares::rows(self, SHOWN);
        document.heading("Why these numbers");
        document.lines(shares::summary(self));
        document.table(["CLUSTER", "REPLICAS", "WHY"], rows);
        document.lines(more(hidden, "cluster"));
    }

    fn selected(&self, document: &mut Document) {
        let Some(selection) = &self.selection else { return };
        document.heading("How clusters were selected");
        match selection {
            SelectionExplanation::All { because } => {
                let because = match because {
                    AllBecause::NoConstraints => "there are no spread constraints",
                    AllBecause::StaticWeight => {
                        "spread constraints do not count where replicas are divided by fixed weights"
                    }
                };
                document.lines(vec![format!("All that passed the filters: {because}.")]);
            }
            SelectionExplanation::ByCluster(explained) => {
                document.lines(by_cluster(explained, self.estimated()));
            }
            SelectionExplanation::ByRegion(explained) => {
                by_region(explained, self.estimated(), document);
            }
            SelectionExplanation::Unsupported => document.lines(vec![
                "Not at all: the spread constraints name neither cluster nor region.".to_owned(),
            ]),
            SelectionExplanation::Other { text } => document.lines(vec![text.clone()]),
        }
    }

    /// Whether anybody was asked for room.
    fn estimated(&self) -> bool {
        let mut candidates = self.clusters.iter().filter_map(|cluster| cluster.candidate());
        candidates.any(|candidate| candidate.room.is_some())
    }

    /// The candidates by rank.
    fn candidates(&self, document: &mut Document) {
        let mut ranked: Vec<(usize, &str, &CandidateExplanation)> = self
            .clusters
            .iter()
            .filter_map(|cluster| Some((cluster, cluster.candidate()?)))
            .filter_map(|(cluster, candidate)| Some((candidate.rank?, cluster.name.as_str(), candidate)))
            .collect();
        ranked.sort_unstable_by_key(|(rank, ..)| *rank);
        if ranked.is_empty() {
            return;
        }
        document.heading("Clusters that passed the filters, the most preferred first");
        let rows = ranked.iter().take(SHOWN).map(|(rank, name, candidate)| {
            let room = candidate.room.as_ref();
            [
                rank.to_string(),
                (*name).to_owned(),
                candidate.score.to_string(),
                room.map_or_else(String::new, |room| room.allocatable.to_string()),
                room.map_or_else(String::new, |room| room.assigned.to_string()),
                room.map_or_else(String::new, cluster::bound),
                cluster::stage(candidate).to_owned(),
            ]
        });
        let rows = rows.collect();
        document.table(["#", "CLUSTER", "SCORE", "ROOM", "HAS", "BOUND BY", ""], rows);
        document.lines(more(ranked.len().saturating_sub(SHOWN), "cluster"));
    }

    /// The rejected clusters by reason, the most common first.
    fn rejected(&self, document: &mut Document) {
        let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for cluster in &self.clusters {
            if let Some(Objection { plugin, reason }) = cluster.rejection() {
                reasons.entry((plugin, reason)).or_default().push(&cluster.name);
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, names)| Reverse(names.len()));
        let items = reasons.into_iter().map(|((plugin, reason), names)| {
            format!(
                "{}: {reason} ({plugin}): {}",
                names.len(),
                list(names.iter().map(|name| (*name).to_owned()))
            )
        });
        let mut items: Vec<String> = items.collect();
        let deleting = self
            .clusters
            .iter()
            .filter(|cluster| cluster.verdict == ClusterVerdict::Deleting)
            .map(|cluster| cluster.name.clone());
        if self.counts.deleting > 0 {
            items.push(format!(
                "{}: being deleted: {}",
                self.counts.deleting,
                list(deleting)
            ));
        }
        if !items.is_empty() {
            document.heading("Rejected");
            document.items(items);
        }
    }
}

fn words(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Duplicated => "all of them for each cluster",
        Strategy::StaticWeight => "divided by fixed weights",
        Strategy::DynamicWeight => "divided by room",
        Strategy::Aggregated => "aggregated in few clusters",
        Strategy::Unsupported => "divided in a way that does not exist",
    }
}

fn by_cluster(explained: &ByClusterExplanation, estimated: bool) -> Vec<String> {
    let ByClusterExplanation {
        min_groups,
        max_groups,
        candidates,
        ..
    } = explained;
    let mut lines = vec![format!(
        "By number: {} clusters are asked for, {candidates} come into question.",
        range(*min_groups, *max_groups)
    )];
    if !explained.preferred.is_empty() {
        let needed = match explained.wanted {
            Some(wanted) => format!("; {wanted} are needed"),
            None => String::new(),
        };
        let room = if estimated {
            format!(", with room for {}{needed}", explained.preferred_available)
        } else {
            String::new()
        };
        let preferred = list(explained.preferred.iter().cloned());
        lines.push(format!("The most preferred are {preferred}{room}."));
    }
    for swap in &explained.swaps {
        lines.push(format!(
            "{} (room for {}) gives way to {} (room for {}), the one with the most room: {} together.",
            swap.out, swap.out_available, swap.into, swap.in_available, swap.available
        ));
    }
    lines
}

fn by_region(explained: &ByRegionExplanation, estimated: bool, document: &mut Document) {
    let mut lines = vec![format!(
        "By region: {} regions and {} clusters are asked for.",
        range(explained.min_groups, explained.max_groups),
        range(explained.min_clusters, explained.max_clusters)
    )];
    if let Some(combinations) = &explained.combinations {
        let because = match combinations.decided_by {
            CombinationRule::Only => "it is the only one".to_owned(),
            CombinationRule::Score => "it has the best sum of scores".to_owned(),
            CombinationRule::Clusters => format!(
                "of {} with the best sum of scores it has the most clusters",
                combinations.with_best_score
            ),
            CombinationRule::FirstFound => format!(
                "of {} with the best sum of scores and as many clusters it is found first",
                combinations.with_most_clusters
            ),
        };
        lines.push(format!(
            "Of {}, {} is best: {because}.",
            counted(
                usize::try_from(combinations.considered).unwrap_or(usize::MAX),
                "combination"
            ),
            list(combinations.best.iter().cloned())
        ));
        lines.push(format!(
            "The most preferred cluster of each region: {}; then {}.",
            list(explained.firsts.iter().cloned()),
            if explained.others.is_empty() {
                "none".to_owned()
            } else {
                list(explained.others.iter().cloned())
            }
        ));
    }
    document.lines(lines);
    let rows = explained.regions.iter().take(SHOWN).map(|region| {
        let score = &region.score;
        let reached = if score.duplicated {
            format!("{} with room for {}", score.reached, score.wanted)
        } else {
            format!(
                "{} of {} in {}",
                score.reached,
                score.wanted,
                counted(usize::try_from(score.clusters).unwrap_or(0), "cluster")
            )
        };
        let verdict = match region.verdict {
            GroupVerdict::Chosen => "chosen",
            GroupVerdict::Spared => "those before it are enough",
            GroupVerdict::Outweighed => "another combination is better",
            GroupVerdict::NoCombination => "no combination is enough",
        };
        [
            region.name.clone(),
            score.total.to_string(),
            reached,
            score.mean.to_string(),
            region.clusters.len().to_string(),
            if estimated {
                region.available.to_string()
            } else {
                String::new()
            },
            verdict.to_owned(),
        ]
    });
    let rows = rows.collect();
    document.table(
        ["REGION", "SCORE", "REPLICAS", "MEAN", "CLUSTERS", "ROOM", ""],
        rows,
    );
    document.lines(more(explained.regions.len().saturating_sub(SHOWN), "region"));
}

/// How many there may be, in words.
fn range(min: i64, max: i64) -> String {
    if max == i64::MAX {
        format!("{min} or more")
    } else {
        format!("{min} to {max}")
    }
}

/// What spread constraints do, in words.
fn spread(spread: Spread) -> &'static str {
    match spread {
        Spread::Absent => "there are no spread constraints",
        Spread::Ignored => "spread constraints do not count",
        Spread::Applied => "spread constraints select clusters",
    }
}

/// The first names of a list, and how many more there are.
fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let hidden = names.len().saturating_sub(SHOWN);
    let mut out = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if hidden > 0 {
        out.push_str(&format!(" and {hidden} more"));
    }
    out
}

fn more(hidden: usize, what: &str) -> Vec<String> {
    match hidden {
        0 => Vec::new(),
        hidden => vec![format!("  and {} more", counted(hidden, what))],
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
