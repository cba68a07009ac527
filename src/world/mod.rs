//! What a replication draws: where everything stands, what it can do, and the
//! queries that come.
//!
//! Nothing here knows a policy: all policies of a replication see the same world
//! (common random numbers).

pub mod arrivals;
pub mod channel;
pub mod distribution;
pub mod geometry;
pub mod links;
pub mod motion;
pub mod query;
mod reach;
pub mod streams;
pub mod trace;

use crate::physics::gains::{GainRows, LinkGains};
use crate::physics::neighbourhood::Neighbourhoods;
use crate::physics::radio::Interference;
use crate::uncertainty::Metric;
use crate::units::{FlopPerSecond, Hertz, Seconds, Watts};
use channel::{Channel, FadingProcess};
use distribution::Scaled;
use geometry::{Area, Placement, Point};
use motion::Mobility;
use query::Workload;
use streams::StreamKey;

/// The laws from which worlds are drawn; SI units throughout.
#[derive(Debug, Clone)]
pub struct WorldModel {
    /// Where everything stands.
    pub area: Area,
    /// The phones.
    pub users: UserModel,
    /// The edge servers.
    pub servers: ServerModel,
    /// The law of the links.
    pub channel: Channel,
    /// How long gains stay as they are, where they change at all.
    pub coherence_time: Seconds,
    /// Noise over the full bandwidth of a server (sigma^2 of Eq. 3).
    pub noise: Watts,
    /// The reading of Eq. 3's interference term.
    pub interference: Interference,
    /// Relative error that noise plus interference may have; 0 for none.
    pub interference_tolerance: f64,
    /// What the queries ask for.
    pub workload: Workload,
}

impl WorldModel {
    /// Whether gains change during a run.
    pub fn changes(&self) -> bool {
        self.channel.process != FadingProcess::Static || self.users.mobility != Mobility::Static
    }
}

/// The law of the users.
#[derive(Debug, Clone)]
pub struct UserModel {
    /// How many there are (N).
    pub count: usize,
    /// Where they stand.
    pub placement: Placement,
    /// How they move.
    pub mobility: Mobility,
    /// Transmit power of each (P).
    pub tx_power: Watts,
    /// Local capacity of each (C_i,L), in FLOP/s.
    pub capacity: Scaled,
}

/// The law of the edge servers.
#[derive(Debug, Clone)]
pub struct ServerModel {
    /// How many there are (M).
    pub count: usize,
    /// Where they stand.
    pub placement: Placement,
    /// Bandwidth of each (B).
    pub bandwidth: Hertz,
    /// Capacity of each (C_j,ES), in FLOP/s.
    pub capacity: Scaled,
    /// Greatest capacity that one user gets (C_max).
    pub max_per_user: FlopPerSecond,
}

/// A user as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct User {
    /// Where it stands.
    pub position: Point,
    /// Its local capacity (C_i,L).
    pub capacity: FlopPerSecond,
}

/// An edge server as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Server {
    /// Where it stands.
    pub position: Point,
    /// Its capacity (C_j,ES).
    pub capacity: FlopPerSecond,
}

/// One drawn world.
#[derive(Debug, Clone)]
pub struct World<'m> {
    model: &'m WorldModel,
    key: StreamKey,
    users: Vec<User>,
    servers: Vec<Server>,
    metric: Metric,
    /// Power gains of each user's links within reach, row after row.
    gains: GainRows,
    places: Vec<Place>,
    neighbourhoods: Option<Neighbourhoods>,
}

/// Where a user belongs, and where its links are.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Where its row begins in the world's gains.
    row: usize,
    /// The server nearest to it; 0 where everybody is within reach of everybody.
    home: u32,
}

impl<'m> World<'m> {
    /// Draws the world at a replication's key.
    pub fn draw(model: &'m WorldModel, key: StreamKey) -> Self {
        let users: Vec<User> = (0..model.users.count)
            .map(|i| User {
                position: model.users.placement.position(
                    &model.area,
                    key.named("user-position"),
                    i,
                ),
                capacity: FlopPerSecond(
                    model
                        .users
                        .capacity
                        .draw(&mut key.named("user-capacity").index(i as u64).stream()),
                ),
            })
            .collect();
        let servers: Vec<Server> = (0..model.servers.count)
            .map(|j| Server {
                position: model.servers.placement.position(
                    &model.area,
                    key.named("server-position"),
                    j,
                ),
                capacity: FlopPerSecond(
                    model
                        .servers
                        .capacity
                        .draw(&mut key.named("server-capacity").index(j as u64).stream()),
                ),
            })
            .collect();
        let (neighbourhoods, homes) = reach::find(model, &users, &servers).unzip();
        let homes: Vec<u32> = homes.unwrap_or_default();
        let mut world = Self {
            model,
            key,
            users,
            servers,
            metric: model.workload.metric,
            gains: GainRows::default(),
            places: Vec::new(),
            neighbourhoods,
        };
        world.draw_links(&homes);
        world
    }

    fn draw_links(&mut self, homes: &[u32]) {
        let home = |user: usize| homes.get(user).copied().unwrap_or(0);
        let all: Vec<u32> = (0..self.servers.len() as u32).collect();
        let mut gains = GainRows::default();
        let mut order: Vec<usize> = (0..self.users.len()).collect();
        // Neighbours side by side: what is read together lies together.
        order.sort_by_key(|&user| home(user));
        self.places = vec![Place::default(); self.users.len()];
        for user in order {
            self.places[user] = Place {
                row: gains.len(),
                home: home(user),
            };
            let near = self.reach_of(user);
            let within = near.unwrap_or(&all).iter();
            gains.push(near, within.map(|&j| self.drawn_gain(user, j as usize)));
        }
        self.gains = gains;
    }

    /// From now on queries show their uncertainty by `metric`. Nothing else of them
    /// changes: the same questions are drawn.
    pub fn show(&mut self, metric: Metric) {
        self.metric = metric;
    }

    /// The laws this world was drawn from.
    pub fn model(&self) -> &'m WorldModel {
        self.model
    }

    /// The key of this world's random streams.
    pub fn key(&self) -> StreamKey {
        self.key
    }

    /// The users, in order.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The servers, in order.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The power gains |h|^2 of a user's links at time zero; for a world that changes
    /// see [`links::Links`].
    pub fn links(&self, user: usize) -> LinkGains<'_> {
        let row = self.places[user].row;
        self.gains.row(row, self.reach_of(user), self.servers.len())
    }

    /// The server nearest to a user; 0 where everybody is within reach of everybody.
    pub fn home(&self, user: usize) -> usize {
        self.places[user].home as usize
    }

    /// Who is near whom; `None` where everybody is within reach of everybody.
    pub fn neighbourhoods(&self) -> Option<&Neighbourhoods> {
        self.neighbourhoods.as_ref()
    }

    /// The servers within a user's reach, ascending; `None` for all.
    fn reach_of(&self, user: usize) -> Option<&[u32]> {
        Some(self.neighbourhoods.as_ref()?.near(self.home(user)))
    }

    /// The power gain of any link at time zero, drawn where it is asked for.
    fn drawn_gain(&self, user: usize, server: usize) -> f64 {
        let (position, place) = (self.users[user].position, self.servers[server].position);
        self.model
            .channel
            .gain(self.key, (user, position), (server, place))
    }
}
