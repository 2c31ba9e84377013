//! Rows as columns: the form in which whole groups go to and come from the database.

use crate::{Error, Result};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Type {
    I16,
    I32,
    I64,
    OptI64,
    Bool,
    Text,
    OptText,
    Bytes,
}

impl Type {
    /// The type's name in Postgres.
    pub(super) fn postgres_name(self) -> &'static str {
        match self {
            Self::I16 => "smallint",
            Self::I32 => "integer",
            Self::I64 | Self::OptI64 => "bigint",
            Self::Bool => "boolean",
            Self::Text | Self::OptText => "text",
            Self::Bytes => "bytea",
        }
    }
}

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Column {
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    OptI64(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    OptText(Vec<Option<String>>),
    Bytes(Vec<Vec<u8>>),
}

impl Column {
    pub(super) fn of_type(column_type: Type) -> Self {
        match column_type {
            Type::I16 => Self::I16(Vec::new()),
            Type::I32 => Self::I32(Vec::new()),
            Type::I64 => Self::I64(Vec::new()),
            Type::OptI64 => Self::OptI64(Vec::new()),
            Type::Bool => Self::Bool(Vec::new()),
            Type::Text => Self::Text(Vec::new()),
            Type::OptText => Self::OptText(Vec::new()),
            Type::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::OptI64(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::OptText(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        match self {
            Self::I16(values) => values.clear(),
            Self::I32(values) => values.clear(),
            Self::I64(values) => values.clear(),
            Self::OptI64(values) => values.clear(),
            Self::Bool(values) => values.clear(),
            Self::Text(values) => values.clear(),
            Self::OptText(values) => values.clear(),
            Self::Bytes(values) => values.clear(),
        }
    }

    /// Appends a value of another column of the same type.
    fn push_from(&mut self, other: &Self, row: usize) -> Result<()> {
        match (self, other) {
            (Self::I16(values), Self::I16(others)) => values.push(others[row]),
            (Self::I32(values), Self::I32(others)) => values.push(others[row]),
            (Self::I64(values), Self::I64(others)) => values.push(others[row]),
            (Self::OptI64(values), Self::OptI64(others)) => values.push(others[row]),
            (Self::Bool(values), Self::Bool(others)) => values.push(others[row]),
            (Self::Text(values), Self::Text(others)) => values.push(others[row].clone()),
            (Self::OptText(values), Self::OptText(others)) => values.push(others[row].clone()),
            (Self::Bytes(values), Self::Bytes(others)) => values.push(others[row].clone()),
            _ => return Err(Error::Corrupt("a row was appended to columns of other types".to_owned())),
        }
        Ok(())
    }
}

/// Rows as columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The columns.
    pub columns: Vec<Column>,
}

impl Rows {
    /// Rows of the given columns.
    pub fn new(columns: Vec<Column>) -> Self {
        debug_assert!(columns.windows(2).all(|pair| pair[0].len() == pair[1].len()), "columns differ in length");
        Self { columns }
    }

    pub(super) fn of_types(columns: &[(&'static str, Type)]) -> Self {
        Self { columns: columns.iter().map(|(_, column_type)| Column::of_type(*column_type)).collect() }
    }

    /// Appends a row of others whose first columns are these.
    pub fn push_row(&mut self, others: &Self, row: usize) -> Result<()> {
        self.columns.iter_mut().zip(&others.columns).try_for_each(|(column, other)| column.push_from(other, row))
    }

    /// The last row alone; none where there is no row.
    pub fn last(&self) -> Result<Option<Self>> {
        let Some(last) = self.len().checked_sub(1) else { return Ok(None) };
        let empty = |column: &Column| match column {
            Column::I16(_) => Column::I16(Vec::new()),
            Column::I32(_) => Column::I32(Vec::new()),
            Column::I64(_) => Column::I64(Vec::new()),
            Column::OptI64(_) => Column::OptI64(Vec::new()),
            Column::Bool(_) => Column::Bool(Vec::new()),
            Column::Text(_) => Column::Text(Vec::new()),
            Column::OptText(_) => Column::OptText(Vec::new()),
            Column::Bytes(_) => Column::Bytes(Vec::new()),
        };
        let mut row = Self { columns: self.columns.iter().map(empty).collect() };
        row.push_row(self, last)?;
        Ok(Some(row))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column of 16-bit numbers.
    pub fn i16s(&self, index: usize) -> Result<&[i16]> {
        match self.columns.get(index) {
            Some(Column::I16(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of 64-bit numbers.
    pub fn i64s(&self, index: usize) -> Result<&[i64]> {
        match self.columns.get(index) {
            Some(Column::I64(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of 64-bit numbers that may be null.
    pub fn opt_i64s(&self, index: usize) -> Result<&[Option<i64>]> {
        match self.columns.get(index) {
            Some(Column::OptI64(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of 32-bit numbers.
    pub fn i32s(&self, index: usize) -> Result<&[i32]> {
        match self.columns.get(index) {
            Some(Column::I32(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of truth values.
    pub fn bools(&self, index: usize) -> Result<&[bool]> {
        match self.columns.get(index) {
            Some(Column::Bool(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of texts.
    pub fn texts(&self, index: usize) -> Result<&[String]> {
        match self.columns.get(index) {
            Some(Column::Text(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of texts that may be null.
    pub fn opt_texts(&self, index: usize) -> Result<&[Option<String>]> {
        match self.columns.get(index) {
            Some(Column::OptText(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }

    /// A column of bytes.
    pub fn bytes(&self, index: usize) -> Result<&[Vec<u8>]> {
        match self.columns.get(index) {
            Some(Column::Bytes(values)) => Ok(values),
            _ => Err(wrong_type(index)),
        }
    }
}

fn wrong_type(index: usize) -> Error {
    Error::Corrupt(format!("column {index} has another type than its table says"))
}
