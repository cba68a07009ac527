//! How things stood when queries were placed, for recorders that want to know. Kept
//! beside the queries in flight, so that runs that do not ask for it pay nothing.

use super::Run;
use super::recorder::{ChosenLink, Circumstances};
use crate::physics::gains::LinkGains;
use crate::snapshot::Choice;

/// What is kept of the queries in flight.
#[derive(Debug, Default)]
pub(super) struct KeptCircumstances {
    by_slot: Vec<Option<Circumstances>>,
    /// Slots of the queries that are to transmit at live rates, until they have begun to.
    beginning: Vec<usize>,
}

impl KeptCircumstances {
    fn keep(&mut self, slot: usize, circumstances: Circumstances) {
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, None);
        }
        self.by_slot[slot] = Some(circumstances);
        let unknown = |link: ChosenLink| link.sinr.is_none();
        if circumstances.link.is_some_and(unknown) {
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
    /// The query in `slot` is placed now, with these links and, where shares are held, the
    /// SINR that is known in advance.
    #[inline]
    pub(super) fn keep_circumstances(
        &mut self,
        slot: usize,
        choice: Choice,
        links: LinkGains<'_>,
        sinr: Option<f64>,
    ) {
        let Some(kept) = &mut self.circumstances else {
            return;
        };
        let user = self.in_flight[slot].user();
        let link = match choice {
            Choice::Local => None,
            Choice::Edge(server) => Some(ChosenLink {
                gain: links
                    .to(server)
                    .unwrap_or_else(|| self.network.links().gain(user, server)),
                sinr,
            }),
        };
        let position = self.network.links().position(user);
        kept.keep(slot, Circumstances { position, link });
    }

    /// All that happens at this instant has happened: who has begun to transmit does so
    /// with the SINR of now. Rates change in between where one instant has many events,
    /// but nothing is sent at those.
    pub(super) fn instant_ends(&mut self) {
        if let Some(kept) = &mut self.circumstances {
            kept.beginning.retain(|&slot| {
                let leg = self.in_flight[slot].leg();
                let sinr = leg.and_then(|leg| self.network.sinr(slot, &leg));
                if let Some(Circumstances {
                    link: Some(link), ..
                }) = &mut kept.by_slot[slot]
                {
                    link.sinr = sinr;
                }
                // Before its transmission there is no SINR.
                sinr.is_none()
            });
        }
    }
}
