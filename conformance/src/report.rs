//! Counting verdicts.

use std::collections::BTreeMap;
use std::fmt;

use crate::case::Case;
use crate::compare::Difference;
use crate::run::Verdict;

/// Values longer than this are cut when a difference is shown, in characters.
const LONGEST: usize = 600;

/// How many cases passed, failed and were skipped; displays as `3 passed, 0 failed, 1 skipped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases whose answer is the recorded one.
    pub passed: usize,
    /// All others that were compared.
    pub failed: usize,
    /// Cases that are out of reach, by reason.
    pub skipped: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts one verdict.
    pub fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::Skipped(reason) => *self.skipped.entry(reason.clone()).or_default() += 1,
        }
    }

    /// How many were skipped, whatever the reason.
    pub fn skipped(&self) -> usize {
        self.skipped.values().sum()
    }

    /// How many cases there were.
    pub fn cases(&self) -> usize {
        self.passed + self.failed + self.skipped()
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        for (reason, count) in &other.skipped {
            *self.skipped.entry(reason.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped() {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

/// The verdicts of many cases, per file and op in the order in which they came up.
#[derive(Debug, Clone, Default)]
pub struct Report {
    lines: Vec<(String, String, Tally)>,
}

impl Report {
    /// Counts one verdict.
    pub fn add(&mut self, file: &str, op: &str, verdict: &Verdict) {
        // The cases of a file come in a row.
        let known = self
            .lines
            .iter_mut()
            .rev()
            .take_while(|(of, _, _)| of == file)
            .find(|(_, of, _)| of == op);
        if let Some((_, _, tally)) = known {
            tally.add(verdict);
            return;
        }
        let mut tally = Tally::default();
        tally.add(verdict);
        self.lines.push((file.to_owned(), op.to_owned(), tally));
    }

    /// File, op and tally of each line.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str, &Tally)> {
        self.lines
            .iter()
            .map(|(file, op, tally)| (file.as_str(), op.as_str(), tally))
    }

    /// The sum of all lines.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for (_, _, tally) in &self.lines {
            total.merge(tally);
        }
        total
    }
}

/// One line per file and op, one per reason to skip, and the total last.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, op, tally) in self.lines() {
            writeln!(f, "{file} {op}: {tally}")?;
        }
        let total = self.total();
        for (reason, count) in &total.skipped {
            writeln!(f, "skipped, {reason}: {count}")?;
        }
        writeln!(f, "total: {total}")
    }
}

/// A difference in words: case, path, expected, got.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The case.
    pub case: &'a Case,
    /// One of its differences.
    pub difference: &'a Difference,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, difference } = self;
        writeln!(f, "{}:{}: {} {}", case.file, case.number, case.op, case.name)?;
        writeln!(f, "  path      {}", difference.path)?;
        writeln!(f, "  expected  {}", cut(&difference.expected.to_string()))?;
        writeln!(f, "  got       {}", cut(&difference.got.to_string()))
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => {
            let (head, tail) = text.split_at(end);
            format!("{head}… and {} more bytes", tail.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Side;
    use serde_json::json;

    #[test]
    fn differences_are_shown_with_their_case() {
        let row = json!({"op": "names", "name": "v1", "in": {}, "out": {"value": 1}});
        let case = &Case::recognise("core/names.jsonl", 4, row).unwrap();
        let difference = &Difference {
            path: "value".into(),
            expected: Side::Value(json!(1)),
            got: Side::Absent,
        };
        assert_eq!(
            Shown { case, difference }.to_string(),
            "core/names.jsonl:4: names v1\n  path      value\n  expected  1\n  got       nothing\n"
        );
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "ä".repeat(LONGEST + 5);
        assert_eq!(cut(&long), format!("{}… and 10 more bytes", "ä".repeat(LONGEST)));
    }

    #[test]
    fn the_report_counts_and_prints() {
        let mut report = Report::default();
        let failed = || Verdict::Failed(Vec::new());
        let skipped = |reason: &str| Verdict::Skipped(reason.to_owned());
        for (file, op, verdict) in [
            ("a", "x", Verdict::Passed),
            ("a", "y", failed()),
            ("a", "x", Verdict::Passed),
            ("b", "x", skipped("late")),
            ("b", "x", skipped("far")),
            ("b", "x", skipped("late")),
        ] {
            report.add(file, op, &verdict);
        }
        assert_eq!(
            report.to_string(),
            "a x: 2 passed, 0 failed\na y: 0 passed, 1 failed\nb x: 0 passed, 0 failed, 3 skipped\n\
             skipped, far: 1\nskipped, late: 2\ntotal: 2 passed, 1 failed, 3 skipped\n"
        );
        assert_eq!(report.total().cases(), 6);
    }
}
