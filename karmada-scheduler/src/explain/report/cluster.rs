//! Everything about one cluster, in words.

use super::document::Document;
use super::shares;
use crate::explain::{
    CandidateExplanation, ClusterExplanation, ClusterVerdict, EstimatorAnswer, Explanation, Limit, Outcome,
    RoomExplanation, SelectionExplanation,
};

pub(super) fn write(explanation: &Explanation, cluster: &ClusterExplanation, document: &mut Document) {
    let name = &cluster.name;
    match &cluster.verdict {
        ClusterVerdict::Deleting => {
            document.lines(vec![format!("{name} is not considered: it is being deleted.")]);
        }
        ClusterVerdict::Rejected(objections) => {
            document.lines(vec![format!("{name} is rejected.")]);
            document.items(
                objections
                    .iter()
                    .map(|objection| format!("{}: {}", objection.plugin, objection.reason))
                    .collect(),
            );
        }
        ClusterVerdict::Candidate(candidate) => {
            document.lines(vec![outcome(explanation, name, candidate)]);
            document.items(reasons(explanation, name, candidate));
        }
    }
}

fn outcome(explanation: &Explanation, name: &str, candidate: &CandidateExplanation) -> String {
    if let Some(replicas) = candidate.target {
        return format!("{name} {}.", shares::replicas(replicas));
    }
    if let Outcome::Failed { message, .. } = &explanation.outcome {
        return format!("{name} passes the filters, but nothing is scheduled: {message}");
    }
    match candidate.selected {
        Some(_) => format!("{name} is selected, but gets nothing."),
        None => format!("{name} passes the filters, but is not selected."),
    }
}

fn reasons(explanation: &Explanation, name: &str, candidate: &CandidateExplanation) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(rank) = candidate.rank {
        reasons.push(format!(
            "preferred as number {rank} of {}, with score {}{}",
            explanation.counts.candidates,
            candidate.score,
            scores(candidate)
        ));
    }
    if let Some(tier) = candidate.overflow_tier {
        reasons.push(format!("in tier {tier} of its affinity group"));
    }
    if let Some(room) = &candidate.room {
        reasons.push(format!(
            "room for {}, and {} there already",
            room.allocatable, room.assigned
        ));
        for said in &room.estimates {
            let limits: Vec<&str> = said.limits.iter().map(limit).collect();
            let limits = if limits.is_empty() {
                String::new()
            } else {
                format!(", for lack of {}", limits.join(", "))
            };
            reasons.push(match &said.answer {
                EstimatorAnswer::Room(room) => format!("{}: room for {room}{limits}", said.estimator),
                EstimatorAnswer::Unknown => format!("{}: does not know", said.estimator),
                EstimatorAnswer::Unlimited => format!("{}: no limit", said.estimator),
                EstimatorAnswer::Failed(error) => {
                    format!("{}: left out, it failed: {error}", said.estimator)
                }
            });
        }
    }
    match (candidate.selected, candidate.rank) {
        (Some(place), _) => reasons.push(format!(
            "selected as number {place} of {}",
            explanation.counts.selected
        )),
        (None, Some(_)) => reasons.push(format!(
            "not selected: {}",
            super::spread(explanation.request.spread)
        )),
        // The decision ended before anything was selected.
        (None, None) => {}
    }
    if let Some(SelectionExplanation::ByRegion(by_region)) = &explanation.selection {
        let own = by_region
            .regions
            .iter()
            .find(|region| region.clusters.iter().any(|member| member == name));
        reasons.push(match own {
            Some(region) => format!("in region {} with score {}", region.name, region.score.total),
            None => "in no region".to_owned(),
        });
    }
    reasons.extend(shares::of(explanation, name));
    reasons
}

fn scores(candidate: &CandidateExplanation) -> String {
    let scored = candidate.scores.iter().filter(|score| score.score != 0);
    let parts: Vec<String> = scored
        .map(|score| format!("{} {}", score.plugin, score.score))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!(" ({})", parts.join(", "))
}

fn limit(limit: &Limit) -> &str {
    match limit.resource.as_str() {
        Limit::NODES => "nodes with enough of everything",
        resource => resource,
    }
}

/// What bounds the room of a cluster.
pub(super) fn bound(room: &RoomExplanation) -> String {
    let mut words: Vec<String> = Vec::new();
    for said in room
        .estimates
        .iter()
        .filter(|said| room.bounded_by.contains(&said.estimator))
    {
        if said.limits.is_empty() {
            words.push(said.estimator.clone());
        }
        words.extend(said.limits.iter().map(|limit| limit.resource.clone()));
    }
    words.join(", ")
}

/// How far a candidate got, in a word.
pub(super) fn stage(candidate: &CandidateExplanation) -> &'static str {
    match (candidate.target, candidate.selected) {
        (Some(_), _) => "target",
        (None, Some(_)) => "selected",
        (None, None) => "",
    }
}
