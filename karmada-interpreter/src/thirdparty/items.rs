//! The statuses collected from the member clusters, and what the rules compute over them.

use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use serde_json::{Map, Value};

use super::error::Result;
use super::result::set;
use super::view::{View, import, number};

/// What the member clusters report, one item a cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a>(&'a [AggregatedStatusItem]);

/// What one member cluster reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// The cluster.
    pub(super) cluster: &'a str,
    /// Its status, which may be absent.
    pub(super) status: View<'a>,
}

impl<'a> Items<'a> {
    /// Wraps the list.
    pub(super) fn new(items: &'a [AggregatedStatusItem]) -> Self {
        Items(items)
    }

    /// How many clusters there are, with or without a status.
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// All clusters in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Member<'a>> {
        self.0.iter().map(|item| Member {
            cluster: &item.cluster_name,
            status: View::optional(item.status.as_ref()),
        })
    }

    /// The clusters with a status, in order.
    pub(super) fn live(self) -> impl Iterator<Item = Member<'a>> {
        self.iter().filter(|member| member.status.is_present())
    }

    /// The status of the only cluster, when there is exactly one; absent when it reports none.
    pub(super) fn only_status(self) -> Option<View<'a>> {
        match self.0 {
            [only] => Some(View::optional(only.status.as_ref())),
            _ => None,
        }
    }

    /// The members found at a path in the statuses, absent ones left out.
    ///
    /// # Errors
    /// When a parent on the path is a number or a boolean.
    pub(super) fn at(self, path: &'a [&'a str]) -> impl Iterator<Item = Result<View<'a>>> {
        self.live()
            .filter_map(move |member| match member.status.find(path) {
                Ok(found) if found.is_absent() => None,
                other => Some(other),
            })
    }

    /// The sum of a number over all statuses, counting absent as zero.
    ///
    /// # Errors
    /// When one is not a number.
    pub(super) fn sum(self, path: &[&str]) -> Result<f64> {
        let mut sum = 0.0;
        for member in self.live() {
            let found = member.status.find(path)?;
            if found.is_present() {
                sum += found.operand()?;
            }
        }
        Ok(sum)
    }

    /// As [`Items::sum`], counting `false` as zero, too.
    ///
    /// # Errors
    /// When one is not a number.
    pub(super) fn sum_or_zero(self, path: &[&str]) -> Result<f64> {
        let mut sum = 0.0;
        for member in self.live() {
            let found = member.status.find(path)?.unless_false();
            if found.is_present() {
                sum += found.operand()?;
            }
        }
        Ok(sum)
    }

    /// Writes the sums of numbers that count as zero where they are `false`, zeros too.
    ///
    /// # Errors
    /// As [`Items::sum_or_zero`].
    pub(super) fn sum_or_zero_into(self, status: &mut Map<String, Value>, fields: &[&str]) -> Result<()> {
        for field in fields {
            status.insert((*field).to_owned(), number(self.sum_or_zero(&[field])?)?);
        }
        Ok(())
    }

    /// Writes the sums of numbers, zeros too.
    ///
    /// # Errors
    /// As [`Items::sum`].
    pub(super) fn sum_into(self, status: &mut Map<String, Value>, fields: &[&str]) -> Result<()> {
        for field in fields {
            status.insert((*field).to_owned(), number(self.sum(&[field])?)?);
        }
        Ok(())
    }

    /// The last value of a member that is there and not the empty text.
    ///
    /// # Errors
    /// When a status is a number or a boolean.
    pub(super) fn last(self, field: &str) -> Result<Option<Value>> {
        let mut last = None;
        for member in self.live() {
            let found = member.status.get(field)?;
            if found.is_present() && !found.is("") {
                last = Some(found);
            }
        }
        Ok(last.map(|found| import(found.value())))
    }

    /// The last value of a member that is there.
    ///
    /// # Errors
    /// When a status is a number or a boolean.
    pub(super) fn last_present(self, field: &str) -> Result<Option<Value>> {
        let mut last = None;
        for member in self.live() {
            let found = member.status.get(field)?;
            if found.is_present() {
                last = Some(found);
            }
        }
        Ok(last.map(|found| import(found.value())))
    }

    /// Writes the last values of members that are there and not the empty text, or `start` where there is none.
    ///
    /// # Errors
    /// As [`Items::last`].
    pub(super) fn last_into(
        self,
        status: &mut Map<String, Value>,
        fields: &[&str],
        start: &Value,
    ) -> Result<()> {
        for field in fields {
            let last = self.last(field)?.unwrap_or_else(|| start.clone());
            set(status, field, last);
        }
        Ok(())
    }

    /// All members of the lists at a field, in item order.
    ///
    /// # Errors
    /// When one of them is neither a list nor a map.
    pub(super) fn concatenated(self, field: &str) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        for member in self.live() {
            all.extend(
                member
                    .status
                    .get(field)?
                    .entries_or_none()?
                    .map(|entry| import(entry.value())),
            );
        }
        Ok(all)
    }
}
