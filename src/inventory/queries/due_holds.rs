//! The SQL by which jobs discover holds that are to be ended, and measure them. The DSL knows neither `$now` nor
//! LATERAL.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::db;
use crate::inventory::hold::{Holder, HolderKind};
use crate::kernel::id::StoreId;

/// Holders with holds past their deadline, in one store or in all, the longest overdue first. Takes no lock: the
/// holders are checked again, store by store.
pub fn discover_due(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, Holder)>> {
    let due: Vec<(StoreId, HolderKind, i64)> = db::sql(match store {
        Some(_) => {
            "SELECT store_id, holder_kind, holder_id FROM stock_holds \
             WHERE store_id = $1 AND state = 'active' AND expires_at <= $now \
             GROUP BY store_id, holder_kind, holder_id ORDER BY MIN(expires_at), holder_kind, holder_id LIMIT $2"
        }
        None => {
            "SELECT store_id, holder_kind, holder_id FROM stock_holds WHERE state = 'active' AND expires_at <= $now \
             GROUP BY store_id, holder_kind, holder_id ORDER BY MIN(expires_at), store_id, holder_kind, holder_id \
             LIMIT $2"
        }
    })
    .bind::<Nullable<BigInt>, _>(store)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt, Text, BigInt)>()
    .load(conn)?;
    Ok(due.into_iter().map(|(store, kind, id)| (store, Holder::new(kind, id))).collect())
}

/// The stores that turned cart holds off and still have active cart holds: among all stores, or only this one. Takes no
/// lock.
pub fn discover_unwanted(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    db::sql(match store {
        Some(_) => {
            "SELECT id FROM stores WHERE id = $1 AND NOT hold_cart_items AND EXISTS ( \
                 SELECT FROM stock_holds WHERE store_id = $1 AND holder_kind = 'cart' AND state = 'active')"
        }
        None => {
            "SELECT s.id FROM stores s CROSS JOIN LATERAL ( \
                 SELECT 1 FROM stock_holds WHERE store_id = s.id AND holder_kind = 'cart' AND state = 'active' LIMIT 1) h \
             WHERE NOT s.hold_cart_items ORDER BY s.id"
        }
    })
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<BigInt>()
    .load(conn)
}

macro_rules! measure {
    ($active:literal) => {
        concat!(
            "SELECT COUNT(*) AS active, COUNT(*) FILTER (WHERE expires_at <= $now) AS holds, \
                    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM $now - MIN(expires_at)), 0) * 1000)::int8 \
                    AS lag_milliseconds FROM stock_holds WHERE ",
            $active
        )
    };
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = BigInt)]
    holds: i64,
    #[diesel(sql_type = BigInt)]
    lag_milliseconds: i64,
    #[diesel(sql_type = BigInt)]
    active: i64,
}

/// The number of active holds, the number of those that are overdue, and the time by which the oldest is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub active: i64,
    pub holds: i64,
    pub lag_milliseconds: i64,
}

impl Due {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            active: self.active.saturating_add(other.active),
            holds: self.holds.saturating_add(other.holds),
            lag_milliseconds: self.lag_milliseconds.max(other.lag_milliseconds),
        }
    }
}

/// Measures the holds of one store or of all.
pub fn measure_due(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Due> {
    let row: DueRow = db::sql(match store {
        Some(_) => measure!("store_id = $1 AND state = 'active'"),
        None => measure!("state = 'active'"),
    })
    .bind::<Nullable<BigInt>, _>(store)
    .get_result(conn)?;
    Ok(Due { active: row.active, holds: row.holds, lag_milliseconds: row.lag_milliseconds })
}
