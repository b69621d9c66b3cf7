//! The SQL of the columns by which lists find, filter and sort products.

use std::collections::HashMap;

use diesel::prelude::*;

use super::products::write_listing_keys;
use super::{codes, variants};
use crate::catalogue::listing_keys::ListingKeys;
use crate::catalogue::product::{Product, Variant};
use crate::db::schema::products;
use crate::kernel::id::{ProductId, StoreId};

/// Sets the keys of products that have none yet, and returns their number. The rows of the products are locked, so a
/// change of a product comes before or after this one.
pub fn fill(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
    let found: Vec<Product> = products::table
        .filter(products::store_id.eq(store))
        .filter(products::search_text.is_null().or(products::name_key.is_null()))
        .order(products::id)
        .limit(limit)
        .select(Product::as_select())
        .for_update()
        .load(conn)?;
    let ids: Vec<ProductId> = found.iter().map(|product| product.id).collect();
    let mut of_products: HashMap<ProductId, Vec<Variant>> = HashMap::new();
    for (product, variant) in variants::list_of_products(conn, store, &ids)? {
        of_products.entry(product).or_default().push(variant);
    }
    let further = codes::list_further_barcodes(conn, store, &ids)?;
    let keys_of = |product: &Product| {
        let further = further.iter().filter(|(of, _)| *of == product.id).map(|(_, code)| code.as_str());
        let variants = of_products.remove(&product.id).unwrap_or_default();
        (product.id, ListingKeys::new(product, &variants, &further.collect::<Vec<_>>()))
    };
    let keys: Vec<(ProductId, ListingKeys)> = found.iter().map(keys_of).collect();
    write_listing_keys(conn, store, &keys)
}
