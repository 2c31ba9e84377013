//! The heading of a CSV file: its columns, what separates them, and the rows below it as records.

use std::collections::HashMap;

use memchr::memchr;
use serde_json::{Map, Value};

use super::columns::{Column, column, names_somebody};
use crate::dialect::field::{shorten, shown_text};
use crate::dialect::rules::Reading;
use crate::domain::event::{Dialect, Format, Rejection, RejectionCode};

/// What may separate cells. Of several that would do, the first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Most columns of a file.
const MAX_COLUMNS: usize = 2_000;

/// The heading of a file.
#[derive(Debug)]
pub struct Header {
    /// The form of the rows.
    pub(in crate::dialect) dialect: Dialect,
    pub(in crate::dialect) delimiter: u8,
    /// What ends a line: files of old programs have carriage returns alone.
    pub(in crate::dialect) line_end: u8,
    /// The line itself.
    pub(in crate::dialect) line: Vec<u8>,
    /// Names of the columns, each once, as their records have them.
    names: Vec<String>,
    /// What rows have of the caller: names and values.
    defaults: Vec<(&'static str, String)>,
}

/// What the first line of a text is.
pub(in crate::dialect) enum FirstLine {
    /// A heading.
    Heading(Header),
    /// A row of a file without a heading.
    Row(Header),
}

impl FirstLine {
    /// Reads it, where it is the first line of a list that was asked for, or that can be nothing else.
    pub(in crate::dialect) fn read(line: &[u8], line_end: u8, reading: &Reading) -> Option<Self> {
        let candidates = DELIMITERS.iter().filter_map(|delimiter| {
            let cells = texts(line, *delimiter)?;
            let dialect = dialect_of(&cells, reading)?;
            let names = names(&cells, dialect, reading);
            let known = names.iter().filter(|name| is_known(dialect, name)).count();
            Some((known, Header::new((line, line_end), *delimiter, dialect, names, reading)))
        });
        let best = candidates.reduce(|best, other| if other.0 > best.0 { other } else { best });
        match best {
            Some((_, header)) => Some(Self::Heading(header)),
            None => without_heading(line, line_end, reading).map(Self::Row),
        }
    }
}

impl Header {
    fn new(line: (&[u8], u8), delimiter: u8, dialect: Dialect, names: Vec<String>, reading: &Reading) -> Self {
        let defaults = reading.given.defaults(dialect).into_iter();
        let defaults = defaults.filter(|(name, _)| !names.iter().any(|known| known == name));
        Self {
            dialect,
            delimiter,
            line_end: line.1,
            line: line.0.to_vec(),
            defaults: defaults.map(|(name, value)| (name, value.to_owned())).collect(),
            names,
        }
    }

    /// Columns that nobody knows: what they hold is kept with the events and means nothing.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| column(self.dialect, name) == Column::Unknown)
    }

    /// A row as a record: a text for each cell that is not empty.
    pub(in crate::dialect) fn record(&self, row: &[u8], line: u64) -> Result<Map<String, Value>, Rejection> {
        let (cells, ends) = split(row, self.delimiter);
        if ends.len() != self.names.len() {
            return Err(self.wrong_count(ends.len(), line));
        }
        let mut record = Map::new();
        let mut start = 0;
        for (name, end) in self.names.iter().zip(ends) {
            let cell = std::str::from_utf8(&cells[start..end]).map_err(|_| no_text(name, line))?.trim();
            start = end;
            if cell.is_empty() {
                continue;
            }
            let (name, known) = match name.strip_suffix(REPEATED) {
                Some(first) => (first, record.get(first).and_then(Value::as_str)),
                None => (name.as_str(), None),
            };
            if known.is_some_and(|known| known != cell) {
                return Err(two_values(name, known.unwrap_or_default(), cell, line));
            }
            record.insert(name.to_owned(), Value::String(cell.to_owned()));
        }
        for (name, value) in &self.defaults {
            record.insert((*name).to_owned(), Value::String(value.clone()));
        }
        Ok(record)
    }

