//! Why each target got its number, in words.

use super::counted;
use crate::explain::{
    AssignmentExplanation, CandidateExplanation, Explanation, Mode, ShareExplanation, Strategy, Tie,
    TieOrder, TieRule, TierExplanation,
};

/// A row per selected cluster, its name, its replicas and why, those with the most replicas first; no more than so many,
/// and how many there are besides.
pub(super) fn rows(explanation: &Explanation, shown: usize) -> (Vec<[String; 3]>, usize) {
    if matches!(
        explanation.assignment,
        None | Some(AssignmentExplanation::Other { .. })
    ) || failed(explanation)
    {
        return (Vec::new(), 0);
    }
    let mut selected: Vec<(&str, &CandidateExplanation)> = explanation
        .clusters
        .iter()
        .filter_map(|cluster| Some((cluster.name.as_str(), cluster.candidate()?)))
        .filter(|(_, candidate)| candidate.selected.is_some())
        .collect();
    // Stable: by name among equals.
    selected.sort_by_key(|(_, candidate)| candidate.target.map_or(1, |replicas| -i64::from(replicas)));
    let hidden = selected.len().saturating_sub(shown);
    let rows = selected.into_iter().take(shown).map(|(name, candidate)| {
        let replicas = candidate.target;
        let cell = replicas.map_or_else(|| "-".to_owned(), |replicas| replicas.to_string());
        let why = of(explanation, name).or_else(|| without_share(explanation, candidate));
        [name.to_owned(), cell, why.unwrap_or_default()]
    });
    (rows.collect(), hidden)
}

/// Whether a tier could not be served.
fn failed(explanation: &Explanation) -> bool {
    match &explanation.assignment {
        Some(AssignmentExplanation::Divided { tiers }) => tiers.iter().any(|tier| tier.error.is_some()),
        _ => false,
    }
}

fn without_share(explanation: &Explanation, candidate: &CandidateExplanation) -> Option<String> {
    if explanation.assignment == Some(AssignmentExplanation::Everywhere) {
        return Some("selected".to_owned());
    }
    let tier = candidate.overflow_tier?;
    Some(format!(
        "tier {tier} is not needed: those before it take everything"
    ))
}

/// What was divided, and among whom.
pub(super) fn summary(explanation: &Explanation) -> Vec<String> {
    match &explanation.assignment {
        None => Vec::new(),
        Some(AssignmentExplanation::Everywhere) => {
            vec!["There are no replicas to divide: it goes to every selected cluster.".to_owned()]
        }
        Some(AssignmentExplanation::Other { text }) => vec![text.clone()],
        Some(AssignmentExplanation::Divided { tiers }) => tiers.iter().filter_map(tier).collect(),
    }
}

fn tier(tier: &TierExplanation) -> Option<String> {
    let prefix = match tier.tier {
        Some(number) => format!(
            "Tier {number} takes {} (room for {}): ",
            tier.replicas, tier.available
        ),
        None => String::new(),
    };
    if let Some(error) = &tier.error {
        let wanted = match (tier.divided, tier.mode) {
            (0, _) => String::new(),
            (divided, Some(Mode::ScaleUp)) if divided < tier.replicas => {
                format!(" {divided} more are wanted.")
            }
            (divided, _) => format!(" {divided} are wanted."),
        };
        return Some(format!("{prefix}{error}{wanted}"));
    }
    let kept = tier.shares.iter().any(|share| share.kept > 0);
    let (divided, weights) = (tier.divided, tier.weights);
    let what = match (tier.strategy, tier.mode) {
        (Strategy::Duplicated, _) => format!("Every cluster gets all {}.", tier.replicas),
        (_, Some(Mode::Unchanged)) => "As many as wanted are there; nothing changes.".to_owned(),
        (Strategy::StaticWeight, _) => format!("{divided} divided by fixed weights, {weights} in all."),
        (_, Some(Mode::ScaleUp)) if kept => {
            format!(
                "{divided} more divided by the room clusters have, {weights} in all; what is there stays."
            )
        }
        (_, Some(Mode::ScaleUp)) => format!("{divided} divided by the room clusters have, {weights} in all."),
        (_, Some(Mode::ScaleDown)) => {
            format!("There are too many; {divided} divided by what clusters have, {weights} in all.")
        }
        (_, Some(Mode::Fresh)) => format!(
            "All {divided} placed anew by the room clusters have, with what they have already, {weights} in all."
        ),
        _ => return None,
    };
    let cut_off = tier
        .cut_off
        .as_ref()
        .filter(|cut_off| cut_off.dropped > 0)
        .map(|cut_off| {
            format!(
                " The first {} have room for {}, which is enough; {} left out.",
                cut_off.kept.len(),
                cut_off.available,
                if cut_off.dropped == 1 {
                    "1 is".to_owned()
                } else {
                    format!("{} are", cut_off.dropped)
                }
            )
        });
    Some(format!("{prefix}{what}{}", cut_off.unwrap_or_default()))
}

