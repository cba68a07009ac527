//! A table as groups of equal uncertainty, the most uncertain first.

use crate::uncertainty::{Metric, Records, Table};

/// Queries that uncertainty cannot tell apart. Inside a bin the uncertainty is
/// uniform and the accuracies are the same, so that its queries count as equal.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Group {
    /// Number, or share, of queries.
    pub weight: f64,
    /// Of these, answered right by the small model.
    pub slm: f64,
    /// Answered right by the large model.
    pub llm: f64,
    /// Answered right by the small model only.
    pub only_slm: f64,
    /// Answered right by the large model only.
    pub only_llm: f64,
}

impl Group {
    pub fn add(&mut self, other: &Group) {
        self.weight += other.weight;
        self.slm += other.slm;
        self.llm += other.llm;
        self.only_slm += other.only_slm;
        self.only_llm += other.only_llm;
    }

    fn row(records: &Records, row: usize, weight: f64) -> Group {
        let (slm, llm) = (records.slm_correct[row], records.llm_correct[row]);
        let when = |condition: bool| if condition { weight } else { 0.0 };
        Group {
            weight,
            slm: when(slm),
            llm: when(llm),
            only_slm: when(slm && !llm),
            only_llm: when(llm && !slm),
        }
    }
}

pub(super) fn total(groups: &[Group]) -> Group {
    let mut total = Group::default();
    for group in groups {
        total.add(group);
    }
    total
}

/// Records in the order of their uncertainty, so that they can be weighted anew
/// again and again.
pub(super) struct Sorted<'a> {
    records: &'a Records,
    /// Row and number of its group, the most uncertain first.
    rows: Vec<(usize, usize)>,
    groups: usize,
}

impl<'a> Sorted<'a> {
    pub fn new(records: &'a Records, metric: Metric) -> Self {
        let u = records.uncertainty(metric);
        let mut order: Vec<usize> = (0..u.len()).collect();
        order.sort_by(|a, b| u[*b].total_cmp(&u[*a]).then(a.cmp(b)));
        let mut rows: Vec<(usize, usize)> = Vec::with_capacity(order.len());
        for row in order {
            let group = match rows.last() {
                None => 0,
                Some((last, group)) => group + usize::from(u[*last] != u[row]),
            };
            rows.push((row, group));
        }
        let groups = rows.last().map_or(0, |(_, group)| group + 1);
        Self {
            records,
            rows,
            groups,
        }
    }

    /// The groups when row i counts `weights[i]` times.
    pub fn weighted(&self, weights: &[u32]) -> Vec<Group> {
        let mut groups = vec![Group::default(); self.groups];
        for (row, group) in &self.rows {
            let weight = f64::from(weights[*row]);
            groups[*group].add(&Group::row(self.records, *row, weight));
        }
        groups
    }
}

/// The groups of a table.
pub(super) fn groups(table: &Table, metric: Metric) -> Vec<Group> {
    match table {
        Table::Records(records) => Sorted::new(records, metric).weighted(&vec![1; records.len()]),
        Table::Bins(bins) => bins
            .0
            .iter()
            .rev()
            .map(|bin| Group {
                weight: bin.share,
                slm: bin.share * bin.slm_accuracy,
                llm: bin.share * bin.llm_accuracy,
                only_slm: bin.share * bin.slm_accuracy * (1.0 - bin.llm_accuracy),
                only_llm: bin.share * bin.llm_accuracy * (1.0 - bin.slm_accuracy),
            })
            .collect(),
    }
}
