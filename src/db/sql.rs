//! Hand-written SQL that is prepared once per connection.
//!
//! Diesel's `sql_query` is parsed and planned anew at each call. The statements of a checkout are set-based and their
//! text never changes, so they use this type instead: the text is the key of the cache.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Untyped};

use super::{Failure, clock, watch};

/// A statement with binds for its `$1`, `$2`, …. Its rows are loaded by the names of their columns, or, after
/// [`Sql::columns`], as tuples.
#[must_use]
pub struct Sql<'a, ST = Untyped> {
    text: &'static str,
    binds: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
    /// The seconds that are added to the clock; 0 in production.
    offset: i64,
    columns: PhantomData<ST>,
}

/// Starts a statement. Its text must be the same at every call; bind all values that change. `$now` stands for the
/// database's clock at the moment when the statement arrives there.
pub fn sql<'a>(text: &'static str) -> Sql<'a> {
    Sql { text, binds: Vec::new(), offset: clock::offset(), columns: PhantomData }
}

/// Fails unless a statement changed as many rows as it should have. `changed` is the end of the error message: "holds
/// were ended".
pub fn expect_rows(rows: usize, expected: usize, changed: &str) -> Result<(), Failure> {
    if rows == expected { Ok(()) } else { Err(Failure::Internal(format!("{rows} of {expected} {changed}"))) }
}

/// A count as BIGINT.
pub fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl<'a, ST> Sql<'a, ST> {
    /// Gives the columns types, for rows of a few columns that need no names.
    pub fn columns<Columns>(self) -> Sql<'a, Columns> {
        Sql { text: self.text, binds: self.binds, offset: self.offset, columns: PhantomData }
    }

    /// Binds the value of the next placeholder.
    pub fn bind<T, V>(mut self, value: V) -> Self
    where
        V: ToSql<T, Pg> + Send + 'a,
        T: Send + 'a,
        Pg: HasSqlType<T>,
    {
        self.binds.push(Box::new(Bind { value, sql_type: PhantomData::<T> }));
        self
    }
}

impl<ST> Sql<'_, ST> {
    /// The time at which the statement arrives. It stays the same within the statement, so that an index can be used with
    /// it.
    fn push_now<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.offset == 0 {
            out.push_sql("statement_timestamp()");
            return Ok(());
        }
        out.push_sql("(statement_timestamp() + ");
        out.push_bind_param::<BigInt, _>(&self.offset)?;
        out.push_sql(" * interval '1 second')");
        Ok(())
    }
}

struct Bind<ST, V> {
    value: V,
    sql_type: PhantomData<ST>,
}

impl<ST, V> QueryFragment<Pg> for Bind<ST, V>
where
    Pg: HasSqlType<ST>,
    V: ToSql<ST, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<ST, V>(&self.value)
    }
}

impl<ST> QueryFragment<Pg> for Sql<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if watch::is_abandoned() {
            let why = "the work of this thread was abandoned";
            return Err(diesel::result::Error::QueryBuilderError(why.into()));
        }
        let mut parts = self.text.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            if let Some(rest) = part.strip_prefix("now") {
                self.push_now(&mut out)?;
                out.push_sql(rest);
                continue;
            }
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let bind = number.parse::<usize>().ok().and_then(|n| self.binds.get(n.checked_sub(1)?));
            let Some(bind) = bind else {
                return Err(diesel::result::Error::QueryBuilderError(
                    format!("no value bound for ${number} in: {}", self.text).into(),
                ));
            };
            bind.walk_ast(out.reborrow())?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

impl<ST> QueryId for Sql<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Sql<'_, ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Sql<'_, ST> {}
