//! Who hears the transmissions in progress: their gains, in rooms of one size that are
//! used again.

use crate::physics::gains::{GainRows, LinkGains};
use std::iter::repeat_n;

/// A room a transmission.
#[derive(Debug, Clone, Default)]
pub(super) struct Rooms {
    gains: GainRows,
    /// Gains in a room.
    size: usize,
    /// How many rooms there are.
    count: u32,
    /// Rooms whose transmissions have ended. The last is taken first: it is still in a
    /// processor's caches.
    spare: Vec<u32>,
}

impl Rooms {
    /// None yet, of a size that is enough for any transmission.
    pub fn of_size(size: usize) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// Puts gains into a room, and returns its number.
    #[inline]
    pub fn take(&mut self, links: LinkGains<'_>) -> u32 {
        let room = self.spare.pop().unwrap_or_else(|| {
            let silence = repeat_n(0.0, self.size);
            self.gains.push(links.servers(), silence);
            self.count += 1;
            self.count - 1
        });
        self.put(room, links);
        room
    }

    /// Puts other gains to the same servers into a room that is taken.
    #[inline]
    pub fn put(&mut self, room: u32, links: LinkGains<'_>) {
        self.gains.put_links(self.start(room), links);
    }

    /// A transmission has ended.
    pub fn give_back(&mut self, room: u32) {
        self.spare.push(room);
    }

    /// The gains in a room: to all servers or, if those are named, to some.
    #[inline]
    pub fn gains<'a>(&'a self, room: u32, servers: Option<&'a [u32]>) -> LinkGains<'a> {
        self.gains.row(self.start(room), servers, self.size)
    }

    fn start(&self, room: u32) -> usize {
        room as usize * self.size
    }
}

/// The room of one transmission.
#[derive(Debug)]
pub struct Room<'r> {
    pub(super) rooms: &'r mut Rooms,
    pub(super) number: u32,
}

impl Room<'_> {
    /// Puts other gains to the same servers there.
    pub fn put(&mut self, links: LinkGains<'_>) {
        self.rooms.put(self.number, links);
    }
}