/// Why a cluster gets its number.
pub(super) fn of(explanation: &Explanation, cluster: &str) -> Option<String> {
    let (tier, share) = explanation.tier_and_share(cluster)?;
    Some(why(tier, share))
}

fn why(tier: &TierExplanation, share: &ShareExplanation) -> String {
    if tier.strategy == Strategy::Duplicated {
        return "all replicas".to_owned();
    }
    let mut words = Vec::new();
    if share.kept > 0 {
        words.push(format!("keeps {}", share.kept));
    }
    if tier.divided > 0 {
        words.push(if share.weight > 0 {
            let rule = share
                .rule
                .map(|rule| format!(" (staticWeightList[{rule}])"))
                .unwrap_or_default();
            format!(
                "weight {} of {}{rule}: share {} of {} comes to {}",
                share.weight,
                tier.weights,
                number(&share.exact),
                tier.divided,
                if share.seats == 0 {
                    "nothing".to_owned()
                } else {
                    share.seats.to_string()
                }
            )
        } else {
            let cut_off = tier.cut_off.as_ref();
            let cut_off = cut_off.is_some_and(|cut_off| !cut_off.kept.contains(&share.cluster));
            match (cut_off, tier.strategy) {
                (true, _) => "left out: others have enough room".to_owned(),
                (_, Strategy::StaticWeight) => "no rule gives it a weight".to_owned(),
                (_, _) if tier.mode == Some(Mode::ScaleDown) => "had none to keep".to_owned(),
                _ => "no room".to_owned(),
            }
        });
    }
    words.extend(share.tie.as_ref().map(|tie| tied(tie, tier.ties)));
    if words.is_empty() {
        words.push("nothing to add".to_owned());
    }
    words.join("; ")
}

fn tied(tie: &Tie, order: TieOrder) -> String {
    let by = match (tie.by, order) {
        (TieRule::FewerReplicas, _) => "fewer replicas win",
        (TieRule::Name, TieOrder::Ascending) => "the name that sorts first wins",
        (TieRule::Name, TieOrder::Descending) => "the name that sorts last wins",
    };
    let outcome = if tie.won { "won against" } else { "lost against" };
    format!("tie for the last replica {outcome} {}: {by}", tie.against)
}

/// A fraction with its decimal value.
fn number(exact: &str) -> String {
    let parts = exact.split_once('/');
    let parsed = parts.and_then(|(numerator, denominator)| {
        Some((numerator.parse::<i128>().ok()?, denominator.parse::<i128>().ok()?))
    });
    match parsed {
        Some((numerator, denominator)) if denominator > 0 => {
            let hundredths = numerator.saturating_mul(200).saturating_add(denominator) / (2 * denominator);
            format!("{exact} ({}.{:02})", hundredths / 100, hundredths % 100)
        }
        _ => exact.to_owned(),
    }
}

/// How many replicas a cluster gets, in words.
pub(super) fn replicas(number: i32) -> String {
    match usize::try_from(number) {
        Ok(number) if number > 0 => format!("gets {}", counted(number, "replica")),
        _ => "is a target".to_owned(),
    }
}
