//! What is sent, and when.

use crate::units::Seconds;
use crate::world::distribution::Distribution;
use crate::world::streams::StreamKey;
use crate::world::trace::Trace;
use rand_distr::{Distribution as _, Exp1};

/// A request that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// When, from the beginning of the load.
    pub at: Seconds,
    /// Tokens that its prompt should have.
    pub prompt_tokens: u64,
    /// Tokens that its answer should have.
    pub output_tokens: u64,
}

/// More requests than this are no load but a mistake.
pub const MOST_REQUESTS: usize = 1_000_000;

/// Poisson arrivals for some time, with lengths from distributions; `None` where there would
/// be more than [`MOST_REQUESTS`]. A longer load of the same seed begins with a shorter one.
pub fn poisson(
    rate_hz: f64,
    prompt_tokens: &Distribution,
    output_tokens: &Distribution,
    lasting: Seconds,
    seed: u64,
) -> Option<Vec<Planned>> {
    let key = StreamKey::root(seed).named("load");
    let mut gaps = key.named("arrivals").stream();
    let mut prompts = key.named("prompts").stream();
    let mut answers = key.named("answers").stream();
    let mut at = Seconds(0.0);
    let mut planned = Vec::new();
    loop {
        let gap: f64 = Exp1.sample(&mut gaps);
        at += Seconds(gap / rate_hz);
        if at > lasting {
            return Some(planned);
        }
        if planned.len() == MOST_REQUESTS {
            return None;
        }
        planned.push(Planned {
            at,
            prompt_tokens: tokens(prompt_tokens.draw(&mut prompts)),
            output_tokens: tokens(output_tokens.draw(&mut answers)),
        });
    }
}

/// The requests of a trace, from its first arrival on; those after some time left out.
pub fn of_trace(trace: &Trace, lasting: Option<Seconds>) -> Vec<Planned> {
    let rows = trace.rows.iter().map(|row| Planned {
        at: row.arrival - trace.first(),
        prompt_tokens: tokens(row.prompt_tokens),
        output_tokens: tokens(row.output_tokens),
    });
    let within = |planned: &Planned| lasting.is_none_or(|lasting| planned.at <= lasting);
    rows.take_while(within).collect()
}

/// A whole number of tokens, at least one.
fn tokens(drawn: f64) -> u64 {
    drawn.round().clamp(1.0, 1e9) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_have_the_rate_and_lengths_their_distributions() {
        let (prompt, answer) = (
            Distribution::Uniform {
                low: 8.0,
                high: 60.0,
            },
            Distribution::Fixed(5.0),
        );
        let long = poisson(2.0, &prompt, &answer, Seconds(5000.0), 7).unwrap();
        // 10,000 expected, of standard deviation 100.
        assert!((9600..10400).contains(&long.len()), "{}", long.len());
        let mean = long.iter().map(|one| one.prompt_tokens).sum::<u64>() as f64 / long.len() as f64;
        assert!((mean - 34.0).abs() < 0.6, "{mean}");
        assert!(long.iter().all(|one| one.output_tokens == 5));
        let short = poisson(2.0, &prompt, &answer, Seconds(100.0), 7).unwrap();
        assert_eq!(short, long[..short.len()]);
        assert!(poisson(1e9, &prompt, &answer, Seconds(5000.0), 7).is_none());
    }

    #[test]
    fn a_trace_begins_with_its_first_arrival() {
        let text = "arrival_s,prompt_tokens,output_tokens\n5,0,3\n6.5,10,1\n9,1,1\n";
        let trace = Trace::parse(text).unwrap();
        let planned = of_trace(&trace, Some(Seconds(2.0)));
        let row = |at, prompt_tokens, output_tokens| Planned {
            at: Seconds(at),
            prompt_tokens,
            output_tokens,
        };
        assert_eq!(planned, [row(0.0, 1, 3), row(1.5, 10, 1)]);
        assert_eq!(of_trace(&trace, None).len(), 3);
    }
}
