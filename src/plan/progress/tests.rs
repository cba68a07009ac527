//! Rounds and cascades against closed forms.

use super::super::Acceptance;
use super::*;

fn with<'a>(plan: Plan, process: &'a TokenProcess, query: u64) -> PlanContext<'a> {
    PlanContext {
        plan,
        bits: Bits(1000.0),
        tokens: Some(Tokens {
            prompt: 50,
            answer: 4000,
        }),
        probed: false,
        process,
        key: StreamKey::root(8).named("query").index(query),
    }
}

/// All rounds of a query.
fn rounds(with: &PlanContext<'_>) -> (Progress, Vec<Round>) {
    let mut progress = Progress::default();
    let mut rounds = Vec::new();
    let mut step = Some(progress.begin(with));
    while let Some(Step::Round(round)) = step {
        rounds.push(round);
        let outcome = progress.complete(with, |_| 0.0, |_| None);
        step = progress.next(with, &outcome, None);
    }
    assert_eq!(step, None);
    (progress, rounds)
}

/// (1 - r^(gamma + 1)) / (1 - r) tokens a round at acceptance r: 3.70, 4.33 and 5.50 of 9.
#[test]
fn rounds_bring_as_many_tokens_as_the_closed_form_says() {
    for r in [0.75, 0.80, 0.87] {
        let process = TokenProcess {
            acceptance: Acceptance::Independent(r),
            ..TokenProcess::default()
        };
        let plan = Plan::Speculative {
            gamma: 8,
            payload: Payload::TokenIds,
        };
        let (mut tokens, mut count) = (0.0, 0.0);
        for query in 0..20 {
            let (progress, rounds) = rounds(&with(plan, &process, query));
            tokens += progress.out as f64;
            count += rounds.len() as f64;
            assert_eq!(progress.traffic.rounds as usize, rounds.len());
        }
        let expected = (1.0 - f64::powi(r, 9)) / (1.0 - r);
        let found: f64 = tokens / count;
        assert!((found / expected - 1.0).abs() < 0.02, "{r}: {found}");
    }
}

#[test]
fn every_token_is_computed_once_by_the_server_unless_it_was_rejected() {
    let process = TokenProcess::default();
    let plan = Plan::Speculative {
        gamma: 4,
        payload: Payload::TokenIds,
    };
    let with = with(plan, &process, 3);
    let (progress, rounds) = rounds(&with);
    let mut before = 0;
    let mut computed = 0;
    for round in &rounds {
        let message = round.message.expect("all drafts are verified");
        assert!(message.computed >= before && message.tokens > message.computed);
        before = message.computed;
        computed += message.tokens - message.computed;
    }
    let rejected = progress.traffic.drafted - progress.traffic.accepted;
    let last = rounds.last().expect("there are rounds");
    // The last round's tokens are told apart from the answer's end.
    let beyond = last.message.map_or(0, |m| m.tokens) as i64 - (50 + 4000);
    let expected = 50 + 4000 + u64::from(rejected);
    assert!(
        (computed as i64 - expected as i64).abs() <= 4 + beyond.abs(),
        "{computed} {expected}"
    );
    // One step of the device a draft, but for the first.
    let decoded: u64 = rounds.iter().map(|round| round.decoded).sum();
    assert_eq!(decoded + 1, u64::from(progress.traffic.drafted));
}

#[test]
fn a_hybrid_keeps_what_it_is_sure_of() {
    let process = TokenProcess::default();
    for skip_below in [0.073, 0.43] {
        let plan = Plan::Hybrid {
            skip_below,
            payload: Payload::TokenIds,
        };
        let with = with(plan, &process, 1);
        let (progress, rounds) = rounds(&with);
        let kept = f64::from(progress.traffic.kept);
        // Of the tokens that the device decides about: some are the server's own.
        let decided = kept + f64::from(progress.traffic.drafted);
        let share = kept / decided;
        assert!((share - skip_below).abs() < 0.03, "{skip_below}: {share}");
        // Below .06 / .82 nothing would be rejected.
        assert_eq!(progress.deviating == 0, skip_below < 0.0732);
        assert_eq!(progress.out, 4000);
        assert!(rounds[0].prompt);
        assert!(rounds[1..].iter().all(|round| !round.prompt));
    }
}

#[test]
fn a_device_that_keeps_everything_sends_nothing() {
    let process = TokenProcess::default();
    let plan = Plan::Hybrid {
        skip_below: 1.0,
        payload: Payload::TokenIds,
    };
    let (progress, rounds) = rounds(&with(plan, &process, 1));
    assert_eq!(rounds.len(), 1);
    assert_eq!((rounds[0].decoded, rounds[0].message), (3999, None));
    assert_eq!(progress.traffic.up, Bits(0.0));
    assert!((progress.deviating_share() - 0.35).abs() < 0.03);
}

#[test]
fn a_cascade_goes_up_while_answers_are_uncertain() {
    let process = TokenProcess::default();
    let plan = Plan::Cascade {
        escalate: Escalation::Above(0.5),
        to_cloud: true,
    };
    let with = with(plan, &process, 1);
    let way = |uncertain: [f64; 3]| {
        let mut progress = Progress::default();
        let mut way = vec![progress.begin(&with)];
        loop {
            let outcome = progress.complete(&with, |tier| uncertain[tier as usize], |_| None);
            match progress.next(&with, &outcome, None) {
                Some(step) => way.push(step),
                None => return way,
            }
        }
    };
    use Step::{Ask, Deliver};
    use Tier::{Cloud, Device, Edge};
    assert_eq!(way([0.2, 0.9, 0.9]), [Ask(Device)]);
    assert_eq!(
        way([0.6, 0.5, 0.9]),
        [Ask(Device), Ask(Edge), Deliver(Edge)]
    );
    let all = [Ask(Device), Ask(Edge), Ask(Cloud), Deliver(Cloud)];
    assert_eq!(way([0.6, 0.7, 0.9]), all);
}
