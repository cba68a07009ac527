//! A log's arrivals at a simulated server.

use super::Log;
use crate::fault::Fault;
use crate::llm::{Order, ServerSpec};
use crate::station::batching::{Event, Request, Server};
use crate::units::Seconds;

/// What became of the requests of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// By request, in the order of the log; `None` for those that do not fit into the
    /// memory for keys and values, which are refused, as servers do.
    pub requests: Vec<Option<Simulated>>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Simulated {
    /// When its first token was out.
    pub first_token: Seconds,
    /// When its last token was out.
    pub end: Seconds,
    /// How often it was put back for want of memory.
    pub preemptions: u64,
}

impl Replayed {
    /// Requests that were refused.
    pub fn refused(&self) -> usize {
        self.requests.iter().filter(|one| one.is_none()).count()
    }

    /// How often requests were put back for want of memory.
    pub fn preemptions(&self) -> u64 {
        let served = self.requests.iter().flatten();
        served.map(|simulated| simulated.preemptions).sum()
    }
}

/// Plays the arrivals of a log to a server. Requests of the same instant arrive in the
/// order of the log.
///
/// # Errors
/// An order that needs what a log does not say.
pub fn replay(log: &Log, spec: &ServerSpec) -> Result<Replayed, Fault> {
    if spec.order == Order::Priority {
        let allowed = "`Fcfs`, `ShortestPrompt` or `ShortestExpected`: a log has no priorities";
        return Err(Fault::new("order", "Priority", allowed));
    }
    let mut server = Server::new(spec);
    let mut by_time: Vec<usize> = (0..log.requests.len()).collect();
    by_time.sort_by(|&a, &b| {
        let arrival = |at: usize| log.requests[at].arrival.0;
        arrival(a).total_cmp(&arrival(b))
    });
    let mut arriving = by_time.into_iter().peekable();
    let mut requests = vec![None; log.requests.len()];
    let mut events = Vec::new();
    loop {
        let arrival = arriving
            .peek()
            .map(|&at| log.requests[at].arrival + spec.request);
        let (now, job) = match (arrival, server.next_event()) {
            // Who arrives when a step ends is there for the next one.
            (Some(arrival), Some(event)) if event < arrival => (event, None),
            (Some(arrival), _) => (arrival, arriving.next()),
            (None, Some(event)) => (event, None),
            (None, None) => break,
        };
        if let Some(job) = job {
            let request = request(log, job, spec.order);
            if server.fits(&request) {
                requests[job] = Some(Simulated::default());
                server.arrive(now, job, request);
            }
            continue;
        }
        server.advance(now, &mut events);
        for event in events.drain(..) {
            let (Event::FirstToken { job } | Event::Preempted { job } | Event::Done { job, .. }) =
                event;
            let Some(simulated) = &mut requests[job] else {
                continue;
            };
            match event {
                Event::FirstToken { .. } => simulated.first_token = now,
                Event::Preempted { .. } => simulated.preemptions += 1,
                Event::Done { .. } => simulated.end = now,
            }
        }
    }
    Ok(Replayed { requests })
}

fn request(log: &Log, job: usize, order: Order) -> Request {
    let logged = &log.requests[job];
    Request {
        rank: match order {
            Order::Fcfs | Order::Priority => 0.0,
            Order::ShortestPrompt => logged.prompt_tokens as f64,
            Order::ShortestExpected => logged.output_tokens as f64,
        },
        ..Request::new(logged.prompt_tokens, logged.output_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::StepLaw;

    fn spec() -> ServerSpec {
        ServerSpec {
            law: StepLaw::affine(0.005, 1e-4, 1e-7),
            request: Seconds(0.0),
            max_running: 8,
            token_budget: 64,
            block_tokens: 16,
            kv_blocks: 1000,
            max_model_len: u64::MAX,
            order: Order::Fcfs,
        }
    }

    fn times(rows: &str, spec: &ServerSpec) -> Vec<Option<(f64, f64, u64)>> {
        let text = format!("arrival_s,prompt_tokens,output_tokens\n{rows}");
        let replayed = replay(&Log::parse(&text).unwrap(), spec).unwrap();
        let times = |one: Simulated| (one.first_token.0, one.end.0, one.preemptions);
        replayed.requests.iter().map(|one| one.map(times)).collect()
    }

    fn near(found: Option<(f64, f64, u64)>, first_s: f64, end_s: f64, preemptions: u64) {
        let found = found.expect("served");
        assert!((found.0 - first_s).abs() < 6e-8, "{found:?}");
        assert!((found.1 - end_s).abs() < 6e-8, "{found:?}");
        assert_eq!(found.2, preemptions);
    }

    #[test]
    fn arrivals_meet_the_server_as_worked_out_by_hand() {
        let found = times("0,150,4\n", &spec());
        near(found[0], 0.0300, 0.0453456, 0);
        // In whatever order the log has them.
        let found = times("0.012,70,3\n0,100,10\n", &spec());
        near(found[1], 0.0200, 0.0732088, 0);
        near(found[0], 0.0372203, 0.0476553, 0);
    }

    #[test]
    fn requests_that_cannot_fit_are_refused_and_others_put_back() {
        let short = ServerSpec {
            kv_blocks: 5,
            max_model_len: u64::MAX,
            ..spec()
        };
        let found = times("0,16,40\n0,16,65\n0,16,40\n", &short);
        assert_eq!(found[1], None, "81 tokens");
        assert!((found[0].unwrap().1 - 0.2088796).abs() < 6e-8);
        let (_, end_s, preemptions) = found[2].unwrap();
        assert!((end_s - 0.3294775).abs() < 6e-8);
        assert_eq!(preemptions, 1);
    }

    #[test]
    fn a_log_has_no_priorities_but_lengths() {
        let ordered = |order| ServerSpec {
            order,
            max_running: 1,
            ..spec()
        };
        let rows = "0,1,1\n0.001,30,1\n0.001,20,2\n";
        let log = Log::parse(&format!("arrival_s,prompt_tokens,output_tokens\n{rows}")).unwrap();
        assert!(replay(&log, &ordered(Order::Priority)).is_err());
        let second_first = |order| {
            let found = times(rows, &ordered(order));
            found[2].unwrap().0 < found[1].unwrap().0
        };
        assert!(!second_first(Order::Fcfs));
        assert!(second_first(Order::ShortestPrompt));
        assert!(!second_first(Order::ShortestExpected));
    }
}
