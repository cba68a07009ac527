//! From a file (and `--set` on the command line) to a checked scenario.

use super::Scenario;
use super::carried;
use super::check::check;
use super::diagnostic::{Diagnostic, Place};
use super::learned_file::{self, read_network};
use super::naming::study_name;
use super::notation::{self, options};
use super::overriding::{Override, apply};
use super::pointing::Source;
use super::referred::ReferredFiles;
use super::text_file::read;
use super::wording::{ron_message, suggestion};
use crate::fault::{Fault, nearest};
use crate::policy::PolicySpec;
use crate::uncertainty::{Metric, Table};
use crate::world::arrivals::{Arrivals, AtEnd};
use crate::world::channel::MeasuredGains;
use crate::world::trace::Trace;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A checked scenario, and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The scenario, with all overrides applied.
    pub scenario: Scenario,
    /// The file's name without its ending: the name of the results' folder.
    pub name: String,
    /// The uncertainty table that the scenario refers to.
    pub table: Arc<Table>,
    /// The trace that the scenario's arrivals refer to.
    pub trace: Option<Arc<Trace>>,
    /// The gains that the scenario's channel refers to.
    pub gains: Option<Arc<MeasuredGains>>,
    source: Source,
}

/// Reads and checks a scenario file, with fields overridden. Where there is no such file,
/// the name or the place of a scenario that edgelm carries means that one ([`carried`]).
///
/// # Errors
/// Everything that is wrong with it: a syntax or type error alone, or all values
/// that cannot be used.
pub fn load(file: &Path, overrides: &[Override]) -> Result<Loaded, Vec<Diagnostic>> {
    if !file.exists()
        && let Some(own) = carried::find(file)
    {
        return Loaded::with_files(own.text, &own.file, overrides, ReferredFiles::carried());
    }
    let text = read(file).map_err(|diagnostic| match diagnostic.help {
        None => vec![diagnostic.help(carried_instead(file))],
        Some(_) => vec![diagnostic],
    })?;
    Loaded::from_text(&text, file, overrides)
}

fn carried_instead(file: &Path) -> String {
    let all = carried::all();
    let names = all.iter().map(|carried| &*carried.name);
    match nearest(&file.to_string_lossy(), names) {
        Some(name) => format!("did you mean `{name}`, which edgelm carries?"),
        None => "`edgelm list` shows the scenarios that edgelm carries".to_owned(),
    }
}

impl Loaded {
    /// The folder of the scenario file, which paths in it are relative to.
    pub fn folder(&self) -> &Path {
        self.source.file.parent().unwrap_or(Path::new(""))
    }

    /// Checks a scenario given as text; `file` names it in errors, gives the
    /// results' folder its name, and is what table paths are relative to.
    ///
    /// # Errors
    /// As [`load`].
    pub fn from_text(
        text: &str,
        file: &Path,
        overrides: &[Override],
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::with_files(text, file, overrides, ReferredFiles::on_disk())
    }

    fn with_files(
        text: &str,
        file: &Path,
        overrides: &[Override],
        referred: ReferredFiles,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (text, read) = notation::read(text);
        let mut source = Source {
            file: file.to_owned(),
            text: text.into(),
            overrides: Vec::new(),
            referred,
        };
        let mut scenario = read.map_err(|error| vec![source.ron_error::<Scenario>(&error)])?;
        for one in overrides {
            scenario = apply(&scenario, one).map_err(|message| vec![source.blame(one, message)])?;
            source.overrides.push(one.clone());
        }
        source.finish(scenario, None)
    }

