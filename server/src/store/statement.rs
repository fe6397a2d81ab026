//! One statement with its values: the SQL is written once and runs on both engines.
//!
//! Values and rows lose their engine's type here, so a capability's code is compiled once and not once for each engine.

use super::{StoreError, Tx, TxOn};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, FromRow, SqlSafeStr, SqlStr, Type};
use std::borrow::Cow;

/// A statement in the making. Its values stand in it as `$1`, `$2` and so on.
#[derive(Debug)]
#[must_use]
pub(crate) struct Statement<'q> {
    sql: Cow<'static, str>,
    values: Vec<Value<'q>>,
}

/// A statement with this text, which takes its values by [`Statement::bind`] or grows with them by
/// [`Statement::push_bind`].
pub(crate) fn statement<'q>(sql: &'static str) -> Statement<'q> {
    Statement { sql: Cow::Borrowed(sql), values: Vec::new() }
}

/// A statement whose text was put together from fixed parts. Whatever somebody typed goes in as a value.
pub(crate) fn assembled<'q>(sql: String) -> Statement<'q> {
    Statement { sql: Cow::Owned(sql), values: Vec::new() }
}

/// What is bound to a place of a statement. An absent value has a type as well, since PostgreSQL asks for it.
#[derive(Debug)]
pub(crate) enum Value<'q> {
    Text(Option<Cow<'q, str>>),
    Integer(Option<i64>),
    Bytes(Option<Cow<'q, [u8]>>),
    Flag(bool),
}

/// A row or a tuple that both engines can fill.
pub(crate) trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}

