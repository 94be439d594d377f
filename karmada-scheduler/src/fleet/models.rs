//! Resource models as runs of equal virtual nodes (`karmada:pkg/estimator/client/general.go`, buildModelNodes).

use std::collections::BTreeMap;
use std::sync::Arc;

use karmada_core::api::cluster::v1alpha1::{AllocatableModeling, ResourceModel};

use crate::estimate::resources::{is_simulated, natural};

/// What a node of one grade offers, in natural units, without pod slots.
pub(crate) type Capacity = BTreeMap<Box<str>, i64>;

/// The grades of a cluster in the order in which their virtual nodes stand. Clusters with the same models share one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GradeTable {
    /// Grade and the least its nodes offer.
    pub(crate) grades: Vec<(u64, Capacity)>,
}

impl GradeTable {
    /// The grades sorted as upstream sorts them, as signed numbers; of two with the same number the later counts.
    pub(crate) fn new(models: &[ResourceModel]) -> Self {
        let mut by_grade = BTreeMap::new();
        for model in models {
            let mut capacity = Capacity::new();
            for range in &model.ranges {
                if is_simulated(&range.name) {
                    capacity.insert(range.name.as_str().into(), natural(&range.name, range.min).max(0));
                }
            }
            by_grade.insert(model.grade as i64, (model.grade, capacity));
        }
        Self {
            grades: by_grade.into_values().collect(),
        }
    }

    /// Nodes per grade of the table; grades it does not know are ignored, repeated ones add up. `None` when a count
    /// is negative.
    pub(crate) fn counts(&self, modelings: &[AllocatableModeling]) -> Option<Vec<i64>> {
        if modelings.iter().any(|modeling| modeling.count < 0) {
            return None;
        }
        let count = |grade: u64| {
            modelings
                .iter()
                .filter(|modeling| modeling.grade == grade)
                .fold(0i64, |sum, modeling| sum.saturating_add(modeling.count))
        };
        Some(self.grades.iter().map(|(grade, _)| count(*grade)).collect())
    }
}

/// Grade tables in use, so that equal ones are stored once.
#[derive(Clone, Debug, Default)]
pub(crate) struct GradeTables {
    tables: Vec<Arc<GradeTable>>,
}

impl GradeTables {
    pub(crate) fn intern(&mut self, models: &[ResourceModel]) -> Arc<GradeTable> {
        let table = GradeTable::new(models);
        if let Some(known) = self.tables.iter().find(|known| ***known == table) {
            return known.clone();
        }
        // Tables nobody uses any more go before the list grows.
        self.tables.retain(|known| Arc::strong_count(known) > 1);
        let table = Arc::new(table);
        self.tables.push(table.clone());
        table
    }
}
