//! Up to [`ROWS`] nodes in columns.
//!
//! What a pod changes is apart from what only the node changes, so that an update by a pod copies numbers only.

use std::collections::BTreeMap;
use std::sync::Arc;

use karmada_core::api::meta::Taint;
use karmada_core::selector::Labels;

use crate::cluster_set::{ROWS, Rows};
use crate::fleet::postings::{Domain, Postings, Term};

/// What a node says of itself.
#[derive(Debug)]
pub(super) struct NodeRow {
    pub(super) name: Box<str>,
    /// Sorted by key.
    pub(super) labels: Box<[(Box<str>, Box<str>)]>,
    /// Those that keep pods away.
    pub(super) taints: Arc<[Taint]>,
    pub(super) unschedulable: bool,
    /// Pods it takes at most.
    pub(super) slots: i64,
    /// In natural units, without pods.
    pub(super) allocatable: Vec<(Arc<str>, i64)>,
}

impl Labels for NodeRow {
    fn value(&self, key: &str) -> Option<&str> {
        let index = self
            .labels
            .binary_search_by(|(label, _)| (**label).cmp(key))
            .ok()?;
        self.labels.get(index).map(|(_, value)| &**value)
    }
}

/// What the pods of a node take together. Sums are wide, so that removing a pod undoes adding it.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    pub(super) pods: i64,
    pub(super) requested: BTreeMap<Arc<str>, i128>,
}

impl Usage {
    pub(super) fn add(&mut self, request: &[(Arc<str>, i64)], sign: i128) {
        for (name, amount) in request {
            let sum = self.requested.entry(name.clone()).or_default();
            *sum += sign * i128::from(*amount);
            if *sum == 0 {
                self.requested.remove(name);
            }
        }
    }

    /// What is left of an amount, nothing at least.
    fn left_of(&self, name: &str, allocatable: i64) -> i64 {
        let requested = self.requested.get(name).copied().unwrap_or(0);
        i64::try_from((i128::from(allocatable) - requested).max(0)).unwrap_or(i64::MAX)
    }
}

/// The part that nodes change.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixed {
    pub(super) rows: Vec<Option<Arc<NodeRow>>>,
    pub(super) live: Rows,
    pub(super) unschedulable: Rows,
    /// Lists of taints that occur, and where.
    pub(super) taints: Vec<(Arc<[Taint]>, Rows)>,
    pub(super) labels: Postings,
}

/// What is left of a resource per row; nothing where a node does not have it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: Arc<str>,
    pub(super) left: [i64; ROWS],
}

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) fixed: Arc<Fixed>,
    /// Pod slots left.
    pub(super) slots: [i64; ROWS],
    pub(super) resources: Vec<Arc<Column>>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            fixed: Arc::default(),
            slots: [0; ROWS],
            resources: Vec::new(),
        }
    }
}

fn put<const N: usize>(cells: &mut [i64; N], row: usize, value: i64) {
    if let Some(cell) = cells.get_mut(row) {
        *cell = value;
    }
}

impl Chunk {
    pub(super) fn node(&self, row: usize) -> Option<&Arc<NodeRow>> {
        self.fixed.rows.get(row)?.as_ref()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.resources
            .iter()
            .find(|column| *column.name == *name)
            .map(|column| &**column)
    }

    /// Writes a node into a row.
    pub(super) fn write(&mut self, row: usize, node: NodeRow, usage: Option<&Usage>) {
        self.clear(row);
        let fixed = Arc::make_mut(&mut self.fixed);
        if fixed.rows.len() <= row {
            fixed.rows.resize(row + 1, None);
        }
        fixed.live.set(row, true);
        fixed.unschedulable.set(row, node.unschedulable);
        if !node.taints.is_empty() {
            match fixed.taints.iter_mut().find(|(taints, _)| *taints == node.taints) {
                Some((_, rows)) => rows.set(row, true),
                None => {
                    let mut rows = Rows::default();
                    rows.set(row, true);
                    fixed.taints.push((node.taints.clone(), rows));
                }
            }
        }
        for (key, value) in &node.labels {
            fixed.labels.insert(&Term::key(Domain::Label, key), row);
            fixed.labels.insert(&Term::pair(Domain::Label, key, value), row);
        }
        if let Some(cell) = fixed.rows.get_mut(row) {
            *cell = Some(Arc::new(node));
        }
        self.refresh(row, usage);
    }

    /// Computes what is left of the node in a row.
    pub(super) fn refresh(&mut self, row: usize, usage: Option<&Usage>) {
        let Some(node) = self.node(row).cloned() else {
            return;
        };
        let none = Usage::default();
        let usage = usage.unwrap_or(&none);
        let slots = node.slots.saturating_sub(usage.pods).max(0);
        put(&mut self.slots, row, slots);
        for (name, allocatable) in &node.allocatable {
            let left = usage.left_of(name, *allocatable);
            let known = self.resources.iter().position(|column| column.name == *name);
            let position = known.unwrap_or(self.resources.len());
            if position == self.resources.len() {
                self.resources.push(Arc::new(Column {
                    name: name.clone(),
                    left: [0; ROWS],
                }));
            }
            if let Some(column) = self.resources.get_mut(position)
                && column.left.get(row) != Some(&left)
            {
                put(&mut Arc::make_mut(column).left, row, left);
            }
        }
    }

    /// Empties a row.
    pub(super) fn clear(&mut self, row: usize) {
        if !self.fixed.live.contains(row) {
            return;
        }
        let fixed = Arc::make_mut(&mut self.fixed);
        fixed.live.set(row, false);
        fixed.unschedulable.set(row, false);
        fixed.taints.retain_mut(|(_, rows)| {
            rows.set(row, false);
            !rows.is_empty()
        });
        fixed.labels.remove_row(row);
        if let Some(cell) = fixed.rows.get_mut(row) {
            *cell = None;
        }
        put(&mut self.slots, row, 0);
        self.resources.retain_mut(|column| {
            if column.left.get(row) != Some(&0) {
                put(&mut Arc::make_mut(column).left, row, 0);
            }
            // A column of zeros says what no column says.
            column.left.iter().any(|left| *left != 0)
        });
    }
}
