//! The gains of the links as a run goes on: constant within a coherence block,
//! looked up in a table where nothing changes at all.

use super::World;
use super::geometry::Point;
use super::motion::{Reached, Walk};
use crate::physics::gains::LinkGains;
use crate::units::Seconds;
use crate::world::channel::{Instant, LinkFading};

/// The gains that one run sees. Asking is all that happens: who asks, and in which
/// order, changes nothing.
#[derive(Debug)]
pub struct Links<'w> {
    world: &'w World<'w>,
    /// Per user, once asked; empty where the world stands still.
    rows: Vec<Option<Row>>,
}

/// One user's gains in the block they were last asked for.
#[derive(Debug, Clone)]
struct Row {
    instant: Instant,
    gains: Vec<f64>,
    position: Point,
    walk: Walk,
    fading: Vec<LinkFading>,
}

impl<'w> Links<'w> {
    /// The links of a drawn world.
    pub fn new(world: &'w World<'w>) -> Self {
        let rows = if world.model().changes() {
            vec![None; world.users().len()]
        } else {
            Vec::new()
        };
        Self { world, rows }
    }

    /// Brings a user's links up to `now`. Times must not decrease.
    pub fn bring_to(&mut self, user: usize, now: Seconds) {
        let Some(row) = self.rows.get_mut(user) else {
            return;
        };
        let block = block_at(self.world, now);
        let row = row.get_or_insert_with(|| Row::new(self.world, user));
        if row.instant.block != block || row.gains.is_empty() {
            row.move_to(self.world, user, block);
        }
    }

    /// The power gains |h|^2 of a user's links, as of the time they were last brought
    /// to.
    pub fn of(&self, user: usize) -> LinkGains<'_> {
        let at_start = self.world.links(user);
        match self.rows.get(user) {
            Some(Some(row)) => match at_start.servers() {
                None => LinkGains::to_all(&row.gains),
                Some(servers) => LinkGains::within_reach(servers, &row.gains),
            },
            _ => at_start,
        }
    }

    /// The power gain of one link as of the same time, within reach or not.
    pub fn gain(&self, user: usize, server: usize) -> f64 {
        let within = self.of(user).to(server);
        within.unwrap_or_else(|| match self.rows.get(user) {
            Some(Some(row)) => row.gain_beyond_reach(self.world, user, server),
            _ => self.world.drawn_gain(user, server),
        })
    }

    /// The server nearest to a user at time zero; 0 where everybody is within reach of
    /// everybody.
    pub fn nearest_server(&self, user: usize) -> usize {
        self.world.nearest_server(user)
    }

    /// Where a user stands in the block that its gains were last asked for.
    pub fn position(&self, user: usize) -> Point {
        match self.rows.get(user) {
            Some(Some(row)) => row.position,
            _ => self.world.users()[user].position,
        }
    }

    /// When the next coherence block begins; `None` where the world stands still.
    pub fn next_block(&self, now: Seconds) -> Option<Seconds> {
        let next = block_at(self.world, now) + 1;
        (!self.rows.is_empty()).then(|| self.world.model().coherence_time * next as f64)
    }
}

/// The number of the block that `now` is in.
fn block_at(world: &World<'_>, now: Seconds) -> u64 {
    let length = world.model().coherence_time;
    let block = (now / length).floor() as u64;
    // A boundary belongs to the block it begins, whatever the division rounds to.
    if length * (block + 1) as f64 <= now {
        block + 1
    } else {
        block
    }
}

impl Row {
    fn new(world: &World<'_>, user: usize) -> Self {
        let position = world.users()[user].position;
        let model = world.model();
        Self {
            instant: Instant::default(),
            gains: Vec::new(),
            position,
            walk: Walk::new(
                &model.users.mobility,
                &model.area,
                world.key(),
                user,
                position,
            ),
            fading: world
                .links(user)
                .iter()
                .map(|(server, _)| LinkFading::new(&model.channel, world.key(), user, server))
                .collect(),
        }
    }

    fn move_to(&mut self, world: &World<'_>, user: usize, block: u64) {
        let model = world.model();
        let time = model.coherence_time * block as f64;
        let Reached {
            position,
            travelled,
        } = self.walk.reached_at(time);
        let instant = Instant {
            block,
            time,
            travelled,
        };
        self.instant = instant;
        self.position = position;
        self.gains.clear();
        let (channel, key, links) = (&model.channel, world.key(), world.links(user));
        let share = world.power_share(user, position);
        let now = links.iter().zip(&mut self.fading).map(|((j, _), fading)| {
            if let Some(measured) = &model.measured {
                return share * measured.at(user, j, time);
            }
            let server = (j, world.sites()[j].position);
            let mean = channel.mean_gain(key, (user, position), server);
            share * mean * fading.power_at(channel, key, user, j, instant)
        });
        self.gains.extend(now);
    }

    fn gain_beyond_reach(&self, world: &World<'_>, user: usize, server: usize) -> f64 {
        let (channel, key) = (&world.model().channel, world.key());
        let place = (server, world.sites()[server].position);
        let mean = channel.mean_gain(key, (user, self.position), place);
        let mut fading = LinkFading::new(channel, key, user, server);
        mean * fading.power_at(channel, key, user, server, self.instant)
    }
}
