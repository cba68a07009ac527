//! Tables from CSV text, with the place of every fault.

use super::bins::{COLUMNS as BIN_COLUMNS, fault};
use super::{Bin, Bins, Metric, Records, Table, TableError};
use csv::StringRecord;

const CORRECT: [&str; 2] = ["slm_correct", "llm_correct"];

/// A row of the text: its fields and the line on which it begins.
struct Row<'a> {
    fields: StringRecord,
    line: usize,
    text: &'a str,
}

impl Row<'_> {
    /// The character of the line at which a field begins. Where quotes may hide
    /// commas the place is not worth the trouble.
    fn column(&self, field: usize) -> Option<usize> {
        if self.text.contains('"') {
            return None;
        }
        let mut before = 1;
        for (i, text) in self.text.split(',').enumerate() {
            if i == field {
                let indent = text.chars().take_while(|c| c.is_whitespace()).count();
                let indent = if text.trim().is_empty() { 0 } else { indent };
                return Some(before + indent);
            }
            before += text.chars().count() + 1;
        }
        None
    }

    fn error(&self, field: usize, name: &str, allowed: &str) -> TableError {
        let found = match self.fields.get(field) {
            None | Some("") => "nothing".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        TableError::new(found, allowed)
            .field(name)
            .at(self.line, self.column(field))
    }

    fn number(&self, field: usize, name: &str) -> Result<f64, TableError> {
        let allowed = "a number from 0 to 1";
        let text = self.fields.get(field).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
            _ => Err(self.error(field, name, allowed)),
        }
    }

    fn correct(&self, field: usize, name: &str) -> Result<bool, TableError> {
        match self.fields.get(field) {
            Some("0") => Ok(false),
            Some("1") => Ok(true),
            _ => Err(self.error(field, name, "0 (wrong) or 1 (right)")),
        }
    }
}

/// All rows of the text, comments and empty lines left out.
fn rows(text: &str) -> Result<Vec<Row<'_>>, TableError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    // The reader counts comments before a row as part of it; the line on which a
    // row itself begins is found by walking over them.
    let (mut line, mut counted) = (1, 0);
    let mut fields = StringRecord::new();
    loop {
        let mut start = reader.position().byte() as usize;
        match reader.read_record(&mut fields) {
            Ok(false) => return Ok(rows),
            Ok(true) => {}
            Err(error) => {
                return Err(TableError::new(error.to_string(), "a table in CSV form"));
            }
        }
        let own = loop {
            let own = text[start..].lines().next().unwrap_or_default();
            let skipped = own.trim_end_matches('\r').is_empty() || own.starts_with('#');
            match text[start..].find('\n') {
                Some(end) if skipped => start += end + 1,
                _ => break own,
            }
        };
        line += text[counted..start].matches('\n').count();
        counted = start;
        rows.push(Row {
            fields: fields.clone(),
            line,
            text: own,
        });
    }
}

fn nearest(name: &str, candidates: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(name, c), c))
        .min()
        .filter(|(distance, c)| *distance <= c.chars().count() / 3)
        .map(|(_, c)| c)
}

pub(super) fn table(text: &str) -> Result<Table, TableError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = rows(text)?;
    let Some((header, rows)) = rows.split_first() else {
        return Err(TableError::new("an empty table", "a header line and rows"));
    };
    let known = |names: &[&str]| header.fields.iter().filter(|f| names.contains(f)).count();
    let metrics = Metric::ALL.map(Metric::name);
    let as_bins = known(&BIN_COLUMNS);
    let as_records = known(&CORRECT) + known(&metrics);
    if as_bins == 0 && as_records == 0 {
        let all = || BIN_COLUMNS.into_iter().chain(CORRECT).chain(metrics);
        let (field, near) = header
            .fields
            .iter()
            .enumerate()
            .find_map(|(i, name)| nearest(name, all()).map(|near| (i, Some(near))))
            .unwrap_or((0, None));
        let allowed = "the columns of bins (low,high,share,slm_accuracy,llm_accuracy) or of \
                       records (margin and/or entropy and/or perplexity, slm_correct, llm_correct)";
        return Err(header.error(field, "header", allowed).nearest(near));
    }
    for (i, name) in header.fields.iter().enumerate() {
        if header.fields.iter().take(i).any(|earlier| earlier == name) {
            return Err(header.error(i, "header", "every column once"));
        }
    }
    for row in rows {
        if row.fields.len() != header.fields.len() {
            let found = format!("{} fields", row.fields.len());
            let allowed = format!("{} fields, as in the header", header.fields.len());
            return Err(TableError::new(found, allowed).at(row.line, None));
        }
    }
    if rows.is_empty() {
        let error = TableError::new("a header without rows", "at least one row");
        return Err(error.at(header.line, None));
    }
    if as_bins > as_records {
        bins(header, rows)
    } else {
        records(header, rows)
    }
}