    /// Checks a scenario that was resolved before. `files` holds the texts of the
    /// files that it refers to, under their paths as it writes them; no other file is
    /// read. `folder` is where programs that it names are looked for.
    ///
    /// # Errors
    /// As [`load`].
    pub fn from_parts(
        scenario: Scenario,
        name: &str,
        files: BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self, Vec<Diagnostic>> {
        let source = Source {
            file: folder.join(format!("{name}.ron")),
            text: scenario.to_ron().into(),
            overrides: Vec::new(),
            referred: ReferredFiles::given(files),
        };
        source.finish(scenario, None)
    }

    /// The texts of all files that the scenario refers to, under their paths as it
    /// writes them.
    pub fn files(&self) -> BTreeMap<String, String> {
        self.source.referred.texts()
    }

    /// Where a field stands in the file; `None` where an option has replaced what
    /// stands there.
    pub(super) fn place_unless_overridden(&self, field: &str) -> Option<Box<Place>> {
        let replaces = |one: &Override| field.starts_with(&*one.field);
        match self.source.overrides.iter().any(replaces) {
            true => None,
            false => self.source.place(field),
        }
    }

    /// An error about a field, shown where it stands in the file.
    pub(crate) fn at_field(&self, field: &str, message: String, help: &str) -> Diagnostic {
        Diagnostic {
            message,
            field: Some(field.to_owned()),
            place: self.place_unless_overridden(field),
            help: Some(help.to_owned()),
        }
    }

    /// The scenario as a single point.
    pub(crate) fn without_sweep(&self) -> Self {
        let mut single = self.clone();
        single.scenario.sweep = None;
        single
    }

    /// The same scenario with one more field set.
    ///
    /// # Errors
    /// A field that does not exist, a value that does not fit it, or a scenario
    /// that is not valid with it.
    pub fn with_override(&self, one: &Override) -> Result<Self, Vec<Diagnostic>> {
        self.with_overrides(std::slice::from_ref(one))
    }

    /// The same scenario with more fields set, which is checked with all of them.
    ///
    /// # Errors
    /// As [`Loaded::with_override`].
    pub fn with_overrides(&self, several: &[Override]) -> Result<Self, Vec<Diagnostic>> {
        let mut source = self.source.clone();
        let mut scenario = self.scenario.clone();
        for one in several {
            scenario = apply(&scenario, one).map_err(|message| vec![source.blame(one, message)])?;
            source.overrides.push(one.clone());
        }
        source.finish(scenario, Some(self))
    }
}

/// Reads a policy as a scenario writes it; `source` says where it stood.
///
/// # Errors
/// Unknown names and fields, wrong types, parameters out of range.
pub fn policy_from_text(text: &str, source: &str) -> Result<PolicySpec, Diagnostic> {
    let mut spec: PolicySpec = options().from_str(text).map_err(|error| {
        let diagnostic = Diagnostic::new(format!("{source} {text}: {}", ron_message(&error.code)));
        match suggestion(&error.code) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    })?;
    read_network(&mut spec, &|file| learned_file::parse(&read(file)?, file))?;
    match spec.check() {
        Ok(()) => Ok(spec),
        Err(fault) => Err(Diagnostic::new(format!(
            "{source} {text}: {}: found {}, allowed is {}",
            if fault.field.is_empty() {
                spec.kind()
            } else {
                fault.field.trim_start_matches('.')
            },
            fault.found,
            fault.allowed
        ))),
    }
}

/// A metric that the scenario names and the table does not hold.
fn unmeasured(scenario: &Scenario, table: &Table) -> Option<Fault> {
    let spec = &scenario.workload.uncertainty;
    let fault = |field: String, metric: Metric| Fault {
        field: format!("workload.uncertainty.{field}"),
        found: format!("{metric:?}, which the table has no column for"),
        allowed: "a metric that the table holds".to_owned(),
    };
    if spec.compare_metrics.is_empty() {
        let metric = spec.metric;
        return (!table.has_metric(metric)).then(|| fault("metric".to_owned(), metric));
    }
    if matches!(table, Table::Bins(_)) {
        return Some(Fault {
            field: "workload.uncertainty.compare_metrics".to_owned(),
            found: "metrics to compare, with a table of bins".to_owned(),
            allowed: "a table of records: the one uncertainty of bins is the same by every metric"
                .to_owned(),
        });
    }
    let mut compared = spec.compare_metrics.iter().enumerate();
    compared
        .find(|(_, metric)| !table.has_metric(**metric))
        .map(|(at, metric)| fault(format!("compare_metrics[{at}]"), *metric))
}

/// The shortest trace that may be played again and again, in seconds: the clock must go
/// on by it however late it is.
const SHORTEST_PERIOD_S: f64 = 1e-6;

/// What the scenario asks of its trace and the trace cannot give.
fn unplayable(scenario: &Scenario, trace: &Trace) -> Vec<Fault> {
    let Arrivals::Trace {
        rate_scale, at_end, ..
    } = scenario.workload.arrivals
    else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    if at_end == AtEnd::Loop && trace.period().is_none() {
        faults.push(Fault {
            field: "workload.arrivals.at_end".to_owned(),
            found: format!(
                "Loop of a trace whose arrivals are all at {} s",
                trace.first().0
            ),
            allowed: "`Stop`, or a trace with arrivals at different times".to_owned(),
        });
    }
    if let Some(period) = trace.period()
        && at_end == AtEnd::Loop
        && period.0 / rate_scale < SHORTEST_PERIOD_S
    {
        faults.push(Fault {
            field: "workload.arrivals.at_end".to_owned(),
            found: format!(
                "Loop of a trace that is over after {:e} s",
                period.0 / rate_scale
            ),
            allowed: format!("a trace that is played for at least {SHORTEST_PERIOD_S:e} s"),
        });
    }
    let first = trace.first().0 / rate_scale;
    if let Some(duration_s) = scenario.run.duration_s
        && first >= duration_s
    {
        faults.push(Fault {
            field: "run.duration_s".to_owned(),
            found: duration_s.to_string(),
            allowed: format!("more than {first}, when the trace's first arrival is played"),
        });
    }
    faults
}

impl Source {
    /// Checks the values, finds the table
    /// and the trace; those of `earlier` serve where the scenario still refers to
    /// the same.
    fn finish(
        self,
        mut scenario: Scenario,
        earlier: Option<&Loaded>,
    ) -> Result<Loaded, Vec<Diagnostic>> {
        self.read_entries(&mut scenario.catalog)?;
        self.read_networks(&mut scenario)
            .and_then(|()| self.read_tokens(&mut scenario))
            .map_err(|diagnostic| vec![diagnostic])?;
        let cloud = scenario.cloud.as_mut().map(|cloud| &mut cloud.serving);
        let blocks = [
            (Some(&mut scenario.servers.serving), "servers.serving"),
            (cloud, "cloud.serving"),
        ];
        for (block, field) in blocks {
            if let Some(block) = block {
                self.read_block(block, field)
                    .map_err(|diagnostic| vec![diagnostic])?;
            }
        }
        let faults = check(&scenario);
        if !faults.is_empty() {
            return Err(faults.iter().map(|fault| self.fault(fault)).collect());
        }
        let one = |diagnostic: Diagnostic| vec![diagnostic];
        let tables = |of: &Scenario| of.workload.uncertainty.table.clone();
        let table = match earlier {
            Some(same) if tables(&same.scenario) == tables(&scenario) => Arc::clone(&same.table),
            _ => Arc::new(self.table(&scenario).map_err(one)?),
        };
        let trace = match earlier {
            Some(same) if same.scenario.workload.arrivals == scenario.workload.arrivals => {
                same.trace.clone()
            }
            _ => self.trace(&scenario).map_err(one)?,
        };
        let of_channel = |of: &Scenario| {
            (
                of.channel.gains.clone(),
                of.users.count,
                of.servers.number(),
            )
        };
        let gains = match earlier {
            Some(same) if of_channel(&same.scenario) == of_channel(&scenario) => same.gains.clone(),
            _ => self.gains(&scenario).map_err(one)?,
        };
        if let Some(fault) = unmeasured(&scenario, &table) {
            return Err(vec![self.fault(&fault)]);
        }
        let faults = trace.as_ref().map(|trace| unplayable(&scenario, trace));
        if let Some(faults) = faults.filter(|faults| !faults.is_empty()) {
            return Err(faults.iter().map(|fault| self.fault(fault)).collect());
        }
        let name = study_name(&self.file).map_err(one)?;
        Ok(Loaded {
            scenario,
            name,
            table,
            trace,
            gains,
            source: self,
        })
    }
}
