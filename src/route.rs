//! The stations of a run, and the way of a query through them: a target is a route, a
//! route is a list of visits to stations.

mod device;
mod serving;
mod shown;
mod steps;

pub use serving::{CloudCompute, CloudLaw, ComputeLaw, Foresight, Serving};
pub use steps::{answer_bits, backhaul_bits};

use shown::Connected;

use crate::city::CityLedger;
use crate::llm::Order;
use crate::snapshot::{Choice, Service};
use crate::station::batching::{BatchingServers, Request};
use crate::station::compute::{Compute, Discipline};
use crate::station::device::Devices;
use crate::station::downlink::Downlink;
use crate::station::held::Held;
use crate::station::reference::{ReferenceProcessorSharing, ReferenceUplinks};
use crate::station::stage::Stage;
use crate::station::uplink::{Air, HeldUplinks, LiveUplinks, Radio, Uplinks};
use crate::station::{Demand, Job, Sharing, Station, StationId};
use crate::units::{Bits, Flop, Seconds, Watts};
use crate::world::World;
use crate::world::links::Links;
use crate::world::query::Tokens;
use crate::world::streams::StreamKey;
use smallvec::{SmallVec, smallvec};

/// A visit to a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Which station.
    pub station: StationId,
    /// Which of its units.
    pub unit: usize,
    /// What the query asks for there.
    pub demand: Demand,
}

/// The visits of a query, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Route(SmallVec<[Leg; 3]>);

impl Route {
    /// The visit at a place of the route.
    pub fn leg(&self, place: usize) -> Option<Leg> {
        self.0.get(place).copied()
    }

    /// The way of a query whose prompt a router on its device looks at.
    pub fn of_router(user: usize, time: Seconds) -> Self {
        let demand = Demand {
            time: Some(time),
            ..Demand::none(Stage::Probe)
        };
        Self(smallvec![leg(StationId::Device, user, demand)])
    }
}

/// What a query needs, wherever it is answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needs {
    /// Its number among all arrivals.
    pub number: u64,
    /// Whose it is.
    pub user: usize,
    /// Its size on the uplink (D).
    pub bits: Bits,
    /// Work of the small model (W_SLM) that is still to be done.
    pub slm_work: Flop,
    /// Work of the large model (W_LLM).
    pub llm_work: Flop,
    /// Its tokens, where its sizes come from them.
    pub tokens: Option<Tokens>,
    /// Whether its device has computed its first token already.
    pub probed: bool,
    /// Which round of drafts its message belongs to, from 0.
    pub round: u32,
}

/// Slow, obvious stations, where those of a run have such references.
#[derive(Debug, Default)]
pub struct References {
    /// The compute of each server.
    pub compute: Vec<ReferenceProcessorSharing>,
    /// The uplinks of all cells.
    pub uplink: Option<ReferenceUplinks>,
}

/// The stations of a run, and the links between them.
pub struct Network<'w> {
    world: &'w World<'w>,
    serving: Serving,
    links: Links<'w>,
    uplink: Box<dyn Air<'w> + 'w>,
    compute: Box<dyn Station<'w> + 'w>,
    devices: Devices,
    downlink: Box<dyn Station<'w> + 'w>,
    access: Held,
    backhaul: Held,
    frontend: Held,
    cloud: Box<dyn Station<'w> + 'w>,
    /// By server: the queries sent to it that have not left.
    connected: Vec<Connected>,
    /// By job: the tokens of a query on its way to a server's compute.
    on_the_way: Vec<Option<Tokens>>,
}

