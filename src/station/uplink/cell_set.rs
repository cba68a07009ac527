//! Some of the cells, each once, in the order in which they came.

/// A set of cells by number.
#[derive(Debug, Clone, Default)]
pub(super) struct CellSet {
    members: Vec<u32>,
    is_member: Vec<bool>,
}

impl CellSet {
    /// None of so many cells.
    pub fn none_of(cells: usize) -> Self {
        Self {
            members: Vec::new(),
            is_member: vec![false; cells],
        }
    }

    /// Adds a cell, if it is not there already; whether it was not.
    #[inline]
    pub fn insert(&mut self, cell: usize) -> bool {
        let is_new = !self.is_member[cell];
        if is_new {
            self.is_member[cell] = true;
            self.members.push(cell as u32);
        }
        is_new
    }

    /// Takes all cells out, in the order in which they came.
    pub fn drain(&mut self) -> impl Iterator<Item = usize> + '_ {
        let is_member = &mut self.is_member;
        self.members.drain(..).map(move |cell| {
            is_member[cell as usize] = false;
            cell as usize
        })
    }
}