enum Rows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl<'q> Statement<'q> {
    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Continues the text. Whatever somebody typed goes in as a value.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Continues the text with a value.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        self.values.push(value.into());
        let place = self.values.len();
        let sql = self.sql.to_mut();
        sql.push('$');
        sql.push_str(&place.to_string());
        self
    }

    /// Continues the text with a list, place by place.
    pub(crate) fn places(&mut self) -> Places<'_, 'q> {
        Places { statement: self, is_first: true }
    }

    /// Continues the text with `VALUES` and a line for each of these.
    pub(crate) fn push_values<T>(
        &mut self,
        lines: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Places<'_, 'q>, T),
    ) -> &mut Self {
        let mut before = "VALUES (";
        for line in lines {
            self.push(before);
            fill(&mut self.places(), line);
            before = "), (";
        }
        self.push(")")
    }

    /// Runs it. Returns how many rows were written.
    pub(crate) async fn execute(self, tx: &mut Tx) -> Result<u64, StoreError> {
        Ok(match tx.engine() {
            TxOn::Sqlite(tx) => {
                let (sql, values) = self.split::<SqliteArguments>()?;
                sqlx::query_with(sql, values).execute(&mut **tx).await?.rows_affected()
            }
            TxOn::Postgres(tx) => {
                let (sql, values) = self.split::<PgArguments>()?;
                sqlx::query_with(sql, values).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// All its rows.
    pub(crate) async fn rows<T: Record>(self, tx: &mut Tx) -> Result<Vec<T>, StoreError> {
        Ok(self.all(tx).await?.read()?)
    }

    /// Its first row.
    pub(crate) async fn row_if_any<T: Record>(self, tx: &mut Tx) -> Result<Option<T>, StoreError> {
        Ok(self.first(tx).await?.map(|row| row.read()).transpose()?)
    }

    /// The row that it must have.
    pub(crate) async fn row<T: Record>(self, tx: &mut Tx) -> Result<T, StoreError> {
        Ok(self.first(tx).await?.ok_or(sqlx::Error::RowNotFound)?.read()?)
    }

    /// The first column of all its rows.
    pub(crate) async fn values<T>(self, tx: &mut Tx) -> Result<Vec<T>, StoreError>
    where
        (T,): Record,
    {
        Ok(self.all(tx).await?.read::<(T,)>()?.into_iter().map(|(value,)| value).collect())
    }

    /// The first column of its first row.
    pub(crate) async fn value_if_any<T>(self, tx: &mut Tx) -> Result<Option<T>, StoreError>
    where
        (T,): Record,
    {
        Ok(self.row_if_any::<(T,)>(tx).await?.map(|(value,)| value))
    }

    /// The first column of the row that it must have.
    pub(crate) async fn value<T>(self, tx: &mut Tx) -> Result<T, StoreError>
    where
        (T,): Record,
    {
        Ok(self.row::<(T,)>(tx).await?.0)
    }

    async fn all(self, tx: &mut Tx) -> Result<Rows, StoreError> {
        Ok(match tx.engine() {
            TxOn::Sqlite(tx) => {
                let (sql, values) = self.split::<SqliteArguments>()?;
                Rows::Sqlite(sqlx::query_with(sql, values).fetch_all(&mut **tx).await?)
            }
            TxOn::Postgres(tx) => {
                let (sql, values) = self.split::<PgArguments>()?;
                Rows::Postgres(sqlx::query_with(sql, values).fetch_all(&mut **tx).await?)
            }
        })
    }

    async fn first(self, tx: &mut Tx) -> Result<Option<Row>, StoreError> {
        Ok(match tx.engine() {
            TxOn::Sqlite(tx) => {
                let (sql, values) = self.split::<SqliteArguments>()?;
                let row = sqlx::query_with(sql, values).fetch_optional(&mut **tx).await?;
                row.map(Row::Sqlite)
            }
            TxOn::Postgres(tx) => {
                let (sql, values) = self.split::<PgArguments>()?;
                let row = sqlx::query_with(sql, values).fetch_optional(&mut **tx).await?;
                row.map(Row::Postgres)
            }
        })
    }

    fn split<A: Arguments>(self) -> Result<(SqlStr, A), sqlx::Error>
    where
        Option<Cow<'q, str>>: Encode<'q, A::Database> + Type<A::Database>,
        Option<Cow<'q, [u8]>>: Encode<'q, A::Database> + Type<A::Database>,
        Option<i64>: Encode<'q, A::Database> + Type<A::Database>,
        bool: Encode<'q, A::Database> + Type<A::Database>,
    {
        let mut arguments = A::default();
        for value in self.values {
            match value {
                Value::Text(text) => arguments.add(text),
                Value::Integer(number) => arguments.add(number),
                Value::Bytes(bytes) => arguments.add(bytes),
                Value::Flag(flag) => arguments.add(flag),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        let sql = match self.sql {
            Cow::Borrowed(sql) => sql.into_sql_str(),
            Cow::Owned(sql) => AssertSqlSafe(sql).into_sql_str(),
        };
        Ok((sql, arguments))
    }
}

/// The places of a list in a statement, with commas between them.
#[derive(Debug)]
pub(crate) struct Places<'s, 'q> {
    statement: &'s mut Statement<'q>,
    is_first: bool,
}

impl<'q> Places<'_, 'q> {
    fn separate(&mut self) -> &mut Statement<'q> {
        if !std::mem::take(&mut self.is_first) {
            self.statement.push(", ");
        }
        self.statement
    }

    /// The next place holds this value.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        self.separate().push_bind(value);
        self
    }

    /// The next place holds this expression.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.separate().push(sql);
        self
    }
}

impl Rows {
    fn read<T: Record>(&self) -> Result<Vec<T>, sqlx::Error> {
        match self {
            Self::Sqlite(rows) => rows.iter().map(T::from_row).collect(),
            Self::Postgres(rows) => rows.iter().map(T::from_row).collect(),
        }
    }
}

impl Row {
    fn read<T: Record>(&self) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => T::from_row(row),
            Self::Postgres(row) => T::from_row(row),
        }
    }
}

/// What may be bound, borrowed or not, absent or not.
macro_rules! values {
    ($($kind:ident: $($from:ty => |$value:ident| $into:expr),+;)+) => {$($(
        impl<'q> From<$from> for Value<'q> {
            fn from($value: $from) -> Self {
                Self::$kind(Some($into))
            }
        }
        impl<'q> From<Option<$from>> for Value<'q> {
            fn from(value: Option<$from>) -> Self {
                Self::$kind(value.map(|$value| $into))
            }
        }
    )+)+};
}

values! {
    Text: String => |text| Cow::Owned(text), &'q str => |text| Cow::Borrowed(text),
        &'q String => |text| Cow::Borrowed(text.as_str());
    Integer: i64 => |number| number, i32 => |number| i64::from(number), u32 => |number| i64::from(number);
    Bytes: Vec<u8> => |bytes| Cow::Owned(bytes), &'q [u8] => |bytes| Cow::Borrowed(bytes),
        &'q Vec<u8> => |bytes| Cow::Borrowed(bytes.as_slice());
}

impl<'q> From<&'q Option<String>> for Value<'q> {
    fn from(text: &'q Option<String>) -> Self {
        text.as_deref().into()
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
