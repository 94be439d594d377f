//! The inverted index of one chunk: which rows carry a label, lie in a region, serve an API.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::cluster_set::Rows;

/// What a posting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Domain {
    /// Labels: key and value.
    Label,
    /// `provider`, `region` and `zone`: field and value.
    Field,
    /// Enabled APIs: group version and kind.
    Api,
}

/// A term to look up, hashed once per decision and looked up in every chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term<'a> {
    hash: u64,
    domain: Domain,
    key: &'a str,
    /// Absent: rows that have the key at all.
    value: Option<&'a str>,
}

impl<'a> Term<'a> {
    pub(crate) fn pair(domain: Domain, key: &'a str, value: &'a str) -> Self {
        Self::new(domain, key, Some(value))
    }

    pub(crate) fn key(domain: Domain, key: &'a str) -> Self {
        Self::new(domain, key, None)
    }

    fn new(domain: Domain, key: &'a str, value: Option<&'a str>) -> Self {
        let mut hasher = FxHasher::default();
        domain.hash(&mut hasher);
        key.hash(&mut hasher);
        value.hash(&mut hasher);
        Self {
            hash: hasher.finish(),
            domain,
            key,
            value,
        }
    }
}

#[derive(Debug)]
struct Stored {
    domain: Domain,
    key: Box<str>,
    value: Option<Box<str>>,
}

impl Stored {
    fn is(&self, term: &Term<'_>) -> bool {
        self.domain == term.domain && *self.key == *term.key && self.value.as_deref() == term.value
    }
}

#[derive(Clone, Debug)]
struct Posting {
    hash: u64,
    term: Arc<Stored>,
    rows: Rows,
}

/// Sorted by hash: a lookup is a binary search over integers, a copy shares the terms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Postings {
    entries: Vec<Posting>,
}

impl Postings {
    pub(crate) fn get(&self, term: &Term<'_>) -> Rows {
        let start = self.entries.partition_point(|entry| entry.hash < term.hash);
        self.entries
            .iter()
            .skip(start)
            .take_while(|entry| entry.hash == term.hash)
            .find(|entry| entry.term.is(term))
            .map_or_else(Rows::default, |entry| entry.rows)
    }

    pub(crate) fn insert(&mut self, term: &Term<'_>, row: usize) {
        let start = self.entries.partition_point(|entry| entry.hash < term.hash);
        let mut found = self
            .entries
            .iter_mut()
            .skip(start)
            .take_while(|entry| entry.hash == term.hash);
        if let Some(entry) = found.find(|entry| entry.term.is(term)) {
            entry.rows.set(row, true);
            return;
        }
        let mut rows = Rows::default();
        rows.set(row, true);
        let stored = Arc::new(Stored {
            domain: term.domain,
            key: term.key.into(),
            value: term.value.map(Into::into),
        });
        self.entries.insert(
            start,
            Posting {
                hash: term.hash,
                term: stored,
                rows,
            },
        );
    }

    /// Forgets a row and every term that no row has any more.
    pub(crate) fn remove_row(&mut self, row: usize) {
        self.entries.retain_mut(|entry| {
            entry.rows.set(row, false);
            !entry.rows.is_empty()
        });
    }
}
