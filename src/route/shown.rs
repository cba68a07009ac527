//! Who is connected to the servers, and what policies are shown of them.

use super::{ComputeLaw, Needs, Network};
use crate::snapshot::{BatchState, ExpectedTokens, ServerState};
use crate::units::Seconds;
use crate::world::query::Tokens;

/// The queries connected to a server.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Connected {
    queries: usize,
    /// Prompts on their way to its compute.
    prompt_tokens: f64,
    /// Mean contexts and answers of all, as expected.
    context_tokens: f64,
    answer_tokens: f64,
}

impl Network<'_> {
    pub(super) fn reach_compute(&mut self, job: usize, server: usize) {
        if let Some(tokens) = self.on_the_way.get_mut(job).and_then(Option::take) {
            self.connected[server].prompt_tokens -= tokens.prompt as f64;
        }
    }

    /// A query is sent to a server.
    pub fn connect(&mut self, job: usize, server: usize, needs: &Needs) {
        let connected = &mut self.connected[server];
        connected.queries += 1;
        if let Some(tokens) = needs.tokens {
            let expected = self.serving.foresight.of(tokens);
            connected.prompt_tokens += expected.prompt;
            connected.context_tokens += expected.mean_context();
            connected.answer_tokens += expected.answer;
            if self.on_the_way.len() <= job {
                self.on_the_way.resize(job + 1, None);
            }
            self.on_the_way[job] = Some(tokens);
        }
    }

    /// A query that was sent to a server leaves the system.
    pub fn disconnect(&mut self, job: usize, server: usize, needs: &Needs) {
        self.reach_compute(job, server);
        let connected = &mut self.connected[server];
        connected.queries -= 1;
        if let Some(tokens) = needs.tokens {
            let expected = self.serving.foresight.of(tokens);
            connected.context_tokens -= expected.mean_context();
            connected.answer_tokens -= expected.answer;
        }
        if connected.queries == 0 {
            // What remains is the rounding of sums and differences.
            *connected = Connected::default();
        }
    }

    /// A query's tokens as policies expect them.
    pub fn expected_tokens(&self, tokens: Tokens) -> ExpectedTokens {
        self.serving.foresight.of(tokens)
    }

    fn batch_state(&self, now: Seconds, server: usize) -> Option<BatchState> {
        let ComputeLaw::Batching(spec) = self.serving.compute else {
            return None;
        };
        let load = self.compute.load(server);
        let connected = &self.connected[server];
        Some(BatchState {
            spec,
            running: load.in_service,
            waiting: load.queued,
            memory_in_use: self.compute.memory_in_use(now, server).unwrap_or_default(),
            prompt_tokens: connected.prompt_tokens + self.compute.uncomputed_tokens(server) as f64,
            context_tokens: connected.context_tokens,
            answer_tokens: connected.answer_tokens,
        })
    }

    /// The servers as policies see them now.
    pub fn server_states(&self, now: Seconds) -> impl Iterator<Item = ServerState> + '_ {
        let model = self.world.model();
        let servers = self.world.servers().iter().zip(self.world.sites());
        servers.enumerate().map(move |(j, (server, site))| {
            let cell = site.first_cell;
            ServerState {
                capacity: server.capacity,
                max_per_user: model.servers.max_per_user,
                bandwidth: model.cells.bandwidth,
                noise: model.cells.noise,
                connected: self.connected[j].queries,
                from_others: self.uplink.power().from_others(cell),
                from_own: self.uplink.power().from_own(cell),
                batching: self.batch_state(now, j),
                latency: self.serving.latency(),
                position: Some(site.position),
            }
        })
    }
}