impl<'w> Network<'w> {
    /// Idle stations in a drawn world.
    pub fn new(world: &'w World<'w>, serving: Serving) -> Self {
        let model = world.model();
        let radio = radio(world);
        let cells = world.cells();
        let capacities = world.servers().iter().map(|server| server.capacity);
        let uplink: Box<dyn Air<'w> + 'w> = match serving.sharing {
            Sharing::Held => Box::new(HeldUplinks::new(radio, cells)),
            Sharing::Live => Box::new(LiveUplinks::new(live_uplinks(world, radio), cells)),
        };
        let compute: Box<dyn Station<'w> + 'w> = match (serving.compute, serving.sharing) {
            (ComputeLaw::Batching(spec), _) => {
                Box::new(BatchingServers::new(capacities.map(|_| spec)))
            }
            (ComputeLaw::Shared(_), Sharing::Held) => Box::new(Held::with_capacities(capacities)),
            (ComputeLaw::Shared(discipline), Sharing::Live) => Box::new(Compute::new(
                discipline,
                capacities,
                model.servers.max_per_user,
            )),
        };
        Self {
            world,
            links: Links::new(world),
            uplink,
            compute,
            devices: Devices::new(
                world.users().iter().map(|user| user.capacity),
                serving.throttling,
            ),
            downlink: Downlink::station(world.servers().len()),
            access: Held::new(cells),
            backhaul: Held::new(world.servers().len()),
            frontend: Held::new(world.servers().len()),
            cloud: cloud_station(serving.cloud.as_ref()),
            serving,
            connected: vec![Connected::default(); world.servers().len()],
            on_the_way: Vec::new(),
        }
    }

    /// The way of a query to where it is answered. `held` is the service that follows
    /// from the decision where shares are held.
    pub fn route(&self, needs: &Needs, choice: Choice, held: Option<&Service>) -> Route {
        let (uplink_time, compute_time) = match held {
            Some(Service::Edge {
                uplink, compute, ..
            }) => (Some(*uplink), Some(*compute)),
            _ => (None, None),
        };
        match choice {
            Choice::Local => {
                let demand = self.local_demand(needs);
                Route(smallvec![leg(StationId::Device, needs.user, demand)])
            }
            Choice::Edge(server) => {
                let mut route = self.to_server(needs, server, needs.bits);
                if let Some(transmission) = route.0.last_mut() {
                    transmission.demand.time = uplink_time;
                }
                let computed = Demand {
                    work: needs.llm_work,
                    time: compute_time,
                    request: self.request(needs),
                    ..Demand::none(Stage::EdgeCompute)
                };
                self.to_compute(&mut route, server, computed);
                self.to_user(&mut route, server);
                route
            }
        }
    }

    /// The key of what a query's message meets on its way.
    fn message_key(&self, needs: &Needs) -> StreamKey {
        let first = self.world.key().named("message").index(needs.number);
        match needs.round {
            0 => first,
            round => first.index(u64::from(round)),
        }
    }

    /// What a batching server is asked for.
    fn request(&self, needs: &Needs) -> Request {
        let Tokens { prompt, answer } = needs.tokens.unwrap_or(Tokens {
            prompt: 1,
            answer: 1,
        });
        let rank = match self.serving.compute {
            ComputeLaw::Batching(spec) => match spec.order {
                Order::Fcfs | Order::Priority => 0.0,
                Order::ShortestPrompt => prompt as f64,
                Order::ShortestExpected => answer as f64,
            },
            ComputeLaw::Shared(_) => 0.0,
        };
        Request {
            rank,
            ..Request::new(prompt, answer)
        }
    }

    /// Whether servers refuse a query: its prompt and answer are more tokens than they take.
    pub fn refuses(&self, needs: &Needs) -> bool {
        match (self.serving.compute, needs.tokens) {
            (ComputeLaw::Batching(spec), Some(tokens)) => {
                tokens.prompt + tokens.answer > spec.most_tokens()
            }
            _ => false,
        }
    }

