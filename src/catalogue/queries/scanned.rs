//! The SQL that finds what scanned codes stand for. The codes are bound as arrays, which the DSL cannot join.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::catalogue::codes::CodeKind;
use crate::db;
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::kernel::text;

/// The product and the units that a scanned code stands for.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Scanned {
    #[diesel(sql_type = Text)]
    pub kind: CodeKind,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    /// None if the code identifies a product with all its sizes.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub variant_id: Option<VariantId>,
    /// The units of one scan: 12 for a case of 12.
    #[diesel(sql_type = BigInt)]
    pub units: i64,
}

#[derive(QueryableByName)]
struct ScannedRow {
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(embed)]
    scanned: Scanned,
}

/// Finds the products of scanned codes, in the order asked: barcodes in any spelling, else SKUs. None stands for an
/// unknown code.
pub fn resolve(conn: &mut PgConnection, store: StoreId, codes: &[&str]) -> QueryResult<Vec<Option<Scanned>>> {
    // No code has control characters, and PostgreSQL does not accept NUL.
    let known: Vec<&str> = codes.iter().map(|code| if text::has_control(code) { "" } else { code }).collect();
    let rows: Vec<ScannedRow> = db::sql(
        "SELECT n.line, c.* FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS n (barcode, sku, line) \
         CROSS JOIN LATERAL ( \
             SELECT kind, product_id, variant_id, units FROM product_codes \
             WHERE store_id = $1 AND (kind = 'barcode' AND code_key = n.barcode OR kind = 'sku' AND code_key = n.sku) \
             ORDER BY kind LIMIT 1) c",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(known.iter().map(|code| CodeKind::Barcode.key(code)).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(known.iter().map(|code| CodeKind::Sku.key(code)).collect::<Vec<_>>())
    .load(conn)?;
    let mut found = vec![None; codes.len()];
    for row in rows {
        let entry = usize::try_from(row.line).ok().and_then(|line| found.get_mut(line.checked_sub(1)?));
        if let Some(entry) = entry {
            *entry = Some(row.scanned);
        }
    }
    Ok(found)
}
