//! Stores, their products and customers.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use stockroom::kernel::sort_key::sort_key;
use stockroom::stores::payment_methods::PaymentMethods;

use super::copy::{copy, row};
use super::hash::{below, hash};
use super::history::{History, price};
use super::stock::MINIMUM;

/// Writes the stores, their locations, and the customers.
pub fn accounts(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let (size, at) = (&history.size, history.opened_at);
    let methods = serde_json::to_string(&PaymentMethods::default()).unwrap_or_default();
    copy!(conn, stores(id, code, name, currency, payment_methods, created_at, updated_at, name_key), |out| {
        for id in 1..=size.stores {
            row!(
                out,
                id,
                format_args!("STORE-{id}"),
                format_args!("Store {id}"),
                "INR",
                methods,
                at,
                at,
                sort_key(&format!("Store {id}"))
            );
        }
    })?;
    copy!(conn, locations(store_id, id, code, name, created_at, updated_at), |out| {
        for id in 1..=size.stores {
            row!(out, id, id, "main", "Main", at, at);
        }
    })?;
    // Quarantines come after all places, then transits. A place has the id of its store.
    copy!(conn, locations(store_id, id, code, name, kind, parent_id, created_at, updated_at), |out| {
        for (number, kind) in (1..).zip(["quarantine", "transit"]) {
            for id in 1..=size.stores {
                row!(out, id, number * size.stores + id, format_args!("{id}:{kind}"), kind, kind, id, at, at);
            }
        }
    })?;
    copy!(conn, users(id, email, password_hash, role, permissions, created_at, updated_at, search_text), |out| {
        for id in 1..=size.customers() {
            let email = format!("history-{id}@example.com");
            row!(out, id, email, "-", "customer", "[]", at, at, email);
        }
    })?;
    Ok(())
}

/// Writes the products, their variants, and the audit of their creation.
pub fn products(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let (size, at) = (&history.size, history.opened_at);
    copy!(
        conn,
        products(
            store_id,
            id,
            sku,
            name,
            description,
            category,
            brand,
            price,
            mrp,
            cost_price,
            unit,
            has_sizes,
            status,
            min_stock_level,
            created_at,
            updated_at,
            name_key,
            search_text
        ),
        |out| {
            for id in 1..=size.products {
                let (price, kind) = (price(id), hash([id, 10, 0]));
                let (category, brand) = (below(kind, 20), below(kind, 50));
                row!(
                    out,
                    size.store_of(id),
                    id,
                    format_args!("sku-{id}"),
                    format_args!("Product {id}"),
                    format_args!("What product {id} is good for, and how it is kept"),
                    format_args!("category-{category}"),
                    format_args!("brand-{brand}"),
                    price,
                    price + price / 10,
                    price * 7 / 10,
                    "piece",
                    false,
                    "active",
                    MINIMUM,
                    at,
                    at,
                    sort_key(&format!("Product {id}")),
                    // A line break, as COPY writes it.
                    format_args!(
                        "product {id}\\nsku-{id}\\nwhat product {id} is good for, and how it is kept\\n\
                         category-{category}\\nbrand-{brand}\\nsku-{id}"
                    )
                );
            }
        }
    )?;
    copy!(conn, variants(store_id, id, product_id, sku, created_at, updated_at), |out| {
        for id in 1..=size.products {
            row!(out, size.store_of(id), id, id, format_args!("sku-{id}"), at, at);
        }
    })?;
    copy!(conn, variant_counts(store_id, variants), |out| {
        for store in 1..=size.stores {
            row!(out, store, size.products_of(store).1);
        }
    })?;
    copy!(conn, product_codes(store_id, kind, code_key, code, product_id, variant_id), |out| {
        for id in 1..=size.products {
            let code = format!("sku-{id}");
            row!(out, size.store_of(id), "sku", code, code, id, id);
        }
    })?;
    copy!(conn, audit_log(store_id, id, entity, entity_id, action, detail, actor, created_at), |out| {
        for id in 1..=size.products {
            row!(
                out,
                size.store_of(id),
                id,
                "Product",
                id,
                "CREATE",
                format_args!("Product sku-{id} created"),
                "system",
                at
            );
        }
    })?;
    Ok(())
}

/// Sets the sequences to the next free ids.
pub fn sequences(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let size = &history.size;
    let ids = history.orders().last().map_or_else(|| history.first_ids(), |(_, ids)| ids);
    let next = [
        ("stores_id_seq", size.stores + 1),
        ("locations_id_seq", 3 * size.stores + 1),
        ("users_id_seq", size.customers() + 1),
        ("products_id_seq", size.products + 1),
        ("variants_id_seq", size.products + 1),
        ("orders_id_seq", size.orders + 1),
        ("order_items_id_seq", ids.item),
        ("shipments_id_seq", size.orders + 1),
        ("stock_holds_id_seq", ids.hold),
        ("ledger_id_seq", ids.ledger),
    ];
    for (sequence, id) in next {
        diesel::sql_query("SELECT setval($1::regclass, $2, false)")
            .bind::<Text, _>(sequence)
            .bind::<BigInt, _>(id)
            .execute(conn)?;
    }
    Ok(())
}
