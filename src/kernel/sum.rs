//! Sums that may exceed 64 bits.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::Pg;
use diesel::sql_types::Text;

/// A sum of many rows. PostgreSQL computes it as `numeric` and sends it as text: `SUM(amount)::text`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromSqlRow)]
pub struct Sum(pub i128);

impl FromSql<Text, Pg> for Sum {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(<String as FromSql<Text, Pg>>::from_sql(bytes)?.parse()?))
    }
}
