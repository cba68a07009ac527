//! Whether a run fits into this machine, before it is begun.

use super::Failure;
use crate::experiment::{Demand, Experiment};
use crate::scenario::Diagnostic;
use std::fs;

/// Events that a thread simulates in a second, about.
const EVENTS_PER_SECOND: f64 = 1e6;

const DAY_S: f64 = 86_400.0;

/// Refuses a run that needs more memory than there is; warns of one that takes days.
pub(super) fn check(experiment: &Experiment, threads: Option<u16>) -> Result<(), Failure> {
    let threads = threads.map(usize::from);
    let here = || std::thread::available_parallelism().map_or(1, usize::from);
    let tasks = experiment.task_count();
    let threads = threads.unwrap_or_else(here).clamp(1, tasks.max(1));
    let demand = experiment.demand();
    tell_more!(
        "{}: at most {} users and {} servers; about {:.0e} events and {} GB of memory; tasks: \
         {tasks}, threads: {threads}",
        experiment.loaded().name,
        demand.users,
        demand.servers,
        demand.events,
        gigabytes(demand.record_bytes + demand.replication_bytes * threads as f64)
    );
    if let Some(available) = available_bytes()
        && let Some(diagnostic) = too_much(experiment, &demand, threads, available)
    {
        return Err(diagnostic.into());
    }
    let days = demand.events / EVENTS_PER_SECOND / threads as f64 / DAY_S;
    if days > 1.0 {
        tell!(
            "warning: about {:.0e} events are to be simulated, {days:.0} days of work for \
             {threads} threads at a million events a second each",
            demand.events
        );
    }
    Ok(())
}

fn too_much(
    experiment: &Experiment,
    demand: &Demand,
    threads: usize,
    available: f64,
) -> Option<Diagnostic> {
    let loaded = experiment.loaded();
    let needed = |threads: usize| demand.record_bytes + demand.replication_bytes * threads as f64;
    if needed(threads) <= available {
        return None;
    }
    let under_way = demand.replication_bytes * threads as f64;
    let (field, found, fits) = if under_way > demand.record_bytes {
        let left = (available - demand.record_bytes).max(0.0);
        let fits = demand.users as f64 * left / under_way;
        let found = format!("{} users at {} servers", demand.users, demand.servers);
        ("users.count", found, format!("about {} users", down(fits)))
    } else {
        let until = loaded.scenario.until.as_ref();
        let (field, found) = match until {
            Some(until) => ("until.max_replications", until.max_replications),
            None => ("replications", loaded.scenario.replications),
        };
        let left = (available - under_way).max(0.0);
        let fits = f64::from(found) * left / demand.record_bytes;
        let found = format!(
            "{found} replications at {} points",
            experiment.point_count()
        );
        (field, found, format!("about {} replications", down(fits)))
    };
    let message = format!(
        "{field}: found {found}, which need about {} GB of memory in {threads} threads, allowed \
         is what fits into the {} GB that are free: {fits}",
        gigabytes(needed(threads)),
        gigabytes(available),
    );
    let fewer = (1..threads).rev().find(|&n| needed(n) <= available);
    let help = match fewer {
        Some(n) => format!("with `--threads {n}` it would fit"),
        None => "a machine with more memory, or a smaller study, would do".to_owned(),
    };
    Some(loaded.at_field(field, message, &help))
}

/// A number of which two digits are known.
fn down(value: f64) -> u64 {
    let scale = 10f64.powf(value.max(1.0).log10().floor() - 1.0).max(1.0);
    ((value / scale).floor() * scale) as u64
}

fn gigabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e9)
}

/// Memory that this process may still take, where the system says: what is free without
/// swapping, and what the limits of its control groups leave.
fn available_bytes() -> Option<f64> {
    let free = fs::read_to_string("/proc/meminfo").ok();
    let free = free.as_deref().and_then(mem_available);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let mut folder = std::path::Path::new("/sys/fs/cgroup").join(group.unwrap_or_default());
    let mut least = free;
    while folder.starts_with("/sys/fs/cgroup") {
        let number = |name: &str| -> Option<f64> {
            let text = fs::read_to_string(folder.join(name)).ok()?;
            text.trim().parse().ok()
        };
        if let (Some(limit), Some(used)) = (number("memory.max"), number("memory.current")) {
            let left = (limit - used).max(0.0);
            least = Some(least.map_or(left, |least: f64| least.min(left)));
        }
        if !folder.pop() {
            break;
        }
    }
    least
}

fn mem_available(meminfo: &str) -> Option<f64> {
    let line = meminfo
        .lines()
        .find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Loaded;
    use std::path::Path;

    fn experiment(text: &str) -> Experiment {
        let loaded = Loaded::from_text(text, Path::new("s.ron"), &[]).unwrap();
        Experiment::new(loaded).unwrap()
    }

    #[test]
    fn what_does_not_fit_is_told_what_would() {
        let many = experiment("(replications: 50, users: (count: 1000000), policies: [EdgeAll])");
        let demand = many.demand();
        // Half a gigabyte a thread.
        assert!(too_much(&many, &demand, 2, 2e9).is_none());
        let said = too_much(&many, &demand, 2, 8e8).unwrap().to_string();
        for part in [
            "users.count: found 1000000 users at 4 servers",
            "about 1.1 GB of memory in 2 threads",
            "the 0.8 GB that are free",
            "about 720000 users",
            "`--threads 1`",
        ] {
            assert!(said.contains(part), "no {part} in {said}");
        }
        let long = experiment("(replications: 1000000, users: (count: 3), policies: [EdgeAll])");
        let said = too_much(&long, &long.demand(), 2, 5e7).unwrap().to_string();
        for part in [
            "replications: found 1000000 replications",
            "about 490000 replications",
        ] {
            assert!(said.contains(part), "no {part} in {said}");
        }
    }

    #[test]
    fn what_linux_says_is_understood() {
        let text = "MemTotal:       24683456 kB\nMemAvailable:    1000 kB\n";
        assert_eq!(mem_available(text), Some(1_024_000.0));
        assert_eq!(mem_available("MemTotal: 5 kB"), None);
        assert_eq!([7.0, 99.9, 123.0, 0.0].map(down), [7, 99, 120, 0]);
    }
}
