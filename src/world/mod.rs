//! What a replication draws: where everything stands, what it can do, and the
//! queries that come.
//!
//! Nothing here knows a policy: all policies of a replication see the same world
//! (common random numbers).

pub mod arrivals;
pub mod channel;
pub mod coverage;
pub mod csv_rows;
pub mod distribution;
pub mod geometry;
pub mod link_budget;
pub mod links;
pub mod motion;
pub mod power_control;
pub mod query;
mod reach;
pub mod streams;
pub mod trace;

use crate::city::Neighbourhoods;
use crate::physics::gains::LinkGains;
use crate::physics::radio::Interference;
use crate::uncertainty::Metric;
use crate::units::{FlopPerSecond, Hertz, Seconds, Watts};
use channel::{Channel, FadingProcess, MeasuredGains};
use distribution::Scaled;
use geometry::{Area, Placement, Point};
use motion::Mobility;
use power_control::PowerControl;
use query::Workload;
use std::sync::Arc;
use streams::StreamKey;

/// The laws from which worlds are drawn; SI units throughout.
#[derive(Debug, Clone)]
pub struct WorldModel {
    /// Where everything stands.
    pub area: Area,
    /// The phones.
    pub users: UserModel,
    /// The edge servers, each at a site of its own.
    pub servers: ServerModel,
    /// The cells of the sites: today each site has one.
    pub cells: CellModel,
    /// The law of the links.
    pub channel: Channel,
    /// Gains that take its place.
    pub measured: Option<Arc<MeasuredGains>>,
    /// How long gains stay as they are, where they change at all.
    pub coherence_time: Seconds,
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
        let drawn = match &self.measured {
            Some(measured) => measured.change(),
            None => self.channel.process != FadingProcess::Static,
        };
        drawn || self.users.mobility != Mobility::Static
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
    /// How much of it they use.
    pub power_control: PowerControl,
    /// Local capacity of each (C_i,L), in FLOP/s.
    pub capacity: Scaled,
}

/// The law of the edge servers.
#[derive(Debug, Clone)]
pub struct ServerModel {
    /// How many there are (M).
    pub count: usize,
    /// Where their sites are.
    pub placement: Placement,
    /// Capacity of each (C_j,ES), in FLOP/s.
    pub capacity: Scaled,
    /// Greatest capacity that one user gets (C_max).
    pub max_per_user: FlopPerSecond,
}

/// The law of the cells.
#[derive(Debug, Clone)]
pub struct CellModel {
    /// Bandwidth of each (B).
    pub bandwidth: Hertz,
    /// Noise over it (sigma^2 of Eq. 3).
    pub noise: Watts,
}

/// A user as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct User {
    /// Where it stands.
    pub position: Point,
    /// Its local capacity (C_i,L).
    pub capacity: FlopPerSecond,
}

/// A site as drawn: a mast with one edge server and one or more cells. Its number is that
/// of its server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Where it stands.
    pub position: Point,
    /// Its first cell.
    pub first_cell: usize,
}

/// An edge server as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Server {
    /// Its capacity (C_j,ES).
    pub capacity: FlopPerSecond,
}

/// Cells of a site.
const CELLS_PER_SITE: usize = 1;

/// One drawn world.
#[derive(Debug, Clone)]
pub struct World<'m> {
    model: &'m WorldModel,
    key: StreamKey,
    users: Vec<User>,
    sites: Vec<Site>,
    servers: Vec<Server>,
    metric: Metric,
    /// Power gains of each user's links within reach, row after row.
    gains: Vec<f64>,
    rows: Vec<Row>,
    power_shares: Vec<f64>,
    neighbourhoods: Option<Neighbourhoods>,
}

