//! Where a slice lies: its track, and its time.

/// Where and when a slice is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub pid: u64,
    pub tid: u64,
    pub start_ns: u64,
    pub end_ns: u64,
}

impl Place {
    /// A part of it.
    pub fn inner(self, start_ns: u64, end_ns: u64) -> Self {
        let start_ns = start_ns.clamp(self.start_ns, self.end_ns);
        Self {
            start_ns,
            end_ns: end_ns.clamp(start_ns, self.end_ns),
            ..self
        }
    }
}
