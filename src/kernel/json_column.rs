//! Types that are stored as JSON.

/// Declares a type that serde reads and writes as the type of a `jsonb` column.
macro_rules! json_column {
    ($(#[$attribute:meta])* pub struct $name:ident $($fields:tt)+) => {
        #[derive(
            Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Jsonb)]
        $(#[$attribute])*
        pub struct $name $($fields)+

        const _: () = {
            use diesel::deserialize::{self, FromSql};
            use diesel::pg::{Pg, PgValue};
            use diesel::serialize::{self, Output, ToSql};
            use diesel::sql_types::Jsonb;
            use serde_json::Value;

            impl ToSql<Jsonb, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    <Value as ToSql<Jsonb, Pg>>::to_sql(&serde_json::to_value(self)?, &mut out.reborrow())
                }
            }

            impl FromSql<Jsonb, Pg> for $name {
                fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                    Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?)?)
                }
            }
        };
    };
}

pub(crate) use json_column;