/// A user's links.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// Where they begin in the world's gains.
    start: usize,
    /// The server nearest to it; 0 where everybody is within reach of everybody.
    nearest: u32,
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
        let sites: Vec<Site> = (0..model.servers.count)
            .map(|j| Site {
                position: model.servers.placement.position(
                    &model.area,
                    key.named("server-position"),
                    j,
                ),
                first_cell: j * CELLS_PER_SITE,
            })
            .collect();
        let servers: Vec<Server> = (0..model.servers.count)
            .map(|j| Server {
                capacity: FlopPerSecond(
                    model
                        .servers
                        .capacity
                        .draw(&mut key.named("server-capacity").index(j as u64).stream()),
                ),
            })
            .collect();
        let (neighbourhoods, nearest) = reach::find(model, &users, &sites).unzip();
        let mut world = Self {
            model,
            key,
            users,
            sites,
            servers,
            metric: model.workload.metric,
            gains: Vec::new(),
            rows: Vec::new(),
            power_shares: Vec::new(),
            neighbourhoods,
        };
        world.draw_links(&nearest.unwrap_or_default());
        world
    }

    fn draw_links(&mut self, nearest: &[u32]) {
        self.power_shares = (self.users.iter().enumerate())
            .map(|(user, drawn)| self.power_share(user, drawn.position))
            .collect();
        let nearest = |user: usize| nearest.get(user).copied().unwrap_or(0);
        let all: Vec<u32> = (0..self.servers.len() as u32).collect();
        let mut gains = Vec::new();
        let mut order: Vec<usize> = (0..self.users.len()).collect();
        // Neighbours side by side: what is read together lies together.
        order.sort_by_key(|&user| nearest(user));
        self.rows = vec![Row::default(); self.users.len()];
        for user in order {
            self.rows[user] = Row {
                start: gains.len(),
                nearest: nearest(user),
            };
            let within = self.reach_of(user).unwrap_or(&all).iter();
            let share = self.power_shares[user];
            gains.extend(within.map(|&j| share * self.drawn_gain(user, j as usize)));
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

    /// The sites, in order.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.sites.len() * CELLS_PER_SITE
    }

    /// The cell over which a user reaches a server.
    pub fn cell_to(&self, _user: usize, server: usize) -> usize {
        self.sites[server].first_cell
    }

    /// The servers, in order.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The power gains |h|^2 of a user's links at time zero, times the share of its power
    /// that it uses; for a world that changes see [`links::Links`].
    pub fn links(&self, user: usize) -> LinkGains<'_> {
        let Row { start, .. } = self.rows[user];
        match self.reach_of(user) {
            None => LinkGains::to_all(&self.gains[start..][..self.servers.len()]),
            Some(servers) => {
                LinkGains::within_reach(servers, &self.gains[start..][..servers.len()])
            }
        }
    }

    /// The server nearest to a user; 0 where everybody is within reach of everybody.
    pub fn nearest_server(&self, user: usize) -> usize {
        self.rows[user].nearest as usize
    }

    /// Who is near whom; `None` where everybody is within reach of everybody.
    pub fn neighbourhoods(&self) -> Option<&Neighbourhoods> {
        self.neighbourhoods.as_ref()
    }

    /// The servers within a user's reach, ascending; `None` for all.
    fn reach_of(&self, user: usize) -> Option<&[u32]> {
        Some(
            self.neighbourhoods
                .as_ref()?
                .near(self.nearest_server(user)),
        )
    }

    /// The share of its power that each user uses at time zero.
    pub fn power_shares(&self) -> &[f64] {
        &self.power_shares
    }

    /// The share of its power that a user uses at a place, in 0..1: counted with the gains
    /// of its links, so that signals and interference are those of the power that is sent.
    pub fn power_share(&self, user: usize, position: Point) -> f64 {
        let UserModel {
            tx_power,
            power_control,
            ..
        } = &self.model.users;
        power_control.share(*tx_power, self.model.cells.bandwidth, || {
            let sites = self.sites.iter().enumerate();
            let means = sites.map(|(server, site)| {
                let channel = &self.model.channel;
                channel.mean_gain(self.key, (user, position), (server, site.position))
            });
            means.fold(0.0, f64::max)
        })
    }

    /// The power gain of any link at time zero, drawn where it is asked for.
    fn drawn_gain(&self, user: usize, server: usize) -> f64 {
        if let Some(measured) = &self.model.measured {
            return measured.at(user, server, Seconds(0.0));
        }
        let (position, place) = (self.users[user].position, self.sites[server].position);
        self.model
            .channel
            .gain(self.key, (user, position), (server, place))
    }
}