/// The place of a column in the header.
fn position(header: &Row<'_>, name: &'static str) -> Result<usize, TableError> {
    if let Some(i) = header.fields.iter().position(|f| f == name) {
        return Ok(i);
    }
    let (field, near) = header
        .fields
        .iter()
        .enumerate()
        .find(|(_, found)| !CORRECT.contains(found) && nearest(found, [name]).is_some())
        .map_or((None, None), |(i, _)| (Some(i), Some(name)));
    Err(match field {
        Some(i) => header
            .error(i, "header", &format!("a column `{name}`"))
            .nearest(near),
        None => TableError::new("no such column", format!("a column `{name}`"))
            .field(name)
            .at(header.line, None),
    })
}

fn bins(header: &Row<'_>, rows: &[Row<'_>]) -> Result<Table, TableError> {
    for (i, name) in header.fields.iter().enumerate() {
        if !BIN_COLUMNS.contains(&name) {
            let allowed = BIN_COLUMNS.join(", ");
            return Err(header
                .error(i, "header", &allowed)
                .nearest(nearest(name, BIN_COLUMNS)));
        }
    }
    let mut places = [0; 5];
    for (place, name) in places.iter_mut().zip(BIN_COLUMNS) {
        *place = position(header, name)?;
    }
    let mut bins = Vec::with_capacity(rows.len());
    for row in rows {
        let value = |i: usize| row.number(places[i], BIN_COLUMNS[i]);
        bins.push(Bin {
            low: value(0)?,
            high: value(1)?,
            share: value(2)?,
            slm_accuracy: value(3)?,
            llm_accuracy: value(4)?,
        });
    }
    match fault(&bins) {
        None => Ok(Table::Bins(Bins(bins))),
        Some((Some(row), column, _, allowed)) => {
            Err(rows[row].error(places[column], BIN_COLUMNS[column], &allowed))
        }
        Some((None, column, found, allowed)) => Err(TableError::new(found, allowed)
            .field(BIN_COLUMNS[column])
            .at(header.line, header.column(places[column]))),
    }
}

