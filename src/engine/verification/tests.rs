//! What the books object to, and what not.

use super::*;
use crate::experiment::Experiment;
use crate::route::Serving;
use crate::scenario::Loaded;
use crate::station::stage::Stage;
use crate::station::{Demand, Sharing};
use crate::units::Flop;
use std::path::Path;

/// What the books say after some doing at the stations of two servers.
fn said(sharing: Sharing, act: impl FnOnce(&mut Verification, &mut Network<'_>)) -> String {
    said_of(&Counts::default(), sharing, act)
}

/// The same where so many queries have been seen.
fn said_of(
    counts: &Counts,
    sharing: Sharing,
    act: impl FnOnce(&mut Verification, &mut Network<'_>),
) -> String {
    let text = "(users: (count: 3), policies: [EdgeAll])";
    let loaded = Loaded::from_text(text, Path::new("s.ron"), &[]).unwrap();
    let experiment = Experiment::new(loaded).unwrap();
    let world = experiment.world(0, 0);
    let serving = Serving {
        sharing,
        ..Serving::default()
    };
    let mut network = Network::new(&world, serving);
    let mut books = Verification::new(&network);
    act(&mut books, &mut network);
    match books.event_ends(counts, &network) {
        Ok(()) => String::new(),
        Err((_, what)) => what,
    }
}

/// A visit to a server of a job that takes 2 s there.
fn visit() -> (Leg, Job, Visit) {
    let demand = Demand {
        work: Flop(1e9),
        time: Some(Seconds(2.0)),
        ..Demand::none(Stage::EdgeCompute)
    };
    let leg = Leg {
        station: StationId::Compute,
        unit: 1,
        demand,
    };
    let job = Job {
        id: 7,
        user: 0,
        demand,
    };
    let mut visit = Visit::default();
    visit.stages[Stage::EdgeCompute] = Seconds(2.0);
    (leg, job, visit)
}

#[test]
fn a_visit_that_is_as_it_must_be_is_not_objected_to() {
    let (leg, job, visit) = visit();
    let what = said(Sharing::Held, |books, network| {
        books.event(Seconds(1.0));
        network.arrive(Seconds(1.0), &leg, job);
        books.arrives(Seconds(1.0), &leg, &job, network);
        books.event(Seconds(3.0));
        network
            .visit(StationId::Compute)
            .0
            .cancel(Seconds(3.0), 1, 7);
        books.departs(Seconds(3.0), StationId::Compute, 7, &visit, true, network);
    });
    assert_eq!(what, "");
}

#[test]
fn what_is_not_as_it_must_be_is_said() {
    let (leg, job, visit) = visit();
    let (at, station) = (Seconds(1.0), StationId::Compute);
    type Act<'a> = &'a dyn Fn(&mut Verification, &mut Network<'_>);
    let cases: [(Act<'_>, &str); 8] = [
        (
            &|books, _| {
                books.event(Seconds(2.0));
                books.event(at);
            },
            "the clock goes back from 2 to 1 s",
        ),
        (
            &|books, _| books.announced(at, station, Some(Seconds(0.5))),
            "compute announces 0.5 s at 1 s",
        ),
        (
            &|books, network| books.departs(at, station, 7, &visit, true, network),
            "job 7 leaves compute, where it is not",
        ),
        (
            &|books, network| {
                books.arrives(at, &leg, &job, network);
                books.arrives(at, &leg, &job, network);
            },
            "job 7 arrives at compute twice",
        ),
        (
            &|books, network| books.arrives(at, &leg, &job, network),
            "compute 1 holds 0 jobs where 1 are",
        ),
        (
            &|books, network| {
                books.arrives(at, &leg, &job, network);
                books.departs(Seconds(4.0), station, 7, &visit, true, network);
            },
            "the stages of job 7 at compute sum to 2 s in 3 s",
        ),
        (
            &|books, network| {
                books.arrives(at, &leg, &job, network);
                network.arrive(at, &leg, job);
                let mut areas = Areas::default();
                areas.stations[station as usize] = vec![Default::default(); 2];
                areas.stations[station as usize][1].jobs = 4.5;
                books.window_ends(Seconds(6.0), &areas);
            },
            "jobs spent 5 s at compute, where there were 4.5 jobs times seconds",
        ),
        (
            &|books, network| {
                network.arrive(at, &leg, job);
                books.arrives(at, &leg, &job, network);
                network.visit(station).0.cancel(Seconds(3.0), 1, 7);
                books.departs(Seconds(3.0), station, 7, &visit, true, network);
            },
            "compute completes job 7 at 3 s, its reference at 1.000",
        ),
    ];
    for (at, (act, expected)) in cases.into_iter().enumerate() {
        let sharing = if at == 7 {
            Sharing::Live
        } else {
            Sharing::Held
        };
        let what = said(sharing, act);
        assert!(what.starts_with(expected), "{what}, not {expected}");
    }
}

#[test]
fn a_query_lost_on_its_way_is_missed() {
    let counts = Counts {
        arrived: 3,
        completed: 1,
        in_flight: 1,
        dropped: 0,
    };
    let what = said_of(&counts, Sharing::Held, |_, _| ());
    assert_eq!(what, "3 queries arrived and 2 are accounted for");
    assert_eq!(said(Sharing::Held, |_, _| ()), "");
}
