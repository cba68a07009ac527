//! Events that are not worth ordering yet: in intervals of time, each unordered, and
//! what comes after the last of them.

use super::{Entry, MANY};

/// Events that one interval is to hold.
const FULL: usize = MANY / 4;

/// No more intervals than this: their ends, where events are put, should stay in a
/// processor's near caches.
const MOST_INTERVALS: usize = 1024;

/// Events of the far future.
#[derive(Debug, Clone)]
pub(super) struct FarFuture<E> {
    /// One after the other, of equal length; those before `next` have been taken.
    intervals: Vec<Vec<Entry<E>>>,
    next: usize,
    /// Where the first begins, and how many there are a second.
    start_s: f64,
    per_s: f64,
    /// What comes after the last.
    beyond: Vec<Entry<E>>,
    len: usize,
}

impl<E> Default for FarFuture<E> {
    fn default() -> Self {
        Self {
            intervals: Vec::new(),
            next: 0,
            start_s: 0.0,
            per_s: 0.0,
            beyond: Vec::new(),
            len: 0,
        }
    }
}

impl<E> FarFuture<E> {
    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Keeps an event, or gives it back if it may come before what is kept here.
    #[inline]
    pub fn push(&mut self, entry: Entry<E>) -> Option<Entry<E>> {
        if self.len == 0 {
            return Some(entry);
        }
        let interval = self.interval_of(&entry);
        if interval < self.next {
            return Some(entry);
        }
        self.len += 1;
        self.put(interval, entry);
        None
    }

    /// Puts the events of the next interval that has any into `taken`, which is empty.
    pub fn take_next(&mut self, taken: &mut Vec<Entry<E>>) {
        let next = self.skip_empty().or_else(|| {
            let beyond = std::mem::take(&mut self.beyond);
            self.spread(beyond);
            self.skip_empty()
        });
        if let Some(interval) = next {
            // The interval keeps the other's memory for when its turn comes again.
            std::mem::swap(&mut self.intervals[interval], taken);
            self.len -= taken.len();
        }
    }

    /// Keeps these events, too. What is taken next are the earliest of all.
    pub fn put_off(&mut self, mut events: Vec<Entry<E>>) {
        for interval in &mut self.intervals {
            events.append(interval);
        }
        events.append(&mut self.beyond);
        self.spread(events);
    }

    /// Goes behind the next interval that has events, and says which that is.
    fn skip_empty(&mut self) -> Option<usize> {
        let left = &self.intervals[self.next..];
        let found = self.next + left.iter().position(|events| !events.is_empty())?;
        self.next = found + 1;
        Some(found)
    }

    /// Never less for a later event, however it is rounded.
    #[inline]
    fn interval_of(&self, entry: &Entry<E>) -> usize {
        ((entry.time().0 - self.start_s) * self.per_s) as usize
    }

    /// Puts an event into an interval; behind the last, beyond all.
    #[inline]
    fn put(&mut self, interval: usize, entry: Entry<E>) {
        let events = self.intervals.get_mut(interval);
        events.unwrap_or(&mut self.beyond).push(entry);
    }

    /// Cuts time into intervals by these events, which are all there are.
    fn spread(&mut self, mut events: Vec<Entry<E>>) {
        self.len = events.len();
        self.next = 0;
        let (Some(first), Some(last)) = (
            events.iter().map(|entry| entry.rank).min(),
            events.iter().map(|entry| entry.rank).max(),
        ) else {
            return;
        };
        let intervals = (2 * events.len() / FULL).clamp(1, MOST_INTERVALS);
        self.intervals.resize_with(intervals, Vec::new);
        // As long as the earliest take to fill one; later ones have gaps in between.
        let full = FULL.max(2 * events.len() / MOST_INTERVALS);
        let full = full.min(events.len() - 1);
        let (_, filling, _) = events.select_nth_unstable_by_key(full, |entry| entry.rank);
        let [first, filling, last] = [first, filling.rank, last].map(|rank| super::time(rank).0);
        let mut length = filling - first;
        if length <= 0.0 {
            length = (last - first) / intervals as f64;
        }
        self.start_s = first;
        // All at the same instant: all in one interval.
        self.per_s = if length > 0.0 { 1.0 / length } else { 0.0 };
        for entry in events.drain(..) {
            self.put(self.interval_of(&entry), entry);
        }
    }
}
