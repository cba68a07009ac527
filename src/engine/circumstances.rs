//! How things stood when queries were placed, for recorders that want to know. Kept
//! beside the queries in flight, so that runs that do not ask for it pay nothing.

use super::Run;
use super::recorder::{ChosenLink, Circumstances};
use crate::physics::gains::LinkGains;

/// What is kept of the queries in flight.
#[derive(Debug, Default)]
pub(super) struct KeptCircumstances {
    by_slot: Vec<Option<Circumstances>>,
    /// Slots of the queries that began to transmit at live rates at this instant.
    beginning: Vec<usize>,
}

impl KeptCircumstances {
    fn keep(&mut self, slot: usize, circumstances: Circumstances) {
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, None);
        }
        self.by_slot[slot] = Some(circumstances);
        let unsettled = |link: ChosenLink| link.sinr.is_none();
        if circumstances.link.is_some_and(unsettled) {
            self.beginning.push(slot);
        }
    }

    /// The query in `slot` leaves.
    pub fn take(&mut self, slot: usize) -> Option<Circumstances> {
        self.beginning.retain(|&other| other != slot);
        self.by_slot.get_mut(slot)?.take()
    }
}

impl Run<'_> {
    /// The query in `slot` is placed now: on its device, or at a server over one of these
    /// links, with the SINR that is known in advance where shares are held.
    #[inline]
    pub(super) fn keep_circumstances(
        &mut self,
        slot: usize,
        sent: Option<(usize, LinkGains<'_>, Option<f64>)>,
    ) {
        let Some(kept) = &mut self.circumstances else {
            return;
        };
        let user = self.in_flight[slot].user();
        let link = sent.map(|(server, links, sinr)| ChosenLink {
            gain: links
                .to(server)
                .unwrap_or_else(|| self.links.gain(user, server)),
            sinr,
        });
        let position = self.links.position(user);
        kept.keep(slot, Circumstances { position, link });
    }

    /// All that happens at this instant has happened: who has begun to transmit does so
    /// with the SINR of now. Rates change in between where one instant has many events,
    /// but nothing is sent at those.
    pub(super) fn instant_ends(&mut self) {
        if let Some(kept) = &mut self.circumstances {
            for slot in kept.beginning.drain(..) {
                if let Some(Circumstances {
                    link: Some(link), ..
                }) = &mut kept.by_slot[slot]
                {
                    link.sinr = Some(self.uplinks.sinr(slot));
                }
            }
        }
    }
}