fn records(header: &Row<'_>, rows: &[Row<'_>]) -> Result<Table, TableError> {
    let right = [position(header, CORRECT[0])?, position(header, CORRECT[1])?];
    let metrics = Metric::ALL.map(|m| (m, header.fields.iter().position(|f| f == m.name())));
    // Further columns are welcome, but one that is nearly a metric is a slip.
    for (i, name) in header.fields.iter().enumerate() {
        let names = Metric::ALL.map(Metric::name);
        if !names.contains(&name)
            && let Some(near) = nearest(name, names)
        {
            let allowed = "margin, entropy, perplexity, or a name unlike these";
            return Err(header.error(i, "header", allowed).nearest(Some(near)));
        }
    }
    if metrics.iter().all(|(_, place)| place.is_none()) {
        let allowed = "at least one of the columns margin, entropy, perplexity";
        return Err(TableError::new("no uncertainty", allowed)
            .field("header")
            .at(header.line, None));
    }
    let mut records = Records::default();
    for row in rows {
        for (metric, place) in metrics {
            if let Some(place) = place {
                let value = row.number(place, metric.name())?;
                records.uncertainty_mut(metric).push(value);
            }
        }
        records.slm_correct.push(row.correct(right[0], CORRECT[0])?);
        records.llm_correct.push(row.correct(right[1], CORRECT[1])?);
    }
    Ok(Table::Records(records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BINS: &str = "low,high,share,slm_accuracy,llm_accuracy\n";
    const RECORDS: &str = "margin,slm_correct,llm_correct\n";

    fn error(text: &str) -> TableError {
        Table::parse(text).expect_err(text)
    }

    #[test]
    fn both_kinds_with_comments_blank_lines_spaces_and_any_order() {
        let table = Table::parse(
            "\u{feff}# a comment\r\n\r\nhigh, low,share,llm_accuracy,slm_accuracy\r\n\
             0.5,0,0.25,0.9,0.8\r\n# another\r\n1,0.5,0.75,0.7,0.6\r\n",
        )
        .unwrap();
        let Table::Bins(Bins(bins)) = table else {
            panic!("bins expected");
        };
        assert_eq!(bins.len(), 2);
        assert_eq!((bins[1].low, bins[1].high), (0.5, 1.0));
        assert_eq!((bins[1].slm_accuracy, bins[1].llm_accuracy), (0.6, 0.7));

        let table = Table::parse(
            "id,task,entropy,perplexity,slm_correct,llm_correct,answer\n\
             1,qa1,0.5,0.25,1,0,\"north, or so\"\n2,qa1,0.75,0.5,0,1,x",
        )
        .unwrap();
        let Table::Records(records) = table else {
            panic!("records expected");
        };
        assert!(records.margin.is_empty());
        assert_eq!(records.entropy, [0.5, 0.75]);
        assert_eq!(records.perplexity, [0.25, 0.5]);
        assert_eq!(records.slm_correct, [true, false]);
        assert_eq!(records.llm_correct, [false, true]);
    }

    #[test]
    fn faults_of_bins_are_placed() {
        let cases = [
            ("0,1,0.9,1,1\n", (1, Some(10)), "share", "sum to 0.9"),
            ("0,1,1,1.5,1\n", (2, Some(7)), "slm_accuracy", "`1.5`"),
            ("0,1,1,1,-0.1\n", (2, Some(9)), "llm_accuracy", "`-0.1`"),
            (
                "0,0.5,0.5,1,1\n0.6,1,0.5,1,1\n",
                (3, Some(1)),
                "low",
                "`0.6`",
            ),
            ("0,1.2,1,1,1\n", (2, Some(3)), "high", "`1.2`"),
            ("0.5,0.4,1,1,1\n", (2, Some(5)), "high", "`0.4`"),
            ("0,1,NaN,1,1\n", (2, Some(5)), "share", "`NaN`"),
            ("0,1,all,1,1\n", (2, Some(5)), "share", "`all`"),
            ("0,1,,1,1\n", (2, Some(5)), "share", "nothing"),
        ];
        for (rows, (line, column), field, found) in cases {
            let e = error(&format!("{BINS}{rows}"));
            assert_eq!((e.line, e.column), (Some(line), column), "{rows}: {e}");
            assert_eq!(e.field.as_deref(), Some(field), "{rows}");
            assert!(e.found.contains(found), "{rows}: {e}");
            assert!(!e.allowed.is_empty());
        }
        // Shares within 1e-9 of 1 are as good as the text they are written in.
        assert!(Table::parse(&format!("{BINS}0,1,0.9999999999,1,1\n")).is_ok());
    }

    #[test]
    fn faults_of_records_are_placed_behind_comments() {
        let cases = [
            ("0.5,1,2\n", (4, Some(7)), "llm_correct", "`2`"),
            ("0.5,true,1\n", (4, Some(5)), "slm_correct", "`true`"),
            ("1.5,1,1\n", (4, Some(1)), "margin", "`1.5`"),
            (
                "0.1,1,1\n\n# hm\n  inf,1,1\n",
                (7, Some(3)),
                "margin",
                "`inf`",
            ),
        ];
        for (rows, (line, column), field, found) in cases {
            let e = error(&format!("# one\n# two\n{RECORDS}{rows}"));
            assert_eq!((e.line, e.column), (Some(line), column), "{rows}: {e}");
            assert_eq!(e.field.as_deref(), Some(field), "{rows}");
            assert!(e.found.contains(found), "{rows}: {e}");
        }
        let e = error(&format!("{RECORDS}0.5,1\n"));
        assert_eq!((e.line, e.found.as_str()), (Some(2), "2 fields"));
    }

    #[test]
    fn faults_of_headers_name_the_nearest() {
        let e = error("low,high,shares,slm_accuracy,llm_accuracy\n0,1,1,1,1\n");
        assert_eq!((e.line, e.column), (Some(1), Some(10)));
        assert_eq!(e.nearest, Some("share"));
        let e = error("margin,slm_corect,llm_correct\n0,1,1\n");
        assert_eq!(e.nearest, Some("slm_correct"));
        assert_eq!(e.column, Some(8));
        let e = error("margin,entrpy,slm_correct,llm_correct\n0,0,1,1\n");
        assert_eq!(e.nearest, Some("entropy"));
        let e = error("margn\n0\n");
        assert_eq!(e.nearest, Some("margin"));
        let e = error("slm_correct,llm_correct\n0,1\n");
        assert!(e.to_string().contains("perplexity"), "{e}");
        let e = error("margin,slm_correct\n0,1\n");
        assert_eq!(e.field.as_deref(), Some("llm_correct"));
        let e = error("margin,margin,slm_correct,llm_correct\n0,0,1,1\n");
        assert_eq!(e.column, Some(8));
        assert!(error("<html>\n").to_string().contains("slm_accuracy"));
    }

    #[test]
    fn emptiness_in_every_form() {
        for text in ["", "\n\n", "# only this\n", BINS, RECORDS] {
            let e = error(text);
            assert!(e.to_string().contains("allowed"), "{text}: {e}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-#\",.\n\r 0-9a-z_é]{0,120}", head in 0..3usize) {
            let text = [String::new(), BINS.to_owned(), RECORDS.to_owned()][head].clone() + &text;
            if let Ok(table) = Table::parse(&text) {
                prop_assert_eq!(table.validate(), Ok(()));
            }
        }
    }
}