    /// A station.
    pub fn station(&self, station: StationId) -> &dyn Station<'w> {
        match station {
            StationId::Uplink => &*self.uplink,
            StationId::Compute => &*self.compute,
            StationId::Device => &self.devices,
            StationId::Downlink => &*self.downlink,
            StationId::Access => &self.access,
            StationId::Backhaul => &self.backhaul,
            StationId::Cloud => &*self.cloud,
            StationId::Frontend => &self.frontend,
        }
    }

    /// A station at which something happens, and the links that it may look up.
    pub fn visit(&mut self, station: StationId) -> (&mut dyn Station<'w>, &mut Links<'w>) {
        let links = &mut self.links;
        match station {
            StationId::Uplink => (&mut *self.uplink, links),
            StationId::Compute => (&mut *self.compute, links),
            StationId::Device => (&mut self.devices, links),
            StationId::Downlink => (&mut *self.downlink, links),
            StationId::Access => (&mut self.access, links),
            StationId::Backhaul => (&mut self.backhaul, links),
            StationId::Cloud => (&mut *self.cloud, links),
            StationId::Frontend => (&mut self.frontend, links),
        }
    }

    /// The slow, obvious stations beside which these can be run: of live sharing, where the
    /// channel stands still and interference is exact.
    pub fn references(&self) -> References {
        if self.serving.sharing != Sharing::Live {
            return References::default();
        }
        let model = self.world.model();
        let compute = match self.serving.compute {
            ComputeLaw::Shared(Discipline::ProcessorSharing) => {
                let servers = self.world.servers().iter();
                let cap = model.servers.max_per_user;
                let reference = |capacity| ReferenceProcessorSharing::new(capacity, cap);
                servers.map(|server| reference(server.capacity)).collect()
            }
            _ => Vec::new(),
        };
        let stands_still = self.links.next_block(Seconds(0.0)).is_none();
        let is_exact = self.world.neighbourhoods().is_none();
        References {
            compute,
            uplink: (stands_still && is_exact).then(|| ReferenceUplinks::new(radio(self.world))),
        }
    }

    /// Whether more than all of a server may be promised: shares that are held are those of
    /// the moment of decision, whoever comes later.
    pub fn may_overbook(&self) -> bool {
        self.serving.sharing == Sharing::Held
    }

    /// A user's gains to all cells, as of when they were last asked for.
    pub fn gains_of(&self, user: usize) -> Vec<f64> {
        let cells = 0..self.world.cells();
        cells.map(|cell| self.links.gain(user, cell)).collect()
    }

    /// The links, brought to where they were asked for last.
    pub fn links(&self) -> &Links<'w> {
        &self.links
    }

    /// Brings a user's links up to `now`.
    pub fn bring_links_to(&mut self, user: usize, now: Seconds) {
        self.links.bring_to(user, now);
    }

    /// A query begins the visit of a leg.
    pub fn arrive(&mut self, now: Seconds, leg: &Leg, job: Job) {
        if leg.station == StationId::Compute {
            self.reach_compute(job.id, leg.unit);
        }
        let (station, links) = self.visit(leg.station);
        station.arrive(now, leg.unit, job, links);
    }

    /// How long a user's device is busy with what it has.
    pub fn backlog(&self, user: usize, now: Seconds) -> Seconds {
        self.devices.backlog(user, now)
    }

    /// The power that a cell receives from the users of other cells.
    pub fn interference_power(&self, cell: usize) -> Watts {
        self.uplink.power().from_others(cell)
    }

    /// The SINR (Eq. 3), linear, of a query's transmission with who is received now;
    /// `None` where its leg is none.
    pub fn sinr(&self, job: usize, leg: &Leg) -> Option<f64> {
        (leg.station == StationId::Uplink).then(|| self.uplink.sinr(job))
    }
}

/// What all cells of a world have in common.
fn radio(world: &World<'_>) -> Radio {
    let model = world.model();
    Radio {
        bandwidth: model.cells.bandwidth,
        noise: model.cells.noise,
        tx_power: model.users.tx_power,
        interference: model.interference,
    }
}

fn leg(station: StationId, unit: usize, demand: Demand) -> Leg {
    Leg {
        station,
        unit,
        demand,
    }
}

/// The cloud's compute; no units where there is no cloud.
fn cloud_station<'w>(cloud: Option<&CloudLaw>) -> Box<dyn Station<'w> + 'w> {
    match cloud.map(|cloud| cloud.compute) {
        None => Box::new(Held::new(0)),
        Some(CloudCompute::Batching(spec)) => Box::new(BatchingServers::new([spec].into_iter())),
        Some(CloudCompute::Shared {
            capacity,
            max_per_user,
        }) => Box::new(Compute::new(
            Discipline::ProcessorSharing,
            [capacity].into_iter(),
            max_per_user,
        )),
    }
}

/// Uplinks whose interference is exact or, in a city, within a tolerance.
fn live_uplinks<'w>(world: &'w World<'w>, radio: Radio) -> Uplinks<'w> {
    match world.neighbourhoods() {
        None => Uplinks::new(radio, world.cells()),
        Some(neighbourhoods) => {
            let ledger = CityLedger::new(
                radio.interference,
                radio.tx_power,
                radio.noise,
                neighbourhoods,
            );
            Uplinks::with_ledger(radio, world.cells(), Box::new(ledger))
        }
    }
}