    /// A row that is no record as a file of its own, which reads the same wherever it is read.
    pub(in crate::dialect) fn file_of(&self, row: &[u8]) -> Vec<u8> {
        let delimiter = [self.delimiter];
        let names = self.names.iter().map(|name| name.strip_suffix(REPEATED).unwrap_or(name));
        let names: Vec<Vec<u8>> =
            names.chain(self.defaults.iter().map(|(name, _)| *name)).map(|name| self.quoted(name)).collect();
        let mut text = names.join(&delimiter[..]);
        text.push(b'\n');
        text.extend_from_slice(row);
        for (_, value) in &self.defaults {
            text.push(self.delimiter);
            text.extend(self.quoted(value));
        }
        text
    }

    fn quoted(&self, text: &str) -> Vec<u8> {
        let is_plain = |byte: u8| byte != self.delimiter && !matches!(byte, b'"' | b'\r' | b'\n');
        if text.bytes().all(is_plain) {
            return text.as_bytes().to_vec();
        }
        format!("\"{}\"", text.replace('"', "\"\"")).into_bytes()
    }

    fn wrong_count(&self, count: usize, line: u64) -> Rejection {
        let columns = self.names.len();
        let message = format!("the row at line {line} has {count} cells, and the heading has {columns} columns");
        Rejection::new(RejectionCode::NotCsv, "", message)
    }
}

/// Marks a column of a name that stands in the heading more than once, if it is a field's; no file has it in a name.
const REPEATED: &str = "\u{1}";

/// As texts, the cells of the first line: none where it is no line of CSV.
fn texts(line: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let (cells, ends) = split(line, delimiter);
    if ends.len() > MAX_COLUMNS {
        return None;
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let cells = starts.zip(&ends).map(|(start, end)| std::str::from_utf8(&cells[start..*end]).ok());
    cells.map(|cell| cell.map(|cell| cell.trim().to_owned())).collect()
}

/// The cells of a row one behind the other, and where each ends. Its quotes match: see [`super::rows`].
fn split(row: &[u8], delimiter: u8) -> (Vec<u8>, Vec<usize>) {
    let (mut cells, mut ends) = (Vec::with_capacity(row.len()), Vec::new());
    let mut rest = row;
    loop {
        while let Some(quoted) = rest.strip_prefix(b"\"") {
            let end = memchr(b'"', quoted).unwrap_or(quoted.len());
            cells.extend_from_slice(&quoted[..end]);
            rest = quoted.get(end + 1..).unwrap_or_default();
            if rest.first() == Some(&b'"') {
                cells.push(b'"');
            }
        }
        let end = memchr(delimiter, rest);
        cells.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        ends.push(cells.len());
        let Some(end) = end else { return (cells, ends) };
        rest = &rest[end + 1..];
    }
}

/// The form of a list with these columns: the one that was asked for, if they name somebody; else the one that they tell.
fn dialect_of(cells: &[String], reading: &Reading) -> Option<Dialect> {
    match reading.format {
        Format::Of(dialect) if dialect.is_list() => names_anybody(cells, dialect, reading).then_some(dialect),
        Format::Of(_) => None,
        Format::Auto => [Dialect::PinpointEndpoints, Dialect::ListMembers, Dialect::Suppressions]
            .into_iter()
            .find(|dialect| names_anybody(cells, *dialect, reading) && tells(cells, *dialect, reading)),
    }
}

fn names_anybody(cells: &[String], dialect: Dialect, reading: &Reading) -> bool {
    fields_of(cells, dialect, reading).any(names_somebody)
}

/// Whether columns can be of nothing but a list of this form.
fn tells(cells: &[String], dialect: Dialect, reading: &Reading) -> bool {
    let has = |wanted: &[&str]| fields_of(cells, dialect, reading).any(|field| wanted.contains(&field));
    match dialect {
        Dialect::PinpointEndpoints => has(&["ChannelType"]),
        Dialect::ListMembers => has(&["list"]) || reading.given.list.is_some(),
        _ => has(&["reason"]) || has(&["status"]) && has(&["error"]) || reading.given.reason.is_some(),
    }
}

fn fields_of(cells: &[String], dialect: Dialect, reading: &Reading) -> impl Iterator<Item = &'static str> {
    cells.iter().filter_map(move |cell| match column(dialect, &reading.given.renamed(dialect, cell)) {
        Column::Field(field, _) => Some(field),
        _ => None,
    })
}

