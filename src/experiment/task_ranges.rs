//! Sets of tasks as people and schedulers write them: `0..40,95..96`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Tasks by index, as ranges that leave out their upper end.
///
/// ```
/// use edgelm::experiment::TaskRanges;
/// let ranges: TaskRanges = "3..7,12..13".parse().unwrap();
/// assert_eq!(ranges.indices(), [3, 4, 5, 6, 12]);
/// assert_eq!(TaskRanges::of(&[3, 4, 5, 6, 12]).to_string(), "3..7,12..13");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskRanges(Vec<Range<usize>>);

impl TaskRanges {
    /// One range.
    pub fn one(range: Range<usize>) -> Self {
        Self(vec![range])
    }

    /// The fewest ranges that hold increasing indices and nothing else.
    pub fn of(indices: &[usize]) -> Self {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for &index in indices {
            match ranges.last_mut() {
                Some(last) if last.end == index => last.end += 1,
                _ => ranges.push(index..index + 1),
            }
        }
        Self(ranges)
    }

    /// The ranges.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Every index, increasing, each once.
    pub fn indices(&self) -> Vec<usize> {
        let mut indices: Vec<usize> = self.0.iter().cloned().flatten().collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// One more than the greatest index; 0 where there is none.
    pub fn end(&self) -> usize {
        self.0.iter().map(|range| range.end).max().unwrap_or(0)
    }
}

impl FromStr for TaskRanges {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let range = |part: &str| {
            let (from, to) = part.trim().split_once("..")?;
            let range = from.parse().ok()?..to.parse().ok()?;
            (range.start < range.end).then_some(range)
        };
        text.split(',')
            .map(|part| {
                range(part).ok_or_else(|| {
                    format!(
                        "`{part}` is not a range of tasks: write A..B with A below B, for \
                         example 0..40 for the first forty, several with commas between"
                    )
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for TaskRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{}..{}", range.start, range.end)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_reads_back(set in prop::collection::btree_set(0usize..200, 1..60)) {
            let indices: Vec<usize> = set.into_iter().collect();
            let ranges = TaskRanges::of(&indices);
            let read: TaskRanges = ranges.to_string().parse().unwrap();
            prop_assert_eq!(&read, &ranges);
            prop_assert_eq!(read.indices(), indices);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "3", "4..4", "5..2", "a..b", "1..2,", "-1..3", "0..=3"] {
            assert!(text.parse::<TaskRanges>().is_err(), "{text}");
        }
    }
}