fn is_known(dialect: Dialect, name: &str) -> bool {
    column(dialect, name) != Column::Unknown
}

/// The names that records have: a field's own where the caller said so, each other once.
fn names(cells: &[String], dialect: Dialect, reading: &Reading) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let chosen: Vec<&str> = cells.iter().filter_map(|cell| reading.given.field_of(cell)).collect();
    let unique = |(number, cell): (usize, &String)| {
        let cell = if cell.is_empty() { format!("column {}", number + 1) } else { shorten_name(cell) };
        let mut name = reading.given.renamed(dialect, &cell).into_owned();
        // Where the caller named a field's column, no other stands for it.
        if let Column::Field(field, _) = column(dialect, &name)
            && chosen.contains(&field)
            && reading.given.field_of(&cell).is_none()
        {
            name = format!("{cell} (not {field})");
        }
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        match *times {
            1 => name,
            _ if is_known(dialect, &name) => format!("{name}{REPEATED}"),
            times => format!("{name} ({times})"),
        }
    };
    cells.iter().enumerate().map(unique).collect()
}

fn shorten_name(cell: &str) -> String {
    let plain: String = cell.chars().filter(|character| !character.is_control()).take(200).collect();
    if plain.trim().is_empty() { "column".to_owned() } else { plain }
}

/// Many a list is addresses alone, or addresses with a reason and a time, without a heading.
fn without_heading(line: &[u8], line_end: u8, reading: &Reading) -> Option<Header> {
    let Format::Of(dialect @ (Dialect::Suppressions | Dialect::ListMembers)) = reading.format else { return None };
    let columns: &[&str] =
        if dialect == Dialect::Suppressions { &["address", "reason", "time"] } else { &["address", "status", "time"] };
    let is_row =
        |cells: &Vec<String>| cells.len() <= columns.len() && cells.first().is_some_and(|cell| is_address(cell));
    let all = DELIMITERS.iter().filter_map(|delimiter| Some((*delimiter, texts(line, *delimiter).filter(is_row)?)));
    // A wrong separator leaves the line as one cell.
    let (delimiter, cells) = all.max_by_key(|(delimiter, cells)| (cells.len(), *delimiter == DELIMITERS[0]))?;
    let names = columns[..cells.len()].iter().map(|name| (*name).to_owned()).collect();
    Some(Header::new((b"", line_end), delimiter, dialect, names, reading))
}

fn is_address(cell: &str) -> bool {
    let has_no_blank = !cell.contains(char::is_whitespace);
    let is_mail = cell.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let digits = cell.trim_start_matches('+');
    let is_phone = digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    has_no_blank && (is_mail || is_phone) && !cell.contains([',', ';', '|', '"'])
}

fn no_text(name: &str, line: u64) -> Rejection {
    let name = name.trim_end_matches(REPEATED);
    let message = format!("{} at line {line} is no UTF-8", shorten(name));
    Rejection::new(RejectionCode::InvalidText, name, message)
}

fn two_values(name: &str, first: &str, second: &str, line: u64) -> Rejection {
    let (first, second) = (shown_text(first), shown_text(second));
    let message = format!("two columns are {}, and at line {line} they say {first} and {second}", shorten(name));
    Rejection::new(RejectionCode::DuplicateKey, name, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_split_with_their_quotes_undone() {
        let cells = |row: &str, delimiter: u8| texts(row.as_bytes(), delimiter).expect("cells");
        assert_eq!(cells("a,\"b \"\"c\"\", d\",,e", b','), ["a", "b \"c\", d", "", "e"]);
        assert_eq!(cells("a,", b','), ["a", ""]);
        assert_eq!(cells("a;b,c", b';'), ["a", "b,c"]);
    }
}
